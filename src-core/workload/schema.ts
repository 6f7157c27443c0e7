/**
 * The workload language, version 1, as one zod schema: the shape of the file, published as JSON Schema. What needs more
 * than one key to judge (does the range fit the object, do the lanes match) is checked in resolve*.ts. Every message is
 * made here, because the file's author reads it.
 */
import { z } from 'zod';
import { MAPPINGS } from '../model/os-action';
import { POLICY_KINDS } from '../model/scenario';
import { MAX_ABOUT_LENGTH, MAX_BRANCHES, MAX_DRAWS, MAX_REPEAT } from './limits';
import { osSchema } from './schema-os';
import { expected, listOf, objectName, oneOf, pair, rangeShape, section, size, whole, word } from './schema-parts';

const objectSchema = section('an object such as { size: 32MiB, element: f64 }', {
  size: size
    .optional()
    .meta({ description: 'Size with unit, such as 32MiB. Or give `elements`.', examples: ['32MiB'] }),
  elements: whole(1, 2 ** 47)
    .optional()
    .meta({ description: 'Number of elements, instead of `size`.' }),
  element: z
    .string(expected('an element type (i8 … i64, u8 … u64, f32, f64) or a size such as "128B"'))
    .default('f64')
    .meta({ description: 'i8 i16 i32 i64 u8 u16 u32 u64 f32 f64, or a size such as 128B. One access per element.' }),
  layout: oneOf(['array', 'matrix', 'list', 'tree', 'table'])
    .default('array')
    .meta({ description: 'Data structure; matrix adds rows and columns (row-major).' }),
  rows: whole(1, 2 ** 47)
    .optional()
    .meta({ description: 'matrix: number of rows.' }),
  columns: whole(1, 2 ** 47)
    .optional()
    .meta({ description: 'matrix: elements of one row.' }),
  planes: whole(1, 2 ** 47)
    .optional()
    .meta({ description: 'matrix: planes of a 3-D grid; default 1.' }),
  initially: oneOf(['unpopulated', 'host'])
    .default('unpopulated')
    .meta({ description: 'host: resident on the host before the first access, without faults.' }),
  map: oneOf(MAPPINGS).optional().meta({ description: 'Kind of mapping. Default anon: memory from malloc.' }),
  advice: oneOf(['hugepage', 'nohugepage'])
    .optional()
    .meta({ description: 'madvise of the whole object before the run.' }),
}).meta({ title: 'object' });

const direction = oneOf(['forward', 'reverse', 'alternate'])
  .optional()
  .meta({ description: 'alternate: forward on odd iterations of the phase, reverse on even ones. Default forward.' });

/** Keys of an access to one object; which of them go together is checked in resolve-access.ts. */
const accessShape = {
  read: objectName.optional().meta({ description: 'Name of the object that is read.' }),
  write: objectName.optional().meta({ description: 'Name of the object that is written.' }),
  readwrite: objectName.optional().meta({ description: 'One access that reads and then writes the element.' }),
  atomic: objectName.optional().meta({ description: 'One atomic read-modify-write of the element.' }),
  pattern: oneOf(['sequential', 'reverse', 'strided', 'random', 'zipf', 'chase'])
    .optional()
    .meta({ description: 'Order of the elements. Default sequential.' }),
  direction,
  stride: whole(1, 2 ** 47)
    .optional()
    .meta({ description: 'strided: every n-th element, once.' }),
  count: whole(1, MAX_DRAWS)
    .optional()
    .meta({ description: 'random, zipf: number of accesses; in lock step, the same number as the others.' }),
  index: word('a name for the drawn element')
    .optional()
    .meta({ description: 'random, in lock step: accesses with the same name draw the same element number.' }),
  s: z
    .number(expected('the Zipf exponent, a number from 0 to 8'))
    .min(0, expected('the Zipf exponent, a number from 0 to 8'))
    .max(8, expected('the Zipf exponent, a number from 0 to 8'))
    .optional()
    .meta({ description: 'zipf: exponent; rank r has weight 1/r^s. Default 1.' }),
  placement: oneOf(['hashed', 'sorted'])
    .optional()
    .meta({ description: 'zipf: hashed = element is a random permutation of rank; sorted = element is rank.' }),
  passes: whole(1, MAX_REPEAT).optional().meta({ description: 'chase: number of passes over the cycle.' }),
  ...rangeShape,
  element: z
    .string(expected('an element type (i8 … f64) or a size such as "16B"'))
    .optional()
    .meta({ description: 'Access width, instead of the element size of the object; the stride counts in this width.' }),
};
const laneSchema = section('an access such as { read: u }', accessShape).meta({ title: 'access' });

const stencilSchema = section('a stencil such as { read: u, write: unew, points: 5 }', {
  read: objectName.meta({ description: 'Object whose neighbours are read.' }),
  write: objectName.meta({ description: 'Object with equal numbers of elements; every element is written.' }),
  points: z
    .literal([3, 5, 7, 9], expected('3 (1-D), 5 or 9 (2-D) or 7 (3-D)'))
    .meta({ description: '3 (1-D), 5 or 9 (2-D), 7 (3-D).' }),
  also: listOf(laneSchema, 'a list of accesses such as [ { write: r } ]')
    .optional()
    .meta({ description: 'Further accesses in lock step, one per element.' }),
}).meta({ title: 'stencil' });

const extent = () => whole(1, 2 ** 31).optional();
const gemmSchema = section('a matrix product such as { a: A, b: B, c: C, n: 4096, tile: 256 }', {
  a: objectName.meta({ description: 'Left factor, m × k.' }),
  b: objectName.meta({ description: 'Right factor, k × n.' }),
  c: objectName.meta({ description: 'Result, m × n.' }),
  m: extent().meta({ description: 'Rows of A and C; n unless given.' }),
  n: whole(1, 2 ** 31).meta({ description: 'Columns of B and C.' }),
  k: extent().meta({ description: 'Columns of A, rows of B; n unless given.' }),
  tile: whole(1, 2 ** 31)
    .default(64)
    .meta({ description: 'Edge of a square tile, in elements.' }),
  beta: z
    .number(expected('a number'))
    .default(0)
    .meta({ description: '0: C is written and never read; otherwise each element of C is one read-write.' }),
}).meta({ title: 'gemm' });

const loopSchema = section('an access, "together", "stencil" or "gemm", such as { read: u }', {
  ...accessShape,
  together: listOf(laneSchema, 'a list of accesses such as [ { read: a }, { write: b } ]')
    .optional()
    .meta({ description: 'Accesses in lock step: for every element, one access of each.' }),
  stencil: stencilSchema.optional(),
  gemm: gemmSchema.optional(),
}).meta({ title: 'loop' });

const stepShape = {
  on: word('cpu, gpu or gpu0 … gpu5').optional().meta({ description: 'Processor: cpu, gpu (= gpu0), gpu0 … gpu5.' }),
  name: word('a name').optional().meta({ description: 'Kernel or function name; default <phase>.<number>.' }),
  iterations: section('a choice of iterations such as { from: 2, to: 10, every: 5 }', {
    from: whole(1, MAX_REPEAT).optional(),
    to: whole(1, MAX_REPEAT).optional(),
    every: whole(1, MAX_REPEAT).optional(),
  })
    .optional()
    .meta({
      description:
        'Iterations of the phase (from 1) on which the step runs: from, from + every … to. `every: 5` alone is 5, 10, 15 …',
    }),
  repeat: whole(1, MAX_REPEAT).optional().meta({ description: 'Runs of the step one after another; default 1.' }),
  process: word('the name of a process').optional().meta({ description: 'Process that runs the step; default main.' }),
  do: listOf(loopSchema, 'a list of loops such as [ { read: u } ]')
    .optional()
    .meta({ description: 'Loops, one after another.' }),
};
const branchSchema = section('a step such as { on: gpu0, do: [ { read: u } ] }', {
  ...stepShape,
  os: z
    .never({ error: () => 'is not allowed in concurrently; make it a step before or after' })
    .optional()
    .meta({ description: 'Not here: a call is a step of its own.' }),
}).meta({ title: 'branch' });
const stepSchema = section('a step such as { on: gpu0, do: [ { read: u } ] }, a swap, an os or a concurrently', {
  ...stepShape,
  os: osSchema
    .optional()
    .meta({ description: 'A call to the operating system. A step of its own; Allows `process` and `iterations`.' }),
  swap: pair(objectName, 'two names of objects, such as [u, unew]')
    .optional()
    .meta({ description: 'The two names exchange their storage from this step on. A step of its own; costs nothing.' }),
  concurrently: section('steps that run at the same time: { steps: [ … ] }', {
    quantum: whole(1, MAX_REPEAT)
      .default(4096)
      .meta({ description: 'Number of accesses taken from each step in turn.' }),
    steps: listOf(branchSchema, 'a list of steps', MAX_BRANCHES),
  }).optional(),
}).meta({ title: 'step' });

const policyShape = Object.fromEntries(
  POLICY_KINDS.map((kind) => [
    kind,
    z
      .union(
        [
          word('a policy id'),
          z.object({ id: word('a policy id') }).catchall(z.union([z.number(), z.string(), z.boolean()])),
        ],
        expected('a policy id such as "none", or { id: tree, threshold: 75 }'),
      )
      .optional(),
  ]),
);
const system = 'a memory system such as "hmm", or { id: hmm, parameters … }';
const limit = z.number(expected('a number')).optional();

export const workloadSchema = section('a workload that starts with "faultline: 1"', {
  faultline: z.literal(1, expected('1, the version of the workload language')),
  name: word('a name').meta({ description: 'Title of the workload.' }),
  about: z
    .string(expected('a sentence or two'))
    .max(MAX_ABOUT_LENGTH, expected(`at most ${MAX_ABOUT_LENGTH} characters`))
    .default('')
    .meta({ description: 'What the workload shows, in one or two sentences.' }),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1).meta({ description: 'Seed of all random values.' }),
  machine: word('the id of a machine, such as r0').optional().meta({ description: 'Machine preset to run on.' }),
  deviceMemory: size.optional().meta({ description: 'Memory of each device, such as 256MiB.' }),
  granularity: size.optional().meta({ description: 'Unit of residency and migration: 4KiB, 64KiB or 2MiB.' }),
  policies: section('policies such as { eviction: access-lru }', policyShape)
    .optional()
    .meta({ description: 'Policies at the start: an id, or { id, parameters … }.' }),
  system: z
    .union(
      [
        word('a memory system'),
        z.object({ id: word('a memory system') }).catchall(z.union([z.number(), z.string(), z.boolean()])),
      ],
      expected(system),
    )
    .optional()
    .meta({ description: 'Memory system to run on: an id, or { id, parameters … }. Default ideal.' }),
  usefulBytes: z
    .boolean(expected('true or false'))
    .optional()
    .meta({ description: 'Record which bytes of a transfer were touched; false is faster.' }),
  objects: z
    .record(z.string(), objectSchema, expected('objects by name, such as { u: { size: 32MiB } }'))
    .meta({ description: 'The memory, in address order; each object starts on a 2 MiB boundary.' }),
  phases: listOf(
    section('a phase such as { name: iterate, steps: [ … ] }', {
      name: word('a name').meta({ description: 'Unique name of the phase.' }),
      repeat: whole(1, MAX_REPEAT).default(1).meta({ description: 'Iterations.' }),
      steps: listOf(stepSchema, 'a list of steps').meta({ description: 'Run one after another in every iteration.' }),
    }).meta({ title: 'phase' }),
    'a list of phases',
  ),
  changes: z.array(word('a change such as "3ms:prefetch=none"'), expected('a list of changes')).optional().meta({
    description:
      'Changes during the run, of a policy or of parameters of the memory system (KIND system): MOMENT:KIND=ID[,PARAM=VALUE…]',
  }),
  expect: z
    .record(
      z.string(),
      z.union([z.number(), z.strictObject({ min: limit, max: limit })], expected('a number, or { min, max }')),
      expected('values by name, such as { gpuFaults: 52224 }'),
    )
    .default({})
    .meta({
      description: 'Totals (gpuFaults) or object fields (objects.r.pingPongs) that the run must reach exactly.',
    }),
}).meta({ title: 'Faultline workload, version 1' });

export type WorkloadData = z.infer<typeof workloadSchema>;
export type ObjectData = WorkloadData['objects'][string];
export type PhaseData = WorkloadData['phases'][number];
export type StepData = PhaseData['steps'][number];
export type BranchData = z.infer<typeof branchSchema>;
export type LoopData = z.infer<typeof loopSchema>;
export type AccessData = z.infer<typeof laneSchema>;
export type StencilData = z.infer<typeof stencilSchema>;
export type GemmData = z.infer<typeof gemmSchema>;

/** JSON Schema (draft 2020-12) of a workload file, for editors and for the reference. */
export const workloadJsonSchema = (): unknown => z.toJSONSchema(workloadSchema, { io: 'input' });
