// The only place where layering is written. `npm run check` runs dependency-cruiser with it; README tables are tested
// against it. Read a row as "this folder may import those folders"; base and model are added for everyone but sim.
const { existsSync, readFileSync, readdirSync } = require('node:fs');

/** What a memory system may import, besides the systems that its index names in `uses`. */
const forSystems = ['contracts', 'sim', 'hardware', 'kernel', 'kit', 'kit/linux'];
const systemIds = existsSync('src-core/systems')
  ? readdirSync('src-core/systems', { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
  : [];
/** One system imports another only where its index declares it: `uses: ['coherent']`. */
const declared = (id) => {
  const index = `src-core/systems/${id}/index.ts`;
  const list = existsSync(index) ? /^ {2}uses: \[([^\]]*)\]/m.exec(readFileSync(index, 'utf8')) : null;
  return [...(list?.[1] ?? '').matchAll(/'([^']+)'/g)].map((match) => `systems/${match[1]}`);
};

const flow = {
  base: [],
  model: ['base'],
  contracts: ['base', 'model'],
  sim: ['base'],
  policies: ['contracts'],
  importers: ['contracts'],
  presets: ['contracts'],
  workload: ['contracts'],
  hardware: ['contracts', 'sim'],
  kernel: [],
  kit: ['contracts', 'sim', 'hardware'],
  'kit/linux': ['contracts', 'sim', 'hardware', 'kernel', 'kit'],
  ...Object.fromEntries(systemIds.map((id) => [`systems/${id}`, [...forSystems, ...declared(id)]])),
  systems: [...forSystems, ...systemIds.map((id) => `systems/${id}`)],
  record: ['model'],
  engine: ['contracts', 'kit', 'hardware', 'sim', 'record'],
  timeline: ['record'],
  analysis: ['timeline', 'record'],
  reports: ['contracts', 'analysis', 'timeline'],
  exporters: ['contracts', 'timeline', 'record'],
  protocol: ['model'],
  session: ['*'],
};

/** Platform-free npm packages, each with the core folders that may import it (STYLE rule 2). */
const packagesOfCore = {
  zod: [
    ...['contracts', 'policies', 'importers', 'workload', 'model', 'presets', 'protocol', 'session'],
    ...systemIds.map((id) => `systems/${id}`),
  ],
  yaml: ['workload'],
  'apache-arrow': ['record'],
  echarts: ['reports'],
};

// DEBT: exceptions, each { from, to, reason, owner }. The list may only shrink; layers.test.ts holds the count.
const exceptions = [];

const core = (folder) => `src-core/${folder}`;
const alone = ['base', 'model', 'sim'];
const may = Object.fromEntries(
  Object.entries(flow).map(([folder, to]) => {
    if (to.includes('*')) return [core(folder), ['src-core']];
    const basics = alone.includes(folder) ? [] : ['base', 'model'];
    return [core(folder), [...new Set([...to, ...basics])].map(core)];
  }),
);
Object.assign(may, {
  'src-renderer/client': ['base', 'model', 'protocol'].map(core),
  'src-renderer': ['src-renderer', 'src-renderer/client', ...['base', 'model', 'protocol'].map(core)],
  'src-main': ['src-main', ...['base', 'model', 'contracts', 'protocol', 'session'].map(core)],
});

const places = Object.keys(may);
/** Files of a place, less those of a place inside it that has a row of its own. */
const at = (place) => {
  const inner = places
    .filter((other) => other.startsWith(`${place}/`))
    .map((other) => `${other.slice(place.length + 1)}/`);
  return inner.length > 0 ? `^${place}/(?!${inner.join('|')})` : `^${place}/`;
};
const inPackages = (names) => `(^|/)node_modules/(${names.join('|')})/`;
const excused = (from) =>
  exceptions.filter((entry) => entry.from.startsWith(`${from}/`)).map((entry) => `^${entry.to}$`);

/** A page is mapped by an address space, which belongs to a kernel, which holds pages: one body of types in several files. */
const mutual = 'src-core/kernel/';

const layerRules = Object.entries(may).map(([from, to]) => ({
  name: `layer ${from}`,
  comment: `${from} may import only: ${to.join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: at(from) },
  to: {
    path: '^src-',
    pathNot: [...[from, ...to].map((place) => (place === 'src-core' ? '^src-core/' : at(place))), ...excused(from)],
  },
}));

const packageRules = Object.keys(flow).map((folder) => {
  const allowed = Object.entries(packagesOfCore)
    .filter(([, folders]) => folders.includes(folder))
    .map(([name]) => name);
  return {
    name: `packages of ${core(folder)}`,
    comment: `${core(folder)} may import only these packages: ${allowed.join(', ') || 'none'}; core needs no platform`,
    severity: 'error',
    from: { path: at(core(folder)) },
    to: { pathNot: ['^src-', ...(allowed.length > 0 ? [inPackages(allowed)] : [])] },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
const configuration = {
  forbidden: [
    ...layerRules,
    ...packageRules,
    {
      name: 'no node in the renderer',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no electron outside app and preload',
      comment: 'The CLI, the server and the engine host run on plain Node.',
      severity: 'error',
      from: { path: '^src-', pathNot: '^src-main/(app|preload)/' },
      to: { path: inPackages(['electron']) },
    },
    {
      name: 'product does not import tests',
      severity: 'error',
      from: { path: '^src-' },
      to: { path: '^test/' },
    },
    {
      name: 'every file has a layer',
      severity: 'error',
      from: { path: '^src-', pathNot: places.map(at) },
      to: {},
    },
    {
      name: 'imports resolve',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(electron|vite)' },
    },
    {
      name: 'no cycles',
      severity: 'error',
      from: { pathNot: `^${mutual}` },
      to: { circular: true },
    },
    {
      name: 'no cycles at run time',
      comment: 'the data types of the Linux model name each other, as in mm_types.h; its code may not',
      severity: 'error',
      from: { path: `^${mutual}` },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src-.*\\.d\\.ts$' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};

module.exports = configuration;
// Not enumerable, since dependency-cruiser refuses keys that it does not know; for test/arch/layers.test.ts.
Object.defineProperties(module.exports, {
  flow: { value: flow },
  packagesOfCore: { value: packagesOfCore },
  exceptions: { value: exceptions },
});
