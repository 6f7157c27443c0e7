/** A session for tests, on the real platform of the engine worker but in this thread. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunStatus } from '../../src-core/protocol/answers';
import type { BackendEvent, Response } from '../../src-core/protocol/messages';
import type { Method, Params, ResultOf } from '../../src-core/protocol/methods';
import type { RunOptions } from '../../src-core/protocol/parameters';
import type { OpenTarget } from '../../src-core/model/target';
import type { RunSummary } from '../../src-core/model/summary';
import { createSession } from '../../src-core/session';
import { createNodePlatform } from '../../src-main/host/node-platform';

export const examplesFolder = join(import.meta.dirname, '../../examples');

export class SessionClient {
  readonly folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  readonly events: BackendEvent[] = [];
  private next = 1;
  private readonly waiting = new Map<number, (response: Response) => void>();
  private readonly platform = createNodePlatform({
    spoolFolder: this.folder,
    examplesFolder,
    uploads: new Map(),
    onSpool: () => undefined,
  });
  private readonly session = createSession(this.platform, (message) => {
    if (message.type === 'event') this.events.push(message);
    else this.waiting.get(message.id)?.(message);
  });

  async request<M extends Method>(method: M, params: Params<M>): Promise<ResultOf<M>> {
    const id = this.next++;
    const answer = new Promise<Response>((resolve) => this.waiting.set(id, resolve));
    await this.session.handle({ type: 'request', id, method, params });
    const response = await answer;
    this.waiting.delete(id);
    if (!response.ok) throw Object.assign(new Error(response.error.message), { error: response.error });
    return response.result as ResultOf<M>;
  }

  /** Runs until the run has ended. */
  async finish(): Promise<RunStatus> {
    await this.request('session.control', { action: 'run' });
    for (;;) {
      const status = await this.request('session.status', null);
      if (status.state !== 'running') return status;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async run(target: OpenTarget, options: RunOptions = {}): Promise<RunSummary> {
    await this.request('session.open', { target, options });
    const status = await this.finish();
    if (status.error) throw new Error(status.error.message);
    return this.request('session.summary', null);
  }

  close(): void {
    this.session.close();
    this.platform.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Opens a session, runs one example to the end and closes it. */
export async function runExample(id: string, options: RunOptions = {}): Promise<RunSummary> {
  const client = new SessionClient();
  try {
    return await client.run({ kind: 'example', id }, { spool: false, ...options });
  } finally {
    client.close();
  }
}
