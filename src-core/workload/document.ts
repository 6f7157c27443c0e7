/**
 * Text → plain data with a place for every path. YAML 1.2 (core schema), of which JSON is a part. Hostile input is
 * bounded before the parser sees it: the yaml package spends microseconds per node and exhausts the native stack on
 * deep nesting, which cannot be caught.
 */
import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
} from 'yaml';
import { formatBytes, formatCount } from '../base/units';
import type { Finding } from '../model/finding';
import { MAX_ALIASES, MAX_DEPTH, MAX_FILE_BYTES, MAX_PROBLEMS, MAX_STRUCTURE_MARKS } from './limits';
import { formatPath, type Path, type Position, refuse } from './problems';

export interface SourceDocument {
  readonly data: unknown;
  /** Place of the value (or key) at a path; where the path leads nowhere, that of the nearest thing above it. */
  readonly place: (path: Path, atKey: boolean) => Position;
}

/** Throws Refusal for anything that is not one well-formed YAML or JSON document of sane size. */
export function readDocument(text: string, file: string): SourceDocument {
  const fail = (kind: string, message: string, position: Position = { line: 1, column: 1 }): never =>
    refuse([{ kind, severity: 'error', message, count: 1, place: { file, ...position } }]);
  refuseUnfitText(text, fail);

  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const position = lines.linePos(Math.max(0, offset));
    return { line: Math.max(1, position.line), column: Math.max(1, position.col) };
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const deep = deeperThan(tokens, MAX_DEPTH);
  if (deep !== undefined)
    return fail(
      'too-deep',
      `lists and maps are nested more than ${MAX_DEPTH} levels deep; workloads need at most 12`,
      at(deep),
    );
  const documents = [...new Composer({ version: '1.2', schema: 'core', uniqueKeys: false }).compose(tokens, true)];
  const [document] = documents;
  if (!document) return fail('empty-file', 'the file is empty; expected a workload that starts with "faultline: 1"');

  const findings: Finding[] = [...document.errors, ...document.warnings].map((error) => ({
    kind: 'yaml-syntax',
    severity: 'error',
    message: `${(error.message.split('\n')[0] ?? '').slice(0, 200)}; expected YAML 1.2 or JSON without custom tags`,
    count: 1,
    place: { file, ...at(error.pos[0]) },
  }));
  if (documents[1])
    findings.push({
      kind: 'yaml-syntax',
      severity: 'error',
      message: 'a second document starts here; expected one workload per file',
      count: 1,
      place: { file, ...at(documents[1].range[0]) },
    });
  collectNodeProblems(document, file, at, findings);
  if (findings.length > 0) return refuse(findings);
  return {
    data: toPlain(document, fail),
    place: (path, atKey) => at(locate(document, path, atKey)),
  };
}

type Fail = (kind: string, message: string, position?: Position) => never;

function refuseUnfitText(text: string, fail: Fail): void {
  if (text.trim() === '' || text.trim() === '\uFEFF')
    fail('empty-file', 'the file is empty; expected a workload that starts with "faultline: 1"');
  if (text.length > MAX_FILE_BYTES / 4) {
    const size = new TextEncoder().encode(text).length;
    if (size > MAX_FILE_BYTES)
      fail(
        'file-too-large',
        `the file has ${formatBytes(size)}; the maximum for a workload file is ${formatBytes(MAX_FILE_BYTES)}. Describe repeated work with "repeat"; a list of accesses belongs in a trace (CSV)`,
      );
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const garbage = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\uFFFD]/.exec(text);
  if (garbage) {
    const before = text.slice(0, garbage.index).split('\n');
    fail('not-text', 'the file is not text; expected a workload in YAML or JSON (UTF-8)', {
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
    });
  }
  let marks = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // [ { , : line end, and the dash or question mark that opens a block entry
    if (code === 91 || code === 123 || code === 44 || code === 58 || code === 10) marks++;
    else if ((code === 45 || code === 63) && text.charCodeAt(i + 1) <= 32) marks++;
  }
  if (marks > MAX_STRUCTURE_MARKS)
    fail(
      'file-too-large',
      `the file has ${formatCount(marks)} brackets, commas, colons and lines; the maximum is ${formatCount(MAX_STRUCTURE_MARKS)}. Describe repeated work with "repeat"; a list of accesses belongs in a trace (CSV)`,
    );
}

interface Token {
  readonly offset?: number;
  readonly value?: unknown;
  readonly items?: readonly { readonly key?: unknown; readonly value?: unknown }[];
}

/** Offset of the first thing below `limit` levels, level by level because the native stack is the danger. */
function deeperThan(tokens: readonly unknown[], limit: number): number | undefined {
  let level: readonly unknown[] = tokens;
  for (let depth = -1; level.length > 0; depth++) {
    const below: unknown[] = [];
    for (const entry of level) {
      if (typeof entry !== 'object' || entry === null) continue;
      const token = entry as Token;
      if (depth > limit) return token.offset ?? 0;
      if (token.items) for (const item of token.items) below.push(item.key, item.value);
      else if (typeof token.value === 'object') below.push(token.value);
    }
    level = below;
  }
  return undefined;
}

/** Keys are words and unique, aliases have an anchor. The yaml package compares all pairs of keys; a set does not. */
function collectNodeProblems(
  document: Document.Parsed,
  file: string,
  at: (offset: number) => Position,
  findings: Finding[],
): void {
  const report = (node: unknown, path: Path, kind: string, message: string): void => {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    findings.push({
      kind,
      severity: 'error',
      message,
      count: 1,
      place: { file, ...at(offset), path: formatPath(path) },
    });
  };
  const anchors = new Set<string>();
  const walk = (node: unknown, path: Path): void => {
    if (findings.length > MAX_PROBLEMS) return;
    if (isAlias(node) && !anchors.has(node.source))
      report(node, path, 'yaml-alias', `there is no anchor &${node.source} before this alias; write the value out`);
    if ((isCollection(node) || isScalar(node)) && node.anchor !== undefined) anchors.add(node.anchor);
    if (isSeq(node)) node.items.forEach((item, index) => walk(item, [...path, index]));
    if (!isMap(node)) return;
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = keyText(pair.key);
      if (key === null || key === '__proto__') {
        report(pair.key, path, 'bad-key', `${key ?? 'this'} cannot be a key; expected a word`);
        continue;
      }
      const here = [...path, key];
      if (seen.has(key)) report(pair.key, here, 'duplicate-key', `"${key}" is given twice; keep one of them`);
      seen.add(key);
      walk(pair.value, here);
    }
  };
  walk(document.contents, []);
}

/** The word of a key; null for a key that is none. */
function keyText(key: unknown): string | null {
  if (!isScalar(key)) return null;
  return typeof key.value === 'string' || typeof key.value === 'number' ? `${key.value}` : null;
}

function toPlain(document: Document.Parsed, fail: Fail): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    // The yaml package reports alias bombs, and aliases inside their own anchor, by throwing ReferenceError.
    if (cause instanceof ReferenceError)
      return fail(
        'yaml-alias',
        `${cause.message}; aliases can repeat at most ${MAX_ALIASES} nodes; write the values out`,
      );
    throw cause;
  }
}

/** Byte offset of the node that a path leads to. */
function locate(document: Document.Parsed, path: Path, atKey: boolean): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (!isCollection(node)) return offset;
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item.key) === String(part));
      if (!pair) return offset;
      const key = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = isNode(pair.value) ? pair.value : null;
      offset = atKey && depth === path.length - 1 ? key : (node?.range?.[0] ?? key);
    } else {
      const item: unknown = node.items[Number(part)];
      if (!isNode(item)) return offset;
      node = item;
      offset = node.range?.[0] ?? offset;
    }
  }
  return offset;
}
