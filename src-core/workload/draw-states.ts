/** The random numbers of one stream: a state per loop that draws, each going on where its last batch ended. */
import { BATCH_GROUPS } from '../contracts/access-stream';
import { type DrawState, drawState } from './draws';
import type { Tables } from './tables';

/** Name of a loop's random numbers → its state. */
export type DrawPosition = Readonly<Record<string, Int32Array>>;

export class Draws {
  private readonly states = new Map<string, DrawState>();
  private readonly scratches: Uint32Array[] = [];

  /** @param storageName names of storage, which permutations belong to */
  constructor(
    private readonly seed: number,
    readonly tables: Tables,
    readonly storageName: (storage: number) => string,
  ) {}

  /** The state of a consumer; the caller advances it. */
  state(stream: string): DrawState {
    let state = this.states.get(stream);
    if (!state) {
      state = drawState(this.seed, stream);
      this.states.set(stream, state);
    }
    return state;
  }

  /** Room for the numbers of one batch of groups; holds nothing between batches. */
  scratch(draw: number): Uint32Array {
    return (this.scratches[draw] ??= new Uint32Array(BATCH_GROUPS));
  }

  position(): DrawPosition {
    return Object.fromEntries([...this.states].map(([stream, state]) => [stream, state.slice()]));
  }

  /** Only the named consumers; consumers that have not drawn yet start from the beginning. */
  positionOf(streams: readonly string[]): DrawPosition {
    return Object.fromEntries(
      streams.flatMap((stream) => (this.states.has(stream) ? [[stream, this.state(stream).slice()]] : [])),
    );
  }

  seek(position: DrawPosition): void {
    this.states.clear();
    for (const [stream, state] of Object.entries(position)) this.states.set(stream, state.slice());
  }

  seekOf(streams: readonly string[], position: DrawPosition): void {
    for (const stream of streams) {
      const state = position[stream];
      if (state) this.states.set(stream, state.slice());
      else this.states.delete(stream);
    }
  }
}
