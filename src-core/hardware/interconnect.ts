/**
 * Selects the link that carries bytes from one processor's memory to another's. All devices share the host's link (one
 * root port); two devices use a link of their own where the machine has one (NVLink, Infinity Fabric, Xe Link: one per
 * pair), and otherwise the direction towards the device of the host's link. Left out: switches, host links of their own
 * per device.
 */
import type { MachineTiming } from '../model/machine';
import { CPU, type ProcessorIndex } from '../model/processor';
import { Link, TO_DEVICE, TO_HOST, type LinkDirection } from './link';

export class Interconnect {
  /** When the transfer accepted last began to move bytes, ps. */
  startedPs = 0;
  private readonly host: Link;
  private readonly peers = new Map<number, Link>();

  constructor(
    private readonly timing: MachineTiming,
    private readonly processors: number,
  ) {
    this.host = new Link(timing.link);
  }

  /** Queues a transfer (see Link.transfer) from one memory to another; returns when its bytes are usable. */
  transfer(from: ProcessorIndex, to: ProcessorIndex, earliestPs: number, bytes: number): number {
    const link = this.between(from, to);
    const arrivesPs = link.transfer(this.direction(from, to), earliestPs, bytes);
    this.startedPs = link.startedPs;
    return arrivesPs;
  }

  /** How long such a transfer occupies its engine, ps. */
  durationPs(from: ProcessorIndex, to: ProcessorIndex, bytes: number): number {
    return this.between(from, to).durationPs(bytes, this.direction(from, to));
  }

  private between(from: ProcessorIndex, to: ProcessorIndex): Link {
    const { peerLink } = this.timing;
    if (from === CPU || to === CPU || !peerLink) return this.host;
    const pair = Math.min(from, to) * this.processors + Math.max(from, to);
    const known = this.peers.get(pair);
    if (known) return known;
    const link = new Link(peerLink);
    this.peers.set(pair, link);
    return link;
  }

  /** On a link of two devices, the lower number stands where the host does. */
  private direction(from: ProcessorIndex, to: ProcessorIndex): LinkDirection {
    const toLower = from !== CPU && to < from && this.timing.peerLink !== undefined;
    return to === CPU || toLower ? TO_HOST : TO_DEVICE;
  }
}
