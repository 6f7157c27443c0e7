/** The Chromium to test with: the one FAULTLINE_CHROMIUM names, or one of the usual places. */
export function findChromium(): string | undefined;
