/**
 * The files that the page may open: those that a person chose (dialog, drop, menu, command line) or opened before. A
 * page that was taken over cannot have other files read, or recordings written, by asking for a path.
 */
import type { OpenTarget } from '../../src-core/model/target';
import type { Request } from '../../src-core/protocol/messages';
import type { Params } from '../../src-core/protocol/methods';

export interface Grants {
  add(...paths: readonly string[]): void;
  /** Why a request of the page is refused, or null. */
  check(request: Request): string | null;
}

/** `anyPath` is for tests, where no user chooses files. */
export function createGrants(anyPath: boolean): Grants {
  const paths = new Set<string>();
  const isGranted = (target: OpenTarget): boolean => target.kind !== 'path' || anyPath || paths.has(target.path);
  return {
    add: (...more) => more.forEach((path) => paths.add(path)),
    check(request) {
      if (request.method === 'session.saveRecording')
        return 'recordings are saved through the dialog (app.saveRecording)';
      if (request.method !== 'session.open') return null;
      const { target, options } = request.params as Params<'session.open'>;
      if (options.record !== undefined) return 'recordings are saved through the dialog (app.saveRecording)';
      const targets = [target, options.machineFile, ...Object.values(options.importFiles ?? {})];
      const denied = targets.find((one) => one !== undefined && !isGranted(one));
      return denied?.kind === 'path'
        ? `${denied.path} was not selected in a dialog; open it with the dialog or drop it on the window`
        : null;
    },
  };
}
