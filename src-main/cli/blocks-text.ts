/** Report blocks as text for a terminal. */
import type { ReportBlock } from '../../src-core/model/report';
import { facts, textTable } from './table';

/** A terminal is about this wide; longer paragraphs are broken at spaces. */
const WIDTH = 110;

export const blocksText = (blocks: readonly ReportBlock[]): string =>
  blocks.map(blockText).filter(Boolean).join('\n\n');

function blockText(block: ReportBlock): string {
  switch (block.kind) {
    case 'heading':
      return block.text;
    case 'paragraph':
      return wrap(block.text);
    case 'facts':
      return facts(block.facts.map(({ label, value }) => [label, value]));
    case 'table':
      return `${wrap(block.caption)}\n${textTable(
        block.columns.map(({ title }) => title),
        block.rows,
        block.columns.map(({ align }) => align),
      )}`;
    case 'code':
      return block.text;
    case 'chart':
      return ''; // a terminal draws none
  }
}

function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.length > 0 && line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line.length > 0 ? `${line} ${word}` : word;
  }
  return lines.join('\n');
}
