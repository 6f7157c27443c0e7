import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatTime, parseBytes, parseTime } from '../../../src-core/base/units';

describe('parseBytes', () => {
  it.each([
    ['8B', 8],
    ['64KiB', 65_536],
    ['48MiB', 50_331_648],
    [' 1.5 GiB ', 1_610_612_736],
    ['2TiB', 2_199_023_255_552],
    ['0B', 0],
    ['1e3B', 1000],
  ])('reads %s', (text, expected) => {
    expect(parseBytes(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ['48MB', /"MB" is not one of the units/, '48MiB'],
    ['64k', /"k" is not one of the units/, '64KiB'],
    ['12', /a unit is missing/, '12B'],
    ['1.3KiB', /1331\.2 bytes; expected a whole number/, ''],
    ['', /not a quantity; expected a number and a unit/, '64MiB'],
    ['-4KiB', /not a quantity/, '64MiB'],
    ['0x10B', /not one of the units|not a quantity/, ''],
    ['many', /not a quantity/, '64MiB'],
  ])('refuses %s and says what to write', (text, message, advice) => {
    const result = parseBytes(text);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.error).toMatch(message);
    expect(result.error).toContain(advice);
  });
});

describe('parseTime', () => {
  it.each([
    ['3ms', 3e9],
    ['45us', 45e6],
    ['45µs', 45e6],
    ['120ns', 120_000],
    ['2s', 2e12],
    ['7ps', 7],
    ['1.5ns', 1500],
    ['0.4ps', 0],
  ])('reads %s', (text, expected) => {
    expect(parseTime(text)).toEqual({ ok: true, value: expected });
  });
  it.each(['3', '3min', 'soon', '-3ms', '3 m s'])('refuses %s', (text) => {
    expect(parseTime(text).ok).toBe(false);
  });
});

describe('formats', () => {
  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [65_536, '64 KiB'],
    [1_610_612_736, '1.5 GiB'],
    [-4096, '-4 KiB'],
    [5_636_096_000, '5.25 GiB'],
    [1024 * 1024 * 100.04, '100 MiB'],
  ])('%d bytes as %s', (value, text) => {
    expect(formatBytes(value)).toBe(text);
  });
  it.each([
    [0, '0 ps'],
    [21, '21 ps'],
    [1500, '1.5 ns'],
    [3e9, '3 ms'],
    [2.25e12, '2.25 s'],
  ])('%d ps as %s', (value, text) => {
    expect(formatTime(value)).toBe(text);
  });
  it.each([
    [0, '0'],
    [999, '999'],
    [835_584, '835,584'],
    [-1_234_567, '-1,234,567'],
    [1234.5678, '1,234.56'],
  ])('%d as %s', (value, text) => {
    expect(formatCount(value)).toBe(text);
  });
});
