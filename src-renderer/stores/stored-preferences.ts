/** What the user likes, and how it is read back from storage. Pure. */

type ThemeChoice = 'system' | 'light' | 'dark';

export interface Preferences {
  theme: ThemeChoice;
  bottomTab: string;
  /** Ids of side sections that are folded. */
  folded: string[];
  /** Pixels, as dragged. */
  sideWidth: number;
  bottomHeight: number;
  /** The side panels are hidden in a wide window; a narrow one starts without them anyway. */
  sideHidden: boolean;
  /** Lines of bounds in the timeline. */
  boundsShown: boolean;
  /** Bounds are measured when a run has ended. */
  boundsAfterRuns: boolean;
}

const initial = (): Preferences => ({
  theme: 'system',
  bottomTab: 'objects',
  folded: [],
  sideWidth: 290,
  bottomHeight: 270,
  sideHidden: false,
  boundsShown: true,
  boundsAfterRuns: true,
});

/** Preferences as stored; anything unreadable (older shape, hand-edited) falls back to the initial value, field by field. */
export function parsePreferences(text: string | null): Preferences {
  const preferences = initial();
  if (text === null) return preferences;
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return preferences; // damaged preferences are worth nothing to the user: start afresh
  }
  if (typeof stored !== 'object' || stored === null) return preferences;
  const { theme, bottomTab, folded, sideWidth, bottomHeight, sideHidden, boundsShown, boundsAfterRuns } =
    stored as Record<string, unknown>;
  if (theme === 'light' || theme === 'dark' || theme === 'system') preferences.theme = theme;
  if (typeof bottomTab === 'string') preferences.bottomTab = bottomTab;
  if (Array.isArray(folded)) preferences.folded = folded.filter((id): id is string => typeof id === 'string');
  if (typeof sideWidth === 'number' && sideWidth > 0) preferences.sideWidth = sideWidth;
  if (typeof bottomHeight === 'number' && bottomHeight > 0) preferences.bottomHeight = bottomHeight;
  if (typeof sideHidden === 'boolean') preferences.sideHidden = sideHidden;
  if (typeof boundsShown === 'boolean') preferences.boundsShown = boundsShown;
  if (typeof boundsAfterRuns === 'boolean') preferences.boundsAfterRuns = boundsAfterRuns;
  return preferences;
}
