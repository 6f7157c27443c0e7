/** Configuration files of a real machine that set knobs. */
import type { Finding } from './finding';
import type { KnobValue } from './knob';

export const KNOB_FILE_FORMATS = ['modprobe', 'sysctl', 'tmpfiles', 'cmdline'] as const;
export type KnobFileFormat = (typeof KNOB_FILE_FORMATS)[number];

export interface KnobFile {
  readonly format: KnobFileFormat;
  readonly title: string;
  /** Where it belongs on the real machine. */
  readonly path: string;
  readonly text: string;
  /** Knobs that it sets, by their own names. */
  readonly holds: readonly string[];
}

/** A value that no file can hold. */
export interface KnobLeft {
  readonly name: string;
  readonly value: KnobValue;
  readonly why: string;
}

export interface KnobText {
  /** For messages, and to guess the format where none is named. */
  readonly name: string;
  readonly text: string;
  readonly format?: KnobFileFormat;
}

/** What a file sets and a memory system does not know. */
export interface UnmatchedKnob {
  /** As the file spells it, with its module. */
  readonly name: string;
  /** null: a name alone. */
  readonly text: string | null;
  readonly place: NonNullable<Finding['place']>;
}
