/** Stored in recordings and summaries: same scenario, seed and engine version, same bytes. Equals package.json. */
export const ENGINE_VERSION = '0.1.0';
