/** Reads the walks of a fault in src-core/README.md and the functions of the files that they name. */
import ts from 'typescript';

export interface Hop {
  readonly file: string;
  /** A function, or a method of any class of the file. */
  readonly symbol: string;
}
export interface Walk {
  readonly name: string;
  /** As the text says. */
  readonly hops: number;
  /** The place where the walk begins, then one for each hop. */
  readonly places: readonly Hop[];
}

/** A walk is a list item: `- **name**, N hops: file · symbol → file · symbol …`. */
export function walksIn(text: string): Walk[] {
  return [...text.matchAll(/^- \*\*([\w-]+)\*\*, (\d+) hops[^:]*: ((?:.+\n?)(?: {2}.+\n?)*)/gm)].map((match) => ({
    name: match[1]!,
    hops: Number(match[2]),
    places: [...match[3]!.matchAll(/`([\w/.-]+) · (\w+)`/g)].map(([, file, symbol]) => ({
      file: file!,
      symbol: symbol!,
    })),
  }));
}

/** Names that a body calls, as `name(…)` or `anything.name(…)`. */
function callsOf(body: ts.Node): Set<string> {
  const called = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const { expression } = node;
      if (ts.isIdentifier(expression)) called.add(expression.text);
      else if (ts.isPropertyAccessExpression(expression)) called.add(expression.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(body);
  return called;
}

/** Functions and methods with a body, by name, with what they call. Methods of one name in several classes are one. */
export function functionsOf(text: string): Map<string, Set<string>> {
  const source = ts.createSourceFile('file.ts', text, ts.ScriptTarget.ES2022, true);
  const functions = new Map<string, Set<string>>();
  const visit = (node: ts.Node): void => {
    const isNamed = ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node) || ts.isPropertyDeclaration(node);
    const body = isNamed ? (ts.isPropertyDeclaration(node) ? node.initializer : node.body) : undefined;
    if (isNamed && body && node.name && ts.isIdentifier(node.name)) {
      const known = functions.get(node.name.text) ?? [];
      functions.set(node.name.text, new Set([...known, ...callsOf(body)]));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return functions;
}

/** What a function calls by itself or through others of its file. */
export function reachOf(functions: ReadonlyMap<string, Set<string>>, symbol: string): Set<string> {
  const reached = new Set<string>();
  const seen = new Set<string>();
  const pending = [symbol];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const called of functions.get(name) ?? []) {
      reached.add(called);
      if (functions.has(called)) pending.push(called);
    }
  }
  return reached;
}

/**
 * What is wrong with a walk; nothing where each symbol has a body in its file and its name is called by the hop before it, or
 * by an earlier one that goes on after that one returned.
 */
export function faultsOf({ places, hops }: Walk, read: (file: string) => string): string[] {
  const wrong: string[] = [];
  if (places.length - 1 !== hops) wrong.push(`has ${places.length - 1} hops, and says ${hops}`);
  const callers: { readonly hop: Hop; readonly calls: Set<string> }[] = [];
  for (const hop of places) {
    const functions = functionsOf(read(hop.file));
    if (!functions.has(hop.symbol)) wrong.push(`${hop.file} has no ${hop.symbol}`);
    while (callers.length > 0 && !callers.at(-1)!.calls.has(hop.symbol)) callers.pop();
    if (callers.length === 0 && hop !== places[0]) wrong.push(`nothing before it calls ${hop.file} · ${hop.symbol}`);
    if (callers.at(-1)?.hop.file === hop.file)
      wrong.push(`${hop.file} · ${hop.symbol} is no hop: it is in the same file`);
    callers.push({ hop, calls: reachOf(functions, hop.symbol) });
  }
  return wrong;
}
