/** From a target to something that can be run or looked at: the one place that knows every kind of file. */
import type { AccessSource } from '../contracts/access-stream';
import type { ByteSource } from '../model/byte-source';
import type { Platform } from '../contracts/platform';
import { rereadReport } from '../exporters/html';
import { importers, pickImporter, readHead } from '../importers';
import { FORMAT_VERSION } from '../model/events';
import type { Finding } from '../model/finding';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import type { OpenTarget } from '../model/target';
import { parseMachineFile } from '../presets';
import { saysCalibration } from '../presets/calibration';
import type { RunOptions } from '../protocol/parameters';
import { looksLikeRecording, openRecording, type OpenRecording } from '../record/arrow-reader';
import type { PolicyChange } from '../model/scenario';
import { compileWorkload, loadWorkload, placeInWorkload, type Workload } from '../workload';
import { suggest } from '../workload/nearest';
import { formatChange } from './run-flags';
import {
  checkSpace,
  checkSystemSpace,
  DEFAULT_MACHINE,
  findMachine,
  resolveScenario,
  type FileWishes,
} from './scenario';
import { ENGINE_VERSION } from './version';
import { withCurrentIds } from './systems';

/** Workload files, machine files and HTML reports are read whole; nothing larger is one of these. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

export interface Runnable {
  readonly kind: 'runnable';
  readonly header: RecordingHeader;
  readonly source: AccessSource;
  readonly expect: Workload['expect'];
  /** Expectations of the file that are not checked, because the run differs from what the file says. */
  readonly expectSkipped: number;
  readonly phases: readonly string[];
  readonly options: RunOptions;
  /** Changes that the file itself schedules: a repetition of the run needs no flag for them. */
  readonly fileChanges: number;
  /** What to tell of the run besides what it finds itself. */
  readonly notes?: readonly Finding[];
  /** The hash that an HTML report promised for its repetition. */
  readonly expectedHash: string | null;
}
export interface Recorded {
  readonly kind: 'recording';
  readonly header: RecordingHeader;
  readonly recording: OpenRecording;
}

export interface OpenContext {
  readonly platform: Platform;
  progress(fraction: number | null, doing: string): void;
  cancelled(): boolean;
}

async function readText(source: ByteSource): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let size = 0;
  try {
    for await (const chunk of source.chunks()) {
      size += chunk.length;
      if (size > MAX_TEXT_BYTES)
        throw new Refusal(`${source.name} is larger than 64 MiB, the maximum for workload, machine and report files`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal(
      `${source.name} is not UTF-8 text; expected a workload file (YAML or JSON), a recording, or a trace in a supported format`,
    );
  }
}

async function sha256(platform: Platform, source: ByteSource, cancelled: () => boolean): Promise<string> {
  const hash = platform.createHash();
  for await (const chunk of source.chunks()) {
    if (cancelled()) throw new Refusal('cancelled');
    hash.update(chunk);
  }
  return hash.digest();
}

const isWorkloadName = (name: string): boolean => /\.(ya?ml|json)$/i.test(name);
const isMarkup = (head: string): boolean => /^\s*<!doctype html/i.test(head);
/** The one required key of a workload file, near its start. */
const saysWorkload = (head: string): boolean => /(^|\n|\{|")\s*faultline"?\s*:/.test(head);

export async function openTarget(
  target: OpenTarget,
  options: RunOptions,
  context: OpenContext,
): Promise<Runnable | Recorded> {
  const { platform } = context;
  const source = await platform.source(target);
  const head = await readHead(source);
  if (looksLikeRecording(head)) {
    const recording = await openRecording(source);
    return { kind: 'recording', header: withCurrentIds(recording.header), recording };
  }
  const headText = new TextDecoder().decode(head.subarray(0, 4096));
  if (saysCalibration(headText)) throw calibrationHint(source.name);
  if (isMarkup(headText)) return openReport(await readText(source), source.name, context);
  const { importer, ties } = pickImporter(head, source.name);
  if (importer && !saysWorkload(headText))
    return openTrace(source, importer, ties.length, options, context, platform.pathOf(target));
  if (saysWorkload(headText) || isWorkloadName(source.name))
    return openWorkload(
      { text: await readText(source), name: source.name, path: platform.pathOf(target) },
      options,
      options.machineFile ?? null,
      context,
      null,
    );
  await readText(source); // says so when it is not text at all
  throw new Refusal(
    `${source.name} is not a file that can be opened; expected a workload file (starts with "faultline: 1"), a recording, an HTML report, or a trace (${importers.map((each) => each.title).join('; ')})`,
  );
}

async function machineFor(
  wish: string | undefined,
  options: RunOptions,
  file: OpenTarget | null,
  platform: Platform,
): Promise<RecordingHeader['machine']> {
  if (file) return readMachineFile(file, platform);
  return findMachine(options.machine ?? wish ?? DEFAULT_MACHINE);
}

/** Throws Refusal: what is wrong with the file. */
export async function readMachineFile(file: OpenTarget, platform: Platform): Promise<RecordingHeader['machine']> {
  const source = await platform.source(file);
  const text = await readText(source);
  if (saysCalibration(text)) throw calibrationHint(source.name);
  return parseMachineFile(text, source.name);
}

function headerOf(
  about: {
    title: string;
    about: string;
    file: string | null;
    text: string;
    sha256: string;
    kind: 'workload' | 'trace';
  },
  machine: RecordingHeader['machine'],
  scenario: RecordingHeader['scenario'],
  source: AccessSource,
): RecordingHeader {
  checkSpace(source.space.bytes, scenario.granularity);
  checkSystemSpace(source.space.bytes, scenario.system);
  return {
    format: FORMAT_VERSION,
    engineVersion: ENGINE_VERSION,
    title: about.title,
    about: about.about,
    workload: { name: about.title, file: about.file, kind: about.kind, sha256: about.sha256 },
    workloadText: about.text,
    machine,
    scenario,
    axis: machine.timing ? 'time' : 'accesses',
    devices: source.devices,
    objects: source.space.objects,
    regions: source.space.regions,
    spaceBytes: source.space.bytes,
  };
}

interface WorkloadText {
  readonly text: string;
  readonly name: string;
  /** null: it is not a file of its own. */
  readonly path: string | null;
}

async function openWorkload(
  { text, name, path }: WorkloadText,
  options: RunOptions,
  machineFile: OpenTarget | null,
  context: OpenContext,
  report: { machine: RecordingHeader['machine']; expectedHash: string } | null,
): Promise<Runnable> {
  const { platform } = context;
  const workload = loadWorkload(text, name);
  const machine = report ? report.machine : await machineFor(workload.machine, options, machineFile, platform);
  const wishes: FileWishes = {
    ...workload,
    changes: report ? [] : workload.changes,
    place: (path) => placeInWorkload(workload, path),
  };
  const scenario = resolveScenario(wishes, options, machine);
  const phases = workload.phases.map((phase) => phase.name);
  checkMoments(scenario.changes, phases, machine);
  // What the file expects holds for the machine, policies and sizes that it names, not for every what-if.
  const own = resolveScenario(
    { ...workload, changes: workload.changes },
    {},
    machineFile ? machine : findMachine(workload.machine ?? DEFAULT_MACHINE),
  );
  const asWritten = JSON.stringify(scenario) === JSON.stringify(own);
  const source = compileWorkload(workload, { seed: scenario.seed });
  const hash = platform.createHash();
  hash.update(new TextEncoder().encode(text));
  const about = {
    title: workload.name,
    about: workload.about,
    file: path === null ? name : baseName(path),
    text,
    sha256: hash.digest(),
    kind: 'workload' as const,
  };
  return {
    kind: 'runnable',
    header: headerOf(about, machine, scenario, source),
    source,
    expect: asWritten ? workload.expect : [],
    expectSkipped: asWritten ? 0 : workload.expect.length,
    phases,
    options,
    fileChanges: wishes.changes?.length ?? 0,
    expectedHash: report?.expectedHash ?? null,
  };
}

async function openTrace(
  input: ByteSource,
  importer: (typeof importers)[number],
  ties: number,
  options: RunOptions,
  context: OpenContext,
  path: string | null,
): Promise<Runnable> {
  const { platform } = context;
  const machine = await machineFor(undefined, options, options.machineFile ?? null, platform);
  const scenario = resolveScenario({}, options, machine);
  checkMoments(scenario.changes, ['trace'], machine);
  const files: Record<string, ByteSource> = {};
  for (const [option, file] of Object.entries(options.importFiles ?? {})) {
    if (!importer.auxiliary.some((each) => each.option === option))
      throw new Refusal(
        `${importer.title} does not use a file "${option}"; it uses ${importer.auxiliary.map((each) => each.option).join(', ') || 'none'}`,
      );
    files[option] = await platform.source(file);
  }
  const checked = importer.options.strict().safeParse(options.importOptions ?? {});
  if (!checked.success)
    throw new Refusal(
      `${importer.title}: ${checked.error.issues.map((issue) => `${issue.path.join('.') || 'option'}: ${issue.message}`).join('; ')}`,
    );
  const source = await importer.prepare(input, {
    files,
    options: checked.data as Record<string, string | number | boolean>,
    progress: (fraction, doing) => {
      context.progress(fraction, doing);
    },
    cancelled: () => context.cancelled(),
  });
  const title = source.name;
  const about = {
    title,
    about: `${importer.title}${ties > 0 ? ' (other importers matched equally well)' : ''}`,
    file: path === null ? input.name : baseName(path),
    text: '',
    sha256: await sha256(platform, input, () => context.cancelled()),
    kind: 'trace' as const,
  };
  return {
    kind: 'runnable',
    header: {
      ...headerOf(about, machine, scenario, source),
      imported: {
        options: checked.data as Record<string, string | number | boolean>,
        files: Object.fromEntries(Object.entries(files).map(([option, file]) => [option, file.name])),
      },
    },
    source,
    expect: [],
    expectSkipped: 0,
    phases: ['trace'],
    options,
    fileChanges: 0,
    expectedHash: null,
  };
}

/** Refuses a change that could never come: a phase that is not there, a time on a machine without a clock. */
function checkMoments(
  changes: readonly PolicyChange[],
  phases: readonly string[],
  machine: RecordingHeader['machine'],
): void {
  for (const change of changes) {
    const { moment } = change;
    if (moment.at === 'phase' && !phases.includes(moment.phase))
      throw new Refusal(
        `"${formatChange(change)}": there is no phase "${moment.phase}"; ${suggest(moment.phase, phases)}`,
      );
    if (moment.at === 'time' && !machine.timing)
      throw new Refusal(
        `"${formatChange(change)}": machine ${machine.id} only counts and has no clock; use access:N, batch:N or phase:NAME[k], or a timed machine`,
      );
  }
}

/** An HTML report of ours carries its scenario: opening it repeats the run. */
async function openReport(html: string, name: string, context: OpenContext): Promise<Runnable> {
  const embedded = rereadReport(html, name);
  if (embedded.workloadKind === 'trace')
    throw new Refusal(
      `${name} reports on the trace ${embedded.workloadFile ?? '(unnamed)'}, which is not embedded; open the trace itself (SHA-256 ${embedded.workloadSha256}) with the options that the report names`,
    );
  const workload = { text: embedded.workloadText, name: embedded.workloadFile ?? name, path: null };
  return openWorkload(workload, embedded.options, null, context, {
    machine: embedded.machine,
    expectedHash: embedded.expectedHash,
  });
}

/** Samples of a machine are no machine yet. */
const calibrationHint = (name: string): Refusal =>
  new Refusal(
    `${name} contains the samples of the calibration program; make a machine file from it (\`faultline calibrate ${name} --as my-machine.json\`) and run with --machine my-machine.json`,
  );

const baseName = (path: string): string => path.replace(/^.*[\\/]/, '');

/** Findings of a source, with those of the opening. */
export const findingsOf = (opened: Runnable | Recorded): readonly Finding[] =>
  opened.kind === 'recording' ? opened.recording.findings : opened.source.findings();
