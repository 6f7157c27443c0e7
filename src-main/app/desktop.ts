/** What the parts of the desktop app share; made once by main.ts. */
import type { Installation } from '../host/installation';
import type { Grants } from './grants';
import type { SettingsStore } from './settings';

export interface Desktop {
  readonly installation: Installation;
  readonly settings: SettingsStore;
  readonly grants: Grants;
  /** FAULTLINE_TEST=1: paths for saving may come from the page, because no user answers a dialog. */
  readonly isTest: boolean;
  /** Recent files changed. */
  menuIsStale(): void;
}
