import ts from 'typescript'
import { parse } from './imports.js'

/** Globals that tell the time, throw dice or act on the world. */
const IMPURE = new Set([
  'process',
  'performance',
  'crypto',
  'console',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'randomUUID',
  'globalThis',
])
const PURE_MEMBERS: Record<string, ReadonlySet<string> | undefined> = {
  Date: new Set(['parse', 'UTC']),
}

/** Expressions whose value does not follow from the arguments: `line: expression`. */
export function impureExpressions(file: string, text: string): string[] {
  const source = parse(file, text)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && isReference(node) && isImpure(node)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
      found.push(`${line}: ${node.parent.getText()}`)
    }
    if (!ts.isTypeNode(node)) ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isImpure(name: ts.Identifier): boolean {
  const { text, parent } = name
  if (IMPURE.has(text)) return true
  if (text === 'Math') return !(ts.isPropertyAccessExpression(parent) && parent.name.text !== 'random')
  if (text !== 'Date') return false
  if (ts.isNewExpression(parent)) return (parent.arguments?.length ?? 0) === 0
  if (ts.isBinaryExpression(parent)) return parent.operatorToken.kind !== ts.SyntaxKind.InstanceOfKeyword
  return !(ts.isPropertyAccessExpression(parent) && PURE_MEMBERS.Date?.has(parent.name.text))
}

/** Not the name of a member, a property or something declared here. */
function isReference(name: ts.Identifier): boolean {
  const { parent } = name
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === name
  if (ts.isPropertyAssignment(parent)) return parent.initializer === name
  if (ts.isBindingElement(parent)) return parent.initializer === name
  return !(
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isTypeReferenceNode(parent)
  )
}
