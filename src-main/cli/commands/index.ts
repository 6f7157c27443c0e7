import type { CommandEntry } from './command';

/** A command and the module that has it: only the one that is called is loaded. */
export interface CommandModule {
  readonly name: string;
  readonly load: () => Promise<CommandEntry>;
}

/** In the order of the help. */
export const commands: readonly CommandModule[] = [
  { name: 'run', load: async () => (await import('./run')).run },
  { name: 'import', load: async () => (await import('./import')).importFile },
  { name: 'report', load: async () => (await import('./report')).report },
  { name: 'serve', load: async () => (await import('./serve')).serve },
  { name: 'describe', load: async () => (await import('./describe')).describe },
  { name: 'knobs', load: async () => (await import('./knobs')).knobs },
  { name: 'calibrate', load: async () => (await import('./calibrate')).calibrate },
  { name: 'bench', load: async () => (await import('./bench')).bench },
  { name: 'oracle', load: async () => (await import('./oracle')).oracle },
];
