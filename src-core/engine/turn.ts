/** The limit up to which the executor may run before it returns. */
export class Turn {
  /** Stop at the next segment border; set only from outside (pause, step). */
  halt = false;
  /** Segments executed; pacing of the run loop. */
  segments = 0;
  /** The turn ends when so many accesses, of the whole run, were executed … */
  stopAt = 0;
  /** … or so many segments. */
  lastSegment = 0;

  constructor(private readonly memory: { readonly accessCount: number }) {}

  begin(maxAccesses: number, maxSegments: number): void {
    this.stopAt = this.memory.accessCount + maxAccesses;
    this.lastSegment = this.segments + maxSegments;
  }

  isDone(): boolean {
    return this.halt || this.segments >= this.lastSegment || this.memory.accessCount >= this.stopAt;
  }

  /** Accesses that may still be made. */
  accessesLeft(): number {
    return Math.max(0, this.stopAt - this.memory.accessCount);
  }

  segmentsLeft(): number {
    return Math.max(0, this.lastSegment - this.segments);
  }
}
