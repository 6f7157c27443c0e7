/** Every memory system that can be chosen; the first is the default. */
import type { MemorySystemEntry } from '../kit/memory-system';
import { amdSvm } from './amd-svm';
import { coherent } from './coherent';
import { copy } from './copy';
import { dax } from './dax';
import { ghAts } from './gh-ats';
import { hmm } from './hmm';
import { host } from './host';
import { ideal } from './ideal';
import { mi300a } from './mi300a';
import { nvidiaUvm } from './nvidia-uvm';
import { off } from './off';
import { tiering } from './tiering';
import { uvmsmart } from './uvmsmart';
import { xeSvm } from './xe-svm';
import { zone } from './zone';

export const memorySystems: readonly MemorySystemEntry[] = [
  ideal,
  hmm,
  coherent,
  zone,
  dax,
  copy,
  host,
  off,
  tiering,
  nvidiaUvm,
  ghAts,
  mi300a,
  uvmsmart,
  amdSvm,
  xeSvm,
];
