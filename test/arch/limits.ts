/** Reads code with the TypeScript compiler and reports what is larger than STYLE allows. */
import ts from 'typescript';

export const limits = {
  'class-members': 25,
  'optional-members': 8,
  parameters: 6,
  'function-lines': 60,
} as const;
export type Limit = keyof typeof limits;

export interface Excess {
  readonly limit: Limit;
  /** `file.ts Class.method`, below the project root. */
  readonly place: string;
  readonly size: number;
}

/** The script of a Vue component; other code as it is. */
const scriptOf = (path: string, text: string): string =>
  path.endsWith('.vue')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? '').join('\n')
    : text;

/** Names of the declarations around a node, outermost first: `Recorder.transfer`. */
function nameOf(node: ts.Node): string {
  const parts: string[] = [];
  for (let at: ts.Node = node; !ts.isSourceFile(at); at = at.parent) {
    if (ts.isConstructorDeclaration(at)) parts.unshift('constructor');
    const name = ts.isParameter(at) ? undefined : (at as ts.NamedDeclaration).name;
    if (name && (ts.isIdentifier(name) || ts.isStringLiteral(name) || ts.isPrivateIdentifier(name)))
      parts.unshift(name.text);
  }
  return parts.join('.') || 'anonymous';
}

/** Members of a class; parameters of the constructor that are members too, and the constructor itself. */
const membersOf = (node: ts.ClassLikeDeclaration): number =>
  node.members.length +
  node.members
    .filter((member) => ts.isConstructorDeclaration(member))
    .flatMap((member) => [...member.parameters])
    .filter((parameter) => ts.isParameterPropertyDeclaration(parameter, parameter.parent)).length;

const optionalOf = (members: ts.NodeArray<ts.TypeElement>): number =>
  members.filter((member) => member.questionToken !== undefined).length;

/** What of a file is over a limit. */
export function excessesOf(path: string, text: string): Excess[] {
  const source = ts.createSourceFile(path, scriptOf(path, text), ts.ScriptTarget.ES2022, true);
  const found: Excess[] = [];
  const check = (limit: Limit, node: ts.Node, size: number): void => {
    if (size > limits[limit]) found.push({ limit, place: `${path} ${nameOf(node)}`, size });
  };
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) check('class-members', node, membersOf(node));
    if (ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node))
      check('optional-members', node, optionalOf(node.members));
    if (ts.isFunctionLike(node)) {
      check('parameters', node, node.parameters.length);
      if ('body' in node && node.body)
        check('function-lines', node, lineAt(node.end) - lineAt(node.getStart(source)) + 1);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
