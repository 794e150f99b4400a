import { readdirSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import ts from 'typescript'

/** One import as a file states it. Paths are those of the repository, with slashes and without an ending. */
export interface Import {
  /** `src/incidents/domain/incident.decider` */
  readonly from: string
  /** `libs/event-store/sqlite/index`, or a package's name: `luxon`, `node:fs`, `@nestjs/common`. */
  readonly to: string
  /** Nothing of it is left when the program runs. */
  readonly typeOnly: boolean
  /** By `import()` or `require()`: not before that is called. */
  readonly deferred: boolean
  /** 1-based. */
  readonly line: number
}

/** All TypeScript files below the folders, as paths of the repository. */
export function sourceFiles(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')),
  )
}

export function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
}

/** Every import of a file: declarations, re-exports, `import()` and `require()` of a literal, and types `import('...')`. */
export function importsOf(file: string, text: string): Import[] {
  const source = parse(file, text)
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    const stated = statedImport(node)
    if (stated !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
      found.push({
        from: withoutEnding(file),
        to: target(file, stated.specifier),
        typeOnly: stated.typeOnly,
        deferred: ts.isCallExpression(node),
        line,
      })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Packages that a program loads when it starts, each with the file that states it first. */
export function loadedPackages(entry: string, read: (file: string) => string): Map<string, string> {
  const packages = new Map<string, string>()
  const seen = new Set([entry])
  for (const file of seen)
    for (const { to, typeOnly, deferred } of importsOf(file, read(file))) {
      if (typeOnly || deferred) continue
      if (/^(src|libs|projections)\//.test(to)) seen.add(`${to}.ts`)
      else if (!packages.has(to)) packages.set(to, file)
    }
  return packages
}

function statedImport(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) return literal(node.moduleSpecifier, isTypeOnlyClause(node.importClause))
  if (ts.isExportDeclaration(node)) return literal(node.moduleSpecifier, node.isTypeOnly)
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return literal(node.argument.literal, true)
  if (ts.isCallExpression(node) && /^(import|require)$/.test(node.expression.getText())) {
    return literal(node.arguments[0], false)
  }
  return undefined
}

function literal(node: ts.Node | undefined, typeOnly: boolean) {
  return node !== undefined && ts.isStringLiteralLike(node) ? { specifier: node.text, typeOnly } : undefined
}

/** `import type {...}`, and `import { type A, type B }`. */
function isTypeOnlyClause(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.isTypeOnly) return true
  const { name, namedBindings } = clause
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false
  return namedBindings.elements.length > 0 && namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly)
}

function target(file: string, specifier: string): string {
  if (specifier.startsWith('#libs/')) return `libs/${specifier.slice('#libs/'.length)}/index`
  if (specifier.startsWith('#projections/')) return `projections/${specifier.slice('#projections/'.length)}`
  if (specifier.startsWith('.')) return withoutEnding(posix.join(posix.dirname(file), specifier))
  const parts = specifier.split('/')
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}

function withoutEnding(path: string): string {
  return path.replace(/\.(js|ts)$/, '')
}
