/** Titles of the examples that ship, from the files themselves. */
import type { Example, Platform } from '../contracts/platform';
import { readHead } from '../workload';

export async function exampleTitles(
  platform: Platform,
): Promise<readonly (Example & { title: string; summary: string })[]> {
  const described = [];
  for (const example of platform.examples()) {
    const source = await platform.source({ kind: 'example', id: example.id });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of source.chunks()) text += decoder.decode(chunk, { stream: true });
    const { name, about } = readHead(text, source.name);
    described.push({ ...example, title: name, summary: about });
  }
  return described;
}
