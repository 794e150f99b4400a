/** A JSON Schema as the generator writes it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** Say nothing about which values are valid. */
const ANNOTATIONS = new Set(['$schema', '$id', '$comment', 'title', 'description', 'examples', 'default'])
/** Compared by {@link breakingChanges} each in its own way. */
const UNDERSTOOD = [
  'type',
  'const',
  'enum',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
]

/**
 * What in `after` events written by `before`, or readers made for it, can't take; empty when the change only adds. Only
 * these add: a new optional property, and a new value in a list of values. All else needs a new schema version.
 * @returns one sentence per change, each beginning with a JSON pointer into the data (`/hold/reason`)
 */
export function breakingChanges(before: JsonSchema, after: JsonSchema, at = ''): string[] {
  return [
    ...typeChanges(before, after, at),
    ...valueChanges(before, after, at),
    ...propertyChanges(before, after, at),
    ...nestedChanges(before.items, after.items, `${at}/*`, 'items'),
    ...nestedChanges(
      before.additionalProperties,
      after.additionalProperties,
      `${at}/*`,
      'further properties',
    ),
    ...alternativeChanges(before, after, at),
    ...otherChanges(before, after, at),
  ]
}

function typeChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const [was, is] = [before, after].map(({ type }) => JSON.stringify([type].flat().sort()))
  return was === is ? [] : [`${at || '/'}: the type was ${was} and is ${is}`]
}

function valueChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const was = valuesOf(before)
  const is = valuesOf(after)
  if (was === undefined && is === undefined) return []
  if (was === undefined || is === undefined) return [`${at || '/'}: is a list of values in one version only`]
  const gone = was.filter((value) => !is.includes(value))
  return gone.map((value) => `${at || '/'}: the value ${value} is gone`)
}

/** As JSON text, so that they can be compared; undefined: any value of the type. */
function valuesOf({ const: only, enum: list }: JsonSchema): string[] | undefined {
  if (Array.isArray(list)) return list.map((value) => JSON.stringify(value))
  return only === undefined ? undefined : [JSON.stringify(only)]
}

function propertyChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const was = (before.properties ?? {}) as Record<string, JsonSchema>
  const is = (after.properties ?? {}) as Record<string, JsonSchema>
  const mustBefore = new Set(before.required as string[] | undefined)
  const mustNow = new Set(after.required as string[] | undefined)
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((name) => {
    const pointer = `${at}/${name}`
    const [earlier, later] = [was[name], is[name]]
    if (later === undefined) return [`${pointer}: is gone`]
    if (earlier === undefined) return mustNow.has(name) ? [`${pointer}: is new and required`] : []
    const required =
      mustBefore.has(name) === mustNow.has(name)
        ? []
        : [`${pointer}: ${mustNow.has(name) ? 'has become required' : 'is no longer required'}`]
    return [...required, ...breakingChanges(earlier, later, pointer)]
  })
}

function nestedChanges(before: unknown, after: unknown, at: string, what: string): string[] {
  if (isSchema(before) && isSchema(after)) return breakingChanges(before, after, at)
  return before === after ? [] : [`${at}: ${what} are described differently`]
}

/** Alternatives (`anyOf`) have no names, so each must have an equivalent, and none may be added. */
function alternativeChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const was = (before.anyOf ?? []) as JsonSchema[]
  const is = (after.anyOf ?? []) as JsonSchema[]
  const fits = was.every((earlier) => is.some((later) => breakingChanges(earlier, later).length === 0))
  return fits && was.length === is.length ? [] : [`${at || '/'}: the alternatives have changed`]
}

function otherChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((keyword) => !ANNOTATIONS.has(keyword) && !UNDERSTOOD.includes(keyword))
    .filter((keyword) => JSON.stringify(before[keyword]) !== JSON.stringify(after[keyword]))
    .map((keyword) => `${at || '/'}: "${keyword}" has changed`)
}

/** The schema without what only describes it: equal results accept equal values. */
export function withoutAnnotations(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutAnnotations)
  if (!isSchema(schema)) return schema
  const kept = Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.has(keyword))
  return Object.fromEntries(
    kept.map(([keyword, value]) => [
      keyword,
      keyword === 'properties' ? mapProperties(value as JsonSchema) : withoutAnnotations(value),
    ]),
  )
}

/** Here the keys are names of the business (`description`, `title`), not keywords. */
function mapProperties(properties: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, withoutAnnotations(schema)]),
  )
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
