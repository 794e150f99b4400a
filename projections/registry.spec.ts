import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROLES } from '#libs/access'
import { collectionSchemas, type ReadModelDefinition } from '#libs/projections-runtime'
import { type CollectionSchema, checkSchema, columnsOf, filterable, matches } from '#libs/read-store'
import { principal } from './principals.fixture.js'
import { projectionRegistry } from './registry.js'

/** Files that may hold a definition, by path from here. */
function sourceFiles(folder = __dirname): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(path) && path !== 'registry.ts')
    .sort()
}

function definitionsIn(path: string): ReadModelDefinition[] {
  const exported: unknown[] = Object.values(require(join(__dirname, path)))
  return exported.filter((value): value is ReadModelDefinition =>
    ['projection', 'view'].includes((value as ReadModelDefinition | undefined)?.kind ?? ''),
  )
}

function missingFrom(registry: readonly ReadModelDefinition[]): string[] {
  return sourceFiles()
    .flatMap(definitionsIn)
    .filter((definition) => !registry.includes(definition))
    .map(({ name }) => name)
}

describe('The registry', () => {
  it('has every definition of this folder', () => {
    expect(missingFrom(projectionRegistry)).toEqual([])
  })

  it.each(projectionRegistry.map(({ name }) => name))('would be refused without %s', (name) => {
    expect(missingFrom(projectionRegistry.filter((definition) => definition.name !== name))).toEqual([name])
  })

  it('names every definition and every collection once', () => {
    const names = projectionRegistry.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const collections = projectionRegistry.flatMap(collectionSchemas).map(({ name }) => name)
    expect(new Set(collections).size).toBe(collections.length)
  })
})

it('The table of the README has every folder of definitions', () => {
  const rows = readFileSync(join(__dirname, 'README.md'), 'utf8').matchAll(/^\| `([a-z-]+)`/gm)
  const folders = sourceFiles()
    .filter((path) => definitionsIn(path).length > 0)
    .map((path) => path.split('/')[0])
  expect([...new Set([...rows].map(([, folder]) => folder))].sort()).toEqual([...new Set(folders)].sort())
})

describe('Every collection', () => {
  const rules = projectionRegistry.flatMap((definition) =>
    definition.kind === 'view'
      ? Object.entries(definition.collections).map(([name, { rows, parts }]) => ({ name, rows, parts }))
      : [{ name: definition.name, rows: definition.rows, parts: definition.parts }],
  )
  const schemas = new Map(
    projectionRegistry.flatMap(collectionSchemas).map((schema) => [schema.name, schema]),
  )

  it.each([...schemas.values()])('$name can be held by a store', (schema) => {
    expect(() => checkSchema(schema)).not.toThrow()
  })

  it.each(rules)('$name shows nothing to a principal without a role', ({ rows }) => {
    const document = { audienceKind: 'public', state: 'New', visibleTo: ['person-ann'] }
    expect(matches(rows(principal('person-ann', [])), document)).toBe(false)
  })

  it.each(rules)('$name counts a row once, and none that its list has not', ({ rows, parts }) => {
    const reader = principal('person-ann', ['agent', 'analyst'], ['group-mail'])
    const document = { state: 'New', visibleTo: ['person-ann'], assignmentGroup: 'group-mail' }
    for (const audienceKind of ['public', 'participants', 'groups']) {
      const counted = parts?.(reader).filter((part) => matches(part, { ...document, audienceKind })).length
      expect(counted).toBe(matches(rows(reader), { ...document, audienceKind }) ? 1 : 0)
    }
  })

  it.each(rules)('$name can be filtered by what its rule asks', ({ name, rows }) => {
    const offered = filterable(schemas.get(name) as CollectionSchema)
    for (const role of ROLES)
      for (const column of columnsOf(rows(principal('person-ann', [role], ['group-mail']))))
        expect(offered).toContain(column)
  })
})
