/** Longest name that is compared letter by letter; longer ones only match exactly. */
const COMPARED_MAX = 64;

/** Edit distance (Levenshtein): insertions, deletions and replacements that turn a into b. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replace = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replace, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[b.length]!;
}

/** The known names that look most like `name`, best first: those that contain it, then small edit distances. */
export function nearestNames(name: string, known: Iterable<string>, most: number): readonly string[] {
  const wanted = name.toLowerCase();
  const scored: { readonly name: string; readonly score: number }[] = [];
  for (const candidate of new Set(known)) {
    const text = candidate.toLowerCase();
    if (text.length > COMPARED_MAX || wanted.length > COMPARED_MAX) continue;
    const contains = wanted.length >= 3 && text.length >= 3 && (text.includes(wanted) || wanted.includes(text));
    const score = contains ? 1 : distance(wanted, text);
    if (score <= Math.max(2, wanted.length / 2)) scored.push({ name: candidate, score });
  }
  scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return scored.slice(0, most).map((entry) => entry.name);
}
