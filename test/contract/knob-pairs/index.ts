/** The pairs of every memory system that has knobs. */
import { amdSvmPairs } from './amd-svm';
import { ghAtsPairs } from './gh-ats';
import { hmmPairs } from './hmm';
import { thpPair } from './linux';
import { mi300aPairs } from './mi300a';
import { nodePairs } from './node';
import { faultPairs } from './nvidia-uvm/faults';
import { memoryPairs } from './nvidia-uvm/memory';
import { prefetchPairs } from './nvidia-uvm/prefetch';
import { thrashingPairs } from './nvidia-uvm/thrashing';
import type { KnobPair } from './pair';
import { tieringPairs } from './tiering';
import { uvmsmartPairs } from './uvmsmart';
import { xeSvmPairs } from './xe-svm';

export const knobPairs: Readonly<Partial<Record<string, readonly KnobPair[]>>> = {
  hmm: hmmPairs,
  coherent: nodePairs('coherent'),
  zone: nodePairs('zone'),
  dax: [thpPair('dax')],
  copy: [thpPair('copy')],
  host: [thpPair('host')],
  off: [thpPair('off')],
  tiering: tieringPairs,
  'nvidia-uvm': [...prefetchPairs, ...thrashingPairs, ...faultPairs, ...memoryPairs],
  'gh-ats': ghAtsPairs,
  mi300a: mi300aPairs,
  uvmsmart: uvmsmartPairs,
  'amd-svm': amdSvmPairs,
  'xe-svm': xeSvmPairs,
};
