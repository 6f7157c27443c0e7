import { err, type Result } from '../base/result';
import { bytesPerSecond, GIB, KIB, MIB, TIB, type BytesPerSecond } from '../base/units';

/** Rates are printed with both decimal and binary units (448 GB/s of DRAM, 12 GiB/s of link), so both are read. */
const RATE_UNITS: Readonly<Record<string, number>> = {
  'B/s': 1,
  'KiB/s': KIB,
  'MiB/s': MIB,
  'GiB/s': GIB,
  'TiB/s': TIB,
  'KB/s': 1e3,
  'MB/s': 1e6,
  'GB/s': 1e9,
  'TB/s': 1e12,
};

/** Parses `24GiB/s`, `448 GB/s`. */
export function parseRate(text: string): Result<BytesPerSecond, string> {
  const match = /^\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+\/s)\s*$/.exec(text);
  const factor = RATE_UNITS[match?.[2] ?? ''];
  if (factor === undefined)
    return err(
      `"${text}" is not a rate; expected a number and a unit (${Object.keys(RATE_UNITS).join(', ')}), such as 24GiB/s`,
    );
  return { ok: true, value: bytesPerSecond(Number(match?.[1]) * factor) };
}
