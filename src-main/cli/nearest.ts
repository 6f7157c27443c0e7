/** Smallest number of insertions, deletions and replacements that turn one word into the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** ` (did you mean "x"?)` for the most similar known word, or nothing when none is similar. */
export function didYouMean(word: string, known: readonly string[]): string {
  const lower = word.toLowerCase();
  const ranked = known
    .map((name) => ({
      name,
      steps: name.toLowerCase().startsWith(lower) && lower !== '' ? 0 : distance(lower, name.toLowerCase()),
    }))
    .sort((a, b) => a.steps - b.steps);
  const best = ranked[0];
  return best && best.steps <= Math.max(2, Math.floor(word.length / 3)) ? ` (did you mean "${best.name}"?)` : '';
}
