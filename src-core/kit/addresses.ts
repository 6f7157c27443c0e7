/** Virtual addresses of offsets in the space. Most queries concern the region of the last one, so it is cached. */
import { toVirtual, type SpaceSpec } from '../model/space';

export class Addresses {
  private from = 0;
  private outer = 0;
  private shift = 0;

  constructor(private readonly space: SpaceSpec) {}

  of(offset: number): number {
    return offset >= this.from && offset < this.outer ? offset + this.shift : this.find(offset);
  }

  private find(offset: number): number {
    const address = toVirtual(this.space, offset);
    const region = this.space.regions.find((each) => offset >= each.offset && offset < each.offset + each.bytes);
    if (region) {
      this.from = region.offset;
      this.outer = region.offset + region.bytes;
      this.shift = region.address - region.offset;
    }
    return address;
  }
}
