import { describe, expect, it } from 'vitest';
import { axisRange, axisSpan, axisValue, percent, shortCount } from '../../../src-renderer/widgets/format';
import { placeText } from '../../../src-renderer/widgets/place-text';

describe('numbers as people read them', () => {
  it('gives a position enough digits to distinguish it from its neighbours', () => {
    const at = 123_456_789_000; // 123.456789 ms
    expect(axisValue(at, 'time')).toBe('123 ms');
    expect(axisValue(at, 'time', 1_000_000)).toBe('123.457 ms');
    expect(axisValue(at, 'time', 1_000)).toBe('123.456789 ms');
    expect(axisRange({ from: at, to: at + 100_000_000 }, 'time')).toBe('123.457 ms – 123.557 ms');
  });

  it('never rounds a share to 0 % or 100 %', () => {
    expect(percent(0)).toBe('0 %');
    expect(percent(0.0004)).toBe('< 0.1 %');
    expect(percent(0.015)).toBe('1.5 %');
    expect(percent(0.9996)).toBe('99 %');
    expect(percent(1)).toBe('100 %');
  });

  it('shortens counts', () => {
    expect([7, 1500, 65_000, 1.26e9].map(shortCount)).toEqual(['7', '1.5 k', '65 k', '1.3 G']);
  });

  it('words places and lengths by the axis', () => {
    expect(axisValue(0, 'time')).toBe('0');
    expect(axisValue(1234, 'accesses')).toBe('access 1,234');
    expect(axisSpan(2_500_000, 'accesses')).toBe('2.5 M accesses');
    expect(axisRange({ from: 0, to: 3e9 }, 'time')).toBe('0 – 3 ms');
    expect(axisRange({ from: 10, to: 2000 }, 'accesses')).toBe('accesses 10 – 2,000');
  });

  it('says where a finding was made', () => {
    const finding = { kind: 'k', severity: 'warning', message: 'm', count: 1 } as const;
    expect(placeText({ ...finding, place: { file: 'a.yaml', line: 12, column: 3, path: 'phases[0]' } })).toBe(
      'a.yaml:12:3 phases[0]',
    );
    expect(placeText({ ...finding, place: { line: 4 } })).toBe('line:4');
    expect(placeText({ ...finding, place: { offset: 65_536 } })).toBe('byte 65,536');
    expect(placeText(finding)).toBe('');
  });
});
