import { describe, expect, it, vi } from 'vitest';
import type { Message, Request } from '../../../src-core/protocol/messages';
import { createConnection, RequestError } from '../../../src-renderer/client/connection';
import { createLiveQuestion } from '../../../src-renderer/client/live-question';
import { takeToken } from '../../../src-renderer/client/token';
import type { Carrier, TransportEvents } from '../../../src-renderer/client/transport';

/** A carrier whose other end is the test. */
function wire() {
  const sent: Request[] = [];
  const ends: TransportEvents[] = [];
  const carrier: Carrier = (events) => {
    ends.push(events);
    return { send: (message: Message) => void sent.push(message as Request), close: () => undefined };
  };
  return { sent, carrier, end: () => ends.at(-1)!, ends };
}
const connect = (carrier: Carrier, event = vi.fn()) => createConnection(carrier, { opened: () => undefined, event });
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const question = (from: number) => ({ from, to: from + 1, bins: 1 });

describe('connection', () => {
  it('gives each answer to the request that asked, in whatever order they come', async () => {
    const { sent, carrier, end } = wire();
    const connection = connect(carrier);
    end().opened();
    const first = connection.request('app.recent', null);
    const second = connection.request('session.cancel', null);
    end().message({ type: 'response', id: sent[1]!.id, ok: true, result: null });
    end().message({ type: 'response', id: sent[0]!.id, ok: true, result: [{ path: 'a', title: 'a' }] });
    expect(await second).toBeNull();
    expect(await first).toEqual([{ path: 'a', title: 'a' }]);
  });

  it('passes on why a request was refused', async () => {
    const { sent, carrier, end } = wire();
    const connection = connect(carrier);
    end().opened();
    const asked = connection.request('session.cancel', null);
    const details = [{ kind: 'unknown-key', severity: 'error', message: 'm', count: 1 }] as const;
    end().message({ type: 'response', id: sent[0]!.id, ok: false, error: { code: 'refused', message: 'no', details } });
    await expect(asked).rejects.toMatchObject({ code: 'refused', message: 'no', details });
  });

  it('fails what is unanswered when the connection is lost, and refuses until there is a new one', async () => {
    const { carrier, end } = wire();
    const connection = connect(carrier);
    end().opened();
    const asked = connection.request('session.cancel', null);
    end().lost('The server closed the connection.');
    await expect(asked).rejects.toMatchObject({ code: 'lost' });
    await expect(connection.request('session.cancel', null)).rejects.toBeInstanceOf(RequestError);
    expect(connection.link.value).toEqual({ state: 'lost', reason: 'The server closed the connection.' });
    connection.reconnect();
    end().opened();
    expect(connection.link.value.state).toBe('open');
  });

  it('ignores what an abandoned carrier still says', () => {
    const { carrier, ends } = wire();
    const event = vi.fn();
    const connection = connect(carrier, event);
    connection.reconnect();
    const crashed = { code: 'crashed', message: '', details: [] } as const;
    ends[0]!.message({ type: 'event', event: 'crashed', error: crashed, recording: null });
    ends[0]!.lost('late');
    expect(event).not.toHaveBeenCalled();
    expect(connection.link.value.state).toBe('connecting');
  });
});

describe('live question', () => {
  function live(pauseMs = 0) {
    const asked: { params: unknown; answer: (value: unknown) => void; fail: (error: unknown) => void }[] = [];
    const request = (_method: unknown, params: unknown) =>
      new Promise((answer, fail) => void asked.push({ params, answer, fail }));
    return { asked, live: createLiveQuestion({ request: request as never }, 'session.timeline', pauseMs) };
  }

  it('has one question on its way at most and keeps only the newest wish', async () => {
    const { asked, live: timeline } = live();
    for (const from of [1, 2, 3]) timeline.ask(question(from));
    expect(asked.map((one) => one.params)).toEqual([question(1)]);
    asked[0]!.answer('first');
    await settled();
    expect(timeline.answer.value).toBe('first');
    expect(asked.map((one) => one.params)).toEqual([question(1), question(3)]);
  });

  it('drops the answer to a run that is over, and goes on with the new one', async () => {
    const { asked, live: timeline } = live();
    timeline.ask(question(1));
    timeline.forget();
    timeline.ask(question(2));
    asked[0]!.answer('old run');
    await settled();
    expect(timeline.answer.value).toBeNull();
    asked[1]!.answer('new run');
    await settled();
    expect(timeline.answer.value).toBe('new run');
  });

  it('keeps the shown answer when a question fails, reports the failure, and continues asking', async () => {
    const { asked, live: timeline } = live();
    timeline.ask(question(1));
    asked[0]!.answer('good');
    await settled();
    timeline.ask(question(2));
    asked[1]!.fail(new RequestError('crashed', 'boom'));
    await settled();
    expect(timeline.answer.value).toBe('good');
    expect(timeline.error.value?.message).toBe('boom');
    timeline.ask(question(3));
    asked[2]!.answer('better');
    await settled();
    expect(timeline.error.value).toBeNull();
  });

  it('pauses between questions when a pause is configured', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { asked, live: objects } = live(200);
    objects.ask(question(1));
    asked[0]!.answer('x');
    objects.ask(question(2));
    return Promise.resolve()
      .then(() => undefined)
      .then(() => {
        expect(asked).toHaveLength(1);
        vi.advanceTimersByTime(199);
        expect(asked).toHaveLength(1);
        vi.advanceTimersByTime(2);
        expect(asked).toHaveLength(2);
      })
      .finally(() => vi.useRealTimers());
  });
});

describe('access token', () => {
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    } as unknown as Storage;
  };
  const place = (hash: string) => ({ hash, pathname: '/', search: '' }) as Location;

  it('leaves the address bar and survives a reload', () => {
    const memory = storage();
    const replaceState = vi.fn();
    const history = { replaceState } as unknown as History;
    expect(takeToken(place('#token=secret'), memory, history)).toBe('secret');
    expect(replaceState).toHaveBeenCalledWith(null, '', '/');
    expect(takeToken(place(''), memory, history)).toBe('secret');
    expect(replaceState).toHaveBeenCalledTimes(1);
  });

  it('is missing when none was ever given', () => {
    expect(takeToken(place(''), storage(), {} as History)).toBeNull();
  });
});
