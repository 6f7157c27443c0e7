import { addLane, endGroup, type AccessBatch } from '../../contracts/access-stream';
import type { Plain } from '../../base/plain';
import type { ByteSource } from '../../model/byte-source';
import { CPU, READ, READ_WRITE, WRITE, type AccessOp, asProcessor } from '../../model/processor';
import type { SpaceSpec } from '../../model/space';
import { Replay } from '../shared/replay';
import { Locator } from '../shared/trace-space';
import { DeviceRegions } from './device-regions';
import { INSTRUCTION, LackeyScanner, LOAD, NO_RECORD, STORE, type RecordKind } from './scanner';
import type { FunctionSymbol } from './tables';

/** What pass one decided; both passes must treat records alike. */
export interface LackeyPlan {
  readonly deviceFunctions: readonly FunctionSymbol[];
  /** Ascending by start; for the names of host steps. */
  readonly symbols: readonly FunctionSymbol[];
  readonly instructions: boolean;
}

const GPU0 = asProcessor(1);
const ignored = { junk: () => undefined, outside: () => undefined };
const opOf = (kind: RecordKind): AccessOp =>
  kind === STORE ? WRITE : kind === LOAD || kind === INSTRUCTION ? READ : READ_WRITE;

/** The function whose code holds the address, or `host`. */
function functionAt(symbols: readonly FunctionSymbol[], address: number): string {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (symbols[middle]!.start <= address) low = middle + 1;
    else high = middle;
  }
  const found = symbols[low - 1];
  return found && address < found.end ? found.name : 'host';
}

type LackeyPosition = {
  readonly started: boolean;
  readonly openEntry: number;
  readonly run: {
    readonly count: number;
    readonly op: AccessOp;
    readonly object: number;
    readonly bytes: number;
    readonly first: number;
    readonly last: number;
    readonly stride: number;
  };
  readonly regions: Plain;
};

/** Second pass: records become run-length groups; device regions become steps. */
export class LackeyReplay extends Replay {
  private readonly scanner = new LackeyScanner(ignored);
  private readonly regions: DeviceRegions;
  private readonly locator: Locator;
  private started = false;
  /** DeviceRegions.entries of the open device step; −1 while a host step is open. */
  private openEntry = -1;
  // The run under construction: consecutive accesses of one kind, object and size with a constant stride.
  private count = 0;
  private op: AccessOp = READ;
  private object = 0;
  private bytes = 0;
  private first = 0;
  private last = 0;
  private stride = 0;

  constructor(
    source: ByteSource,
    space: SpaceSpec,
    private readonly plan: LackeyPlan,
  ) {
    super(source);
    this.regions = new DeviceRegions(plan.deviceFunctions);
    this.locator = new Locator(space, source.name);
  }

  protected override load(block: Uint8Array): void {
    this.scanner.load(block);
  }

  protected override consume(batch: AccessBatch): boolean {
    const { scanner, plan } = this;
    const follows = plan.deviceFunctions.length > 0;
    const groups = batch.groups;
    for (let kind = scanner.next(); kind !== NO_RECORD; kind = scanner.next()) {
      if (kind === INSTRUCTION) {
        if (follows || !this.started) this.instruction(batch);
        if (plan.instructions) this.access(kind, batch);
      } else {
        if (follows) this.regions.data(kind, scanner.address, scanner.bytes);
        if (!this.started) this.startHost('host');
        this.access(kind, batch);
      }
      if (this.queue.length > 0 || batch.groups > groups) return true;
    }
    return false;
  }

  protected override finish(batch: AccessBatch): void {
    this.flush(batch);
  }

  protected override used(): number {
    return this.scanner.used;
  }

  protected override ownPosition(): LackeyPosition {
    const { started, openEntry, count, op, object, bytes, first, last, stride } = this;
    return {
      ...{ started, openEntry, run: { count, op, object, bytes, first, last, stride } },
      regions: this.regions.position(),
    };
  }

  protected override seekOwn(position: Plain): void {
    const { started, openEntry, run, regions } = position as LackeyPosition;
    this.started = started;
    this.openEntry = openEntry;
    Object.assign(this, run);
    this.regions.seek(regions);
  }

  private startHost(name: string): void {
    this.beginStep(name, CPU);
    this.started = true;
    this.openEntry = -1;
  }

  private instruction(batch: AccessBatch): void {
    const { regions, scanner } = this;
    regions.instruction(scanner.address, scanner.bytes);
    const entry = regions.inside ? regions.entries : -1;
    if (this.started && entry === this.openEntry) return;
    this.flush(batch);
    if (!regions.inside) {
      this.startHost(functionAt(this.plan.symbols, scanner.address));
      return;
    }
    this.beginStep(regions.inside.name, GPU0);
    this.started = true;
    this.openEntry = entry;
  }

  private access(kind: RecordKind, batch: AccessBatch): void {
    const { address, bytes } = this.scanner;
    // Only code can be outside the user half (vsyscall), and that is nothing that could migrate.
    if (address === Infinity) return;
    const op = opOf(kind);
    const offset = this.locator.locate(address);
    const { object } = this.locator;
    if (this.count > 0 && op === this.op && object === this.object && bytes === this.bytes) {
      const stride = offset - this.last;
      if (this.count === 1) this.stride = stride;
      if (stride === this.stride) {
        this.last = offset;
        this.count++;
        return;
      }
    }
    this.flush(batch);
    this.count = 1;
    this.op = op;
    this.object = object;
    this.bytes = bytes;
    this.first = offset;
    this.last = offset;
    this.stride = 0;
  }

  private flush(batch: AccessBatch): void {
    if (this.count === 0) return;
    addLane(batch, 0, this.op, this.object, this.first, this.stride, this.bytes);
    endGroup(batch, 1, this.count);
    this.count = 0;
  }
}
