/** The three policies that govern a run at the moment, with the index of each in the recording. */
import { assert } from '../base/assert';
import { type Random, randomStream } from '../base/random';
import type { EvictionPolicy, MigrationPolicy, PolicyEntry, PrefetchPolicy } from '../contracts/policy';
import type { PolicyChoice } from '../model/scenario';

export class PoliciesInForce {
  eviction!: EvictionPolicy;
  prefetch!: PrefetchPolicy;
  migration!: MigrationPolicy;
  evictionIndex = 0;
  prefetchIndex = 0;
  migrationIndex = 0;
  /** Every policy that was ever in force, in order: the recording's policy list. */
  readonly all: PolicyChoice[] = [];
  readonly current = new Map<PolicyChoice['kind'], PolicyChoice>();
  /** Random numbers of the policies in force: policies may hold them in closures, where a snapshot cannot see them. */
  private readonly randoms = new Map<PolicyChoice['kind'], Random>();

  constructor(
    readonly seed: number,
    private readonly find: (choice: PolicyChoice) => PolicyEntry | undefined,
  ) {}

  /** Puts a policy in force. The choice was validated when it entered the scenario. */
  set(choice: PolicyChoice): void {
    const entry = this.find(choice);
    assert(entry !== undefined, `policy ${choice.kind}=${choice.id} was accepted but is not registered`);
    const index = this.all.length;
    assert(index < 255, 'a run holds at most 255 policy changes');
    const random = randomStream(this.seed, `policy/${choice.kind}/${choice.id}/${index}`);
    const made = entry.create(choice.params, { random });
    this.randoms.set(choice.kind, random);
    this.all.push(choice);
    this.current.set(choice.kind, choice);
    if (choice.kind === 'eviction') {
      this.eviction = made as EvictionPolicy;
      this.evictionIndex = index;
    } else if (choice.kind === 'prefetch') {
      this.prefetch = made as PrefetchPolicy;
      this.prefetchIndex = index;
    } else {
      this.migration = made as MigrationPolicy;
      this.migrationIndex = index;
    }
  }
}
