import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js'
import { ValidationTypes, validateSync } from 'class-validator'
import fc from 'fast-check'
import { CLASS_VALIDATOR_OPTIONS } from '../validation/compiled-dto.js'
import { compile, type DtoClass, isNullable } from '../validation/index.js'
import { groupByProperty, mayBeAbsent, propertyMetadata } from '../validation/json-schema.js'

/** Texts on which validators and schemas like to differ. */
const AWKWARD_TEXTS = [
  '',
  ' ',
  'a@b',
  'a@b.c',
  'ada@example.org',
  'Ada <ada@example.org>',
  'a..b@example.org',
  '"q q"@example.org',
  'ada@[127.0.0.1]',
  'ada@example',
  'ada@-example.org',
  'http://example.org',
  'example.org',
  '//x',
  'ftp://x.org',
  '2024-02-30',
  '2024-02-29T24:00:00Z',
  '2024-02-29T10:00:00Z',
  '2024-02-30T10:00:00Z',
  '2024-02-29T10:00:00',
  '2016-12-31T23:59:60Z',
  '0',
  '-1',
  '1e3',
  'true',
  'null',
  '\u{1F600}',
  '\u{1F600}'.repeat(50),
  'a\uFE0F',
  'x'.repeat(300),
  'ce0d8b9e-7b1c-4f8e-8d3a-0a5f3c7d9e1b',
  'CE0D8B9E7B1C4F8E8D3A0A5F3C7D9E1B',
]

/**
 * Asserts that the compiled check of a class says what class-validator says, on the samples and on `runs` mutations of
 * them (fields dropped, added, replaced by awkward or arbitrary JSON). Three rules of the house count as class-validator's:
 * null only where `@Nullable()`, every field present unless `@IsOptional()`, and a list exactly where a list is declared.
 * @param valid samples that both must accept
 * @throws Error showing the smallest value on which they differ
 */
export function expectSameVerdict<T extends object>(
  dto: DtoClass<T>,
  valid: readonly object[],
  runs = 500,
): void {
  const check = compile(dto)
  for (const sample of valid) {
    if (!check.accepts(sample)) throw new Error(`${dto.name} refuses ${JSON.stringify(sample)}`)
    if (!referenceVerdict(dto, sample)) throw new Error(`class-validator refuses ${JSON.stringify(sample)}`)
  }
  fc.assert(
    fc.property(mutationOf(dto, valid), (value) => {
      const [ours, reference] = [check.accepts(value), referenceVerdict(dto, value)]
      if (ours !== reference) throw new Error(`the schema says ${ours}, class-validator says ${reference}`)
    }),
    { numRuns: runs },
  )
}

/** class-validator's verdict together with the rules of the house. */
export function referenceVerdict<T extends object>(dto: DtoClass<T>, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return (
    keepsHouseRules(dto, value) &&
    validateSync(compile(dto).instance(value), CLASS_VALIDATOR_OPTIONS).length === 0
  )
}

function keepsHouseRules(dto: DtoClass, value: object): boolean {
  return [...groupByProperty(propertyMetadata(dto))].every(([name, rules]) => {
    const field = (value as Record<string, unknown>)[name]
    const left = rules.some((rule) => mayBeAbsent(rule) && rule.name !== 'isOptional')
    if (left) return true
    if (field === undefined) return rules.some(mayBeAbsent)
    if (field === null) return isNullable(dto, name)
    const list = rules.some((rule) => rule.each) || designType(dto, name) === Array
    const nested = rules.find((rule) => rule.type === ValidationTypes.NESTED_VALIDATION)
    if (nested) return keepsNestedRules(nestedClass(nested), list, field)
    return Array.isArray(field) || !list
  })
}

/** class-validator takes a list for an object, an object for a list, and lists in lists; the house does not. */
function keepsNestedRules(dto: DtoClass, list: boolean, field: unknown): boolean {
  const objects = list && Array.isArray(field) ? field : list ? [null] : [field]
  return objects.every(
    (item) => typeof item === 'object' && item !== null && !Array.isArray(item) && keepsHouseRules(dto, item),
  )
}

function nestedClass({ target, propertyName }: { target: DtoClass; propertyName: string }): DtoClass {
  const declared = defaultMetadataStorage.findTypeMetadata(target, propertyName)?.typeFunction()
  return (declared ?? designType(target, propertyName)) as DtoClass
}

function designType(dto: DtoClass, property: string): unknown {
  return Reflect.getMetadata('design:type', dto.prototype, property)
}

function mutationOf(dto: DtoClass, valid: readonly object[]): fc.Arbitrary<unknown> {
  const names = [...groupByProperty(propertyMetadata(dto)).keys()]
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(...AWKWARD_TEXTS, null, 0, -1, 1, 1.5, 1e15, true, [], {}),
    fc.string({ unit: 'grapheme' }),
    fc.jsonValue({ maxDepth: 2 }),
  )
  const change = fc.tuple(
    fc.constantFrom(...names, 'unknownField'),
    fc.constantFrom('drop', 'set', 'wrap', 'inner'),
    leaf,
  )
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(change, { minLength: 1, maxLength: 2 }))
    .map(([sample, changes]) => {
      const value = structuredClone(sample) as Record<string, unknown>
      for (const [name, kind, replacement] of changes) {
        if (kind === 'drop') delete value[name]
        else if (kind === 'wrap') value[name] = [value[name] ?? replacement]
        else if (kind === 'inner') changeInside(value, name, replacement)
        else value[name] = replacement
      }
      return JSON.parse(JSON.stringify(value))
    })
}

/** Replaces the first member inside an object or list, so that nested classes are tried as well. */
function changeInside(value: Record<string, unknown>, name: string, replacement: unknown): void {
  const inner = value[name]
  if (typeof inner !== 'object' || inner === null) return
  const [key] = Object.keys(inner)
  ;(inner as Record<string, unknown>)[key ?? 'unknownField'] = replacement
}
