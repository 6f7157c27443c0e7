/** One progress line on standard error; nothing if it is not a terminal. */
import { formatCount } from '../../src-core/base/units';
import type { RunStatus } from '../../src-core/protocol/answers';

const QUIET_MS = 500;
const TERMINAL_EVERY_MS = 100;
const LOG_EVERY_MS = 1000;

export interface Progress {
  show(status: RunStatus): void;
  /** Clears the line, so that what follows starts on a clean one. */
  end(): void;
}

function lineOf(status: RunStatus): string {
  const share = status.progress === null ? '' : ` ${Math.floor(status.progress * 100)} %`;
  const counts =
    status.accesses > 0 ? `, ${formatCount(status.accesses)} accesses, ${formatCount(status.events)} events` : '';
  const phase = status.phase === '' ? '' : `, phase ${status.phase}`;
  return `${status.doing === '' ? status.state : status.doing}${share}${phase}${counts}`;
}

/** `always`: --progress was given; otherwise only a terminal sees it. */
export function createProgress(always: boolean): Progress {
  const isTerminal = process.stderr.isTTY;
  if (!always && !isTerminal) return { show: () => undefined, end: () => undefined };
  const started = Date.now();
  const every = isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
  let last = 0;
  let isDirty = false;
  return {
    show(status) {
      const now = Date.now();
      const isQuiet = !always && now - started < QUIET_MS;
      if (isQuiet || now - last < every) return;
      last = now;
      isDirty = true;
      process.stderr.write(
        isTerminal ? `\r\x1b[2K${lineOf(status).slice(0, (process.stderr.columns || 80) - 1)}` : `${lineOf(status)}\n`,
      );
    },
    end() {
      if (isDirty && isTerminal) process.stderr.write('\r\x1b[2K');
      isDirty = false;
    },
  };
}
