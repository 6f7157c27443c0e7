/** What buttons, keys and drops do: opening, running, exporting. One place, so that all of them do the same. */
import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import type { OpenTarget } from '../../src-core/model/target';
import type { RunState } from '../../src-core/protocol/answers';
import type { RunOptions } from '../../src-core/protocol/parameters';
import { useBackend } from '../client';
import { exportName, type ExportFormat } from './export-name';
import { importersFor, type Importer } from './importers';
import { chooseFile } from '../widgets/choose-file';
import { download } from '../widgets/download';

/** A chosen file that may come with others: the import dialog asks before it is opened. */
export interface PendingImport {
  readonly name: string;
  readonly target: OpenTarget;
  readonly importers: readonly Importer[];
}

export interface Actions {
  readonly pendingImport: ShallowRef<PendingImport | null>;
  /** What was just done, for the status line: where an export went. */
  readonly notice: ShallowRef<string | null>;
  readonly state: ComputedRef<RunState>;
  readonly busyExport: ShallowRef<ExportFormat | null>;
  readonly canRun: ComputedRef<boolean>;
  /** The run is over and can be made once more. */
  readonly canRunAgain: ComputedRef<boolean>;
  readonly desktop: ComputedRef<boolean>;
  toggleRun(): void;
  runAgain(): Promise<void>;
  step(): void;
  restart(): void;
  /** Lets the user choose a file, here or on the backend's machine, and gives it as a target. */
  choose(title: string): Promise<{ readonly name: string; readonly target: OpenTarget } | null>;
  openDialog(): Promise<void>;
  openFile(file: File): Promise<void>;
  /** false: it was refused, and `backend.failure` says why. */
  openTarget(target: OpenTarget, options?: RunOptions): Promise<boolean>;
  exportAs(format: ExportFormat): Promise<void>;
}

/** Long enough to be read, short enough not to be taken for news of the next action. */
const NOTICE_MS = 6000;

export function useActions(): Actions {
  const backend = useBackend();
  const pendingImport = shallowRef<PendingImport | null>(null);
  const notice = shallowRef<string | null>(null);
  const busyExport = shallowRef<ExportFormat | null>(null);
  const { state } = backend;
  const desktop = computed(() => backend.appInfo.value?.shell === 'electron');
  const canRun = computed(
    () => backend.info.value?.kind !== 'recording' && ['ready', 'running', 'paused'].includes(state.value),
  );
  const canRunAgain = computed(() => backend.info.value?.kind !== 'recording' && state.value === 'finished');

  let fading: ReturnType<typeof setTimeout> | undefined;
  watch(notice, (text) => {
    clearTimeout(fading);
    if (text !== null) fading = setTimeout(() => (notice.value = null), NOTICE_MS);
  });

  const openTarget = async (target: OpenTarget, options?: RunOptions): Promise<boolean> => {
    notice.value = null;
    return backend.open(target, options);
  };
  const consider = async (name: string, target: OpenTarget): Promise<void> => {
    const importers = importersFor(name, backend.description.value?.importers ?? []);
    if (importers.length > 0) pendingImport.value = { name, target, importers };
    else await openTarget(target);
  };
  const choose: Actions['choose'] = (title) => chooseFile(backend, title);
  const save = async (format: ExportFormat): Promise<void> => {
    // The recording distinguishes two runs of one workload.
    const hash = state.value === 'finished' ? (await backend.request('session.summary', null)).recordingHash : null;
    const suggestedName = exportName(backend.info.value?.title ?? 'faultline', hash, format);
    const saved =
      format === 'recording'
        ? await backend.request('app.saveRecording', { suggestedName })
        : await backend.request('app.saveReport', { format, suggestedName });
    if (saved.cancelled) return;
    if (saved.bytes) download(suggestedName, saved.bytes);
    backend.failure.value = null;
    notice.value = `Saved ${saved.path ?? suggestedName}`;
  };

  return {
    pendingImport,
    notice,
    state,
    busyExport,
    canRun,
    canRunAgain,
    desktop,
    toggleRun() {
      if (canRun.value) void backend.control(state.value === 'running' ? 'pause' : 'run');
    },
    async runAgain() {
      await backend.control('restart');
      await backend.control('run');
    },
    step() {
      if (canRun.value) void backend.control('step');
    },
    restart() {
      if (backend.info.value && backend.info.value.kind !== 'recording') void backend.control('restart');
    },
    choose,
    async openDialog() {
      try {
        const chosen = await choose('Open a workload, a trace or a recording');
        if (chosen) await consider(chosen.name, chosen.target);
      } catch (error) {
        backend.report(error);
      }
    },
    async openFile(file) {
      const target = await backend.upload(file);
      if (target) await consider(file.name, target);
    },
    openTarget,
    async exportAs(format) {
      busyExport.value = format;
      try {
        await save(format);
      } catch (error) {
        backend.report(error);
      } finally {
        busyExport.value = null;
      }
    },
  };
}
