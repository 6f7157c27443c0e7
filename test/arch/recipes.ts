/** One extension of each kind, as an author would add it: new files, and the lines that an existing file gets. */

export interface Recipe {
  /** New files by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The one existing file that is edited, the import that it gets, and the entry of its list. */
  readonly registry: string;
  readonly from: string;
  readonly name: string;
}

const readme = `# scratch

## Source

A system that exists in a test only.

## One fault

\`\`\`
1
2
3
4
5
6
\`\`\`

## Not modelled

Everything that the ideal system leaves out.
`;

export const recipes: Readonly<Record<string, Recipe>> = {
  'a memory system': {
    files: {
      'src-core/systems/scratch/README.md': readme,
      'src-core/systems/scratch/index.ts': `import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { integer } from '../../contracts/params';
import type { MemoryKit } from '../../kit/memory-system';
import { IdealMemory } from '../ideal/mechanics/memory';

export const scratch = defineSystem({
  id: 'scratch',
  uses: ['ideal'],
  letter: '',
  title: 'Scratch',
  summary: 'The ideal system on larger granules.',
  source: 'a test',
  params: z.object({
    factor: integer({ title: 'Factor', help: 'Granules of the run in one of ours.', unit: '', min: 1, max: 8, initial: 2 }),
  }),
  create(params, machine, kit: MemoryKit) {
    return new IdealMemory({ ...kit, machine, granuleBytes: kit.granuleBytes * params.factor });
  },
});
`,
    },
    registry: 'src-core/systems/index.ts',
    from: './scratch',
    name: 'scratch',
  },
  'a policy': {
    files: {
      'src-core/policies/prefetch/scratch.ts': `import { z } from 'zod';
import { definePolicy } from '../../contracts/policy';

export const scratch = definePolicy({
  kind: 'prefetch',
  id: 'scratch',
  title: 'Scratch',
  summary: 'Brings nothing along.',
  source: 'a test',
  params: z.object({}),
  create: () => ({}),
});
`,
    },
    registry: 'src-core/policies/index.ts',
    from: './prefetch/scratch',
    name: 'scratch',
  },
  'an importer': {
    files: {
      'src-core/importers/scratch.ts': `import { z } from 'zod';
import type { Importer } from '../contracts/importer';
import { Refusal } from '../model/refusal';

export const scratch: Importer = {
  id: 'scratch',
  title: 'Scratch',
  summary: 'A format that nothing is in.',
  extensions: ['scratch'],
  auxiliary: [],
  options: z.object({}),
  sniff: () => 0,
  prepare: () => Promise.reject(new Refusal('there is nothing to load')),
};
`,
    },
    registry: 'src-core/importers/index.ts',
    from: './scratch',
    name: 'scratch',
  },
  'a machine preset': {
    files: {
      'src-core/presets/machines/scratch.ts': `import type { MachineSpec } from '../../model/machine';
import { h200 } from './h200';

export const scratch: MachineSpec = { ...h200, id: 'scratch', title: 'Scratch', summary: 'An H200 by another name.' };
`,
    },
    registry: 'src-core/presets/index.ts',
    from: './machines/scratch',
    name: 'scratch',
  },
  'a panel': {
    files: {
      'src-renderer/panels/scratch/ScratchPanel.vue': `<script setup lang="ts">
/** A panel that shows one word. */
</script>

<template>
  <p>scratch</p>
</template>
`,
      'src-renderer/panels/scratch/index.ts': `import type { PanelDefinition } from '../contract';
import ScratchPanel from './ScratchPanel.vue';

export const scratchPanel: PanelDefinition = { id: 'scratch', title: 'Scratch', slot: 'side', component: ScratchPanel };
`,
    },
    registry: 'src-renderer/panels/index.ts',
    from: './scratch',
    name: 'scratchPanel',
  },
  'a report section': {
    files: {
      'src-core/reports/sections/scratch.ts': `import type { ReportSection } from '../../contracts/report';

/** Nothing, under a heading. */
export const scratch: ReportSection = { id: 'scratch', title: 'Scratch', build: () => [] };
`,
    },
    registry: 'src-core/reports/sections/index.ts',
    from: './scratch',
    name: 'scratch',
  },
};
