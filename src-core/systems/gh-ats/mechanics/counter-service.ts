/**
 * The driver behind the access counters: it takes notifications in batches, and moves what they name while the GPU runs
 * on. Until a batch is done its pages are reached where they were; where the machine has no clock it is done at once.
 * Source: uvm_gpu_access_counters.c:39-69, 146-157; uvm_ats_faults.c:746-816, driver 595.45.04. Left out: time-outs of the
 * interrupt, a full buffer.
 */
import { CPU, type ProcessorIndex } from '../../../model/processor';
import type { Mm } from '../../../kernel/mm';
import { PAGE_BYTES } from '../../../kernel/page';
import type { LinuxHost } from '../../../kit/linux/backend';
import type { Granule } from '../../../base/indices';
import type { GhAtsParams } from '../params';
import { AccessCounters, type CounterNotification } from '../../coherent/mechanics/access-counters';

/** Serves the notifications of a batch; answers those whose regions may be cleared. */
export type ServeNotifications = (
  device: ProcessorIndex,
  notifications: readonly CounterNotification[],
) => readonly CounterNotification[];

/** The batch that the driver works on. */
interface OpenBatch {
  readonly notifications: readonly CounterNotification[];
  readonly beganPs: number;
  readonly donePs: number;
}

class DeviceCounters {
  readonly counters = new AccessCounters();
  open: OpenBatch | null = null;
  /** When the driver is through with its last batch, ps. */
  freePs = 0;
}

export class AtsCounterService {
  private readonly devices: (DeviceCounters | undefined)[] = [];

  constructor(
    private readonly memory: LinuxHost,
    private readonly params: GhAtsParams,
    private readonly basePages: number,
    private readonly serve: ServeNotifications,
  ) {}

  /** -1 means on if the platform has ATS, as here. With 4 KiB pages the driver only reports notifications to tools. */
  private get isEnabled(): boolean {
    return this.params.uvm_perf_access_counter_migration_enable !== 0 && this.basePages > 1;
  }

  private of(device: ProcessorIndex): DeviceCounters {
    return (this.devices[device] ??= new DeviceCounters());
  }

  /** Remote accesses of the granule before the driver has something to do; Infinity where it never will. */
  budget(device: ProcessorIndex, granule: Granule): number {
    const { memory, params } = this;
    const process = memory.processes.of(granule);
    if (!this.isEnabled || memory.migrationOff || !process) return Infinity;
    const { open, counters } = this.of(device);
    if (open && memory.nowPs(device) >= open.donePs) return 0;
    return counters.budget(process.mm, memory.map.vpn(granule), params.uvm_perf_access_counter_threshold);
  }

  count(device: ProcessorIndex, granule: Granule, accesses: number): void {
    const process = this.memory.processes.of(granule);
    if (this.isEnabled && process) this.of(device).counters.count(process.mm, this.memory.map.vpn(granule), accesses);
  }

  /** The budget of a granule is used up: its region notifies, or a batch is done by now. */
  notify(device: ProcessorIndex, granule: Granule): void {
    const process = this.memory.processes.of(granule);
    if (!process) return;
    this.of(device).counters.notify(
      process.mm,
      this.memory.map.vpn(granule),
      this.params.uvm_perf_access_counter_threshold,
    );
    this.work(device, this.memory.nowPs(device));
  }

  /** The kernel is over: what it notified is served, whether or not it still helps. */
  finish(device: ProcessorIndex): void {
    if (this.devices[device]) this.work(device, Infinity);
  }

  forget(mm: Mm): void {
    for (const device of this.devices) device?.counters.forget(mm);
  }

  /** Everything that the driver does until `nowPs`. */
  private work(device: ProcessorIndex, nowPs: number): void {
    const state = this.of(device);
    for (;;) {
      if (state.open) {
        if (nowPs < state.open.donePs) return;
        const { open } = state;
        state.open = null;
        this.close(device, state, open, nowPs < Infinity);
      }
      if (state.counters.waiting === 0) return;
      const notifications = state.counters.fetch(this.params.uvm_perf_access_counter_batch_count);
      const beganPs = Math.max(state.freePs, this.memory.nowPs(device));
      state.open = { notifications, beganPs, donePs: beganPs + this.durationPs(device, notifications) };
    }
  }

  /** Duration of a batch on an idle link: its fixed cost, and one page for each notification. */
  private durationPs(device: ProcessorIndex, notifications: readonly CounterNotification[]): number {
    const { timing } = this.memory.config.machine;
    if (!timing) return 0;
    const each = timing.batchPerFault.value + this.memory.transferPs(CPU, device, this.basePages * PAGE_BYTES);
    return timing.batchFixed.value + notifications.length * each;
  }

  /** @param waits the GPU uses the pages now: where the link was busy, it waits for their arrival */
  private close(device: ProcessorIndex, state: DeviceCounters, open: OpenBatch, waits: boolean): void {
    const { timing } = this.memory.config.machine;
    const fixedPs = timing ? timing.batchFixed.value + open.notifications.length * timing.batchPerFault.value : 0;
    const arrivedPs = this.memory.counterBatch(open.beganPs + fixedPs, () => {
      const alive = open.notifications.filter(({ region }) => region.mm.alive);
      for (const { region } of this.serve(device, alive)) state.counters.clear(region);
    });
    state.freePs = Math.max(open.donePs, arrivedPs);
    if (waits && arrivedPs > open.donePs) this.memory.waitFor(device, arrivedPs);
  }
}
