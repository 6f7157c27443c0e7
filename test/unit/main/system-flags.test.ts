import { describe, expect, it } from 'vitest';
import { formatSystemFlag, parseSystemFlag, parseSystemList } from '../../../src-core/session/run-flags';

describe('a memory system as a flag', () => {
  it('has its parameters after commas, each with its kind of value', () => {
    expect(parseSystemFlag('hmm,thp=always, contents=true ,hostMemory=64')).toEqual({
      ok: true,
      value: { id: 'hmm', params: { thp: 'always', contents: true, hostMemory: 64 } },
    });
  });

  it.each(['hmm', 'hmm,thp=always,contents=false,hostMemory=64'])('is written as it is read: %s', (text) => {
    const parsed = parseSystemFlag(text);
    expect(parsed.ok && formatSystemFlag(parsed.value)).toBe(text);
  });

  it.each([
    ['', /name is missing; write hmm or hmm,thp=always/],
    [',thp=always', /name is missing/],
    ['hmm,thp', /"thp" is not a parameter; write hmm,name=value/],
    ['hmm,=always', /is not a parameter/],
    ['hmm,thp=', /is not a parameter/],
    ['hmm,thp=never,thp=always', /parameter "thp" is given twice/],
  ])('"%s" is refused with what is right', (text, message) => {
    const parsed = parseSystemFlag(text);
    expect(parsed.ok ? 'accepted' : parsed.error).toMatch(message);
  });
});

describe('a list of memory systems', () => {
  it('has their parameters after colons', () => {
    expect(parseSystemList('hmm:thp=always:profile=612, copy ,hmm')).toEqual({
      ok: true,
      value: [
        { id: 'hmm', params: { thp: 'always', profile: 612 } },
        { id: 'copy', params: {} },
        { id: 'hmm', params: {} },
      ],
    });
  });

  it.each([
    ['hmm,,copy', /name is missing/],
    ['hmm,thp=always', /"thp=always": a parameter belongs to its system: write hmm:thp=always/],
    ['hmm:thp', /"thp" is not a parameter/],
  ])('"%s" is refused with what is right', (text, message) => {
    const parsed = parseSystemList(text);
    expect(parsed.ok ? 'accepted' : parsed.error).toMatch(message);
  });
});
