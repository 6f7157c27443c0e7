import type { Finding } from './finding';

/**
 * Input or usage that cannot be served: thrown by loaders at a component edge, caught once by the session and
 * shown by every front end in its own words. Carries where, what, what was expected and what to do.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly details: readonly Finding[];
  constructor(message: string, details: readonly Finding[] = []) {
    super(message);
    this.details = details;
  }
}
