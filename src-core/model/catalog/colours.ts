/**
 * Colours of what charts show, for the light and the dark theme. Hues come from Paul Tol's and Okabe and Ito's sets for
 * colour-blind readers; the dark theme lightens them, so that a series keeps its identity. Tables of this folder name
 * a colour by its key here; the window gets each as a custom property, `--orange`, reports the light one.
 */
export interface Colour {
  readonly light: string;
  readonly dark: string;
}

export const COLOURS = {
  sky: { light: '#8ec3ea', dark: '#3e78a8' },
  blue: { light: '#1a72b4', dark: '#6db7f2' },
  navy: { light: '#0b3a63', dark: '#c3e1fa' },
  sand: { light: '#f2c078', dark: '#a8713a' },
  orange: { light: '#d55e00', dark: '#f28c38' },
  brown: { light: '#7d3300', dark: '#fbd3a9' },
  ochre: { light: '#a9772b', dark: '#cf9c4d' },
  magenta: { light: '#b0479a', dark: '#dd7fc8' },
  violet: { light: '#7a6fd0', dark: '#a49bf0' },
  teal: { light: '#1f8f83', dark: '#4cc2b4' },
  olive: { light: '#6b7f2a', dark: '#a6bd57' },
  rose: { light: '#c9706b', dark: '#ec9a95' },
  indigo: { light: '#4a66c9', dark: '#8299ee' },
  green: { light: '#0f9d76', dark: '#3fc79d' },
  gold: { light: '#c29a14', dark: '#e0bd4b' },
  crimson: { light: '#c2336f', dark: '#ec6ba0' },
  azure: { light: '#3f8fd2', dark: '#7bbcf2' },
  lavender: { light: '#9a7bbd', dark: '#c4a8e4' },
  rust: { light: '#8a3b1f', dark: '#d98a6a' },
  ink: { light: '#14213d', dark: '#f4f6fb' },
  emerald: { light: '#0f8a6a', dark: '#5ee0b8' },
  purple: { light: '#6d3fc0', dark: '#c3a6ff' },
  mist: { light: '#9fb4d1', dark: '#4d6485' },
  'object-0': { light: '#4477aa', dark: '#6fa3d8' },
  'object-1': { light: '#d9822b', dark: '#f0a24f' },
  'object-2': { light: '#2f8f5b', dark: '#55b985' },
  'object-3': { light: '#aa3377', dark: '#d566a6' },
  'object-4': { light: '#59b4d4', dark: '#86d3ee' },
  'object-5': { light: '#b5a32a', dark: '#d8c855' },
  'object-6': { light: '#6b4fa3', dark: '#a58be0' },
  'object-7': { light: '#c8505f', dark: '#ee8490' },
  'object-8': { light: '#44998d', dark: '#6cc5b8' },
  'object-9': { light: '#8a6042', dark: '#bd9271' },
  'object-other': { light: '#a4abb5', dark: '#6a7380' },
} as const satisfies Readonly<Record<string, Colour>>;
export type ColourToken = keyof typeof COLOURS;

/** What a side does is drawn in its hue: reads light, faults and writes strong. */
export const processorColours = {
  cpu: { light: 'sky', strong: 'blue' },
  gpu: { light: 'sand', strong: 'orange' },
} as const satisfies Readonly<Record<'cpu' | 'gpu', Readonly<Record<'light' | 'strong', ColourToken>>>>;

const OBJECT_TOKENS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `object-${i}`) as readonly ColourToken[];

/** By the object's index in the run, so that table, timeline and charts agree; −1 is "other objects". */
export const objectColour = (object: number): ColourToken =>
  OBJECT_TOKENS[object < 0 ? -1 : object % OBJECT_TOKENS.length] ?? 'object-other';
