/** Aligned text tables: by default the first column to the left, numbers to the right. */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[] = header.map((_, column) => (column === 0 ? 'left' : 'right')),
): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const cell = (text: string, column: number): string =>
    align[column] === 'left' ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(cell).join('  ').trimEnd()).join('\n');
}

/** Label and value, values aligned to the right. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  const label = Math.max(...rows.map(([text]) => text.length));
  const value = Math.max(...rows.map(([, text]) => text.length));
  return rows.map(([name, text]) => `  ${name.padEnd(label)}  ${text.padStart(value)}`).join('\n');
}
