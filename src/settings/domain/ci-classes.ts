import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { compileSchema } from './json-schema.js'
import type { PublishCiClasses } from './settings.commands.js'
import type { CiAttribute, CiClass, CiClassesPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/**
 * What kinds of configuration items there are, and what is recorded of each. Only new writes are checked by a new version:
 * what is stored keeps the version it was checked with, so a class may go while CIs of it are there. They can still be
 * renamed, retired and given another class.
 */
export const ciClassesDecider = versionedDecider<readonly CiClass[], PublishCiClasses, CiClassesPublished>({
  published: 'CiClassesPublished',
  contentOf: ({ classes }) => classes,
  check({ data: { classes } }) {
    const sound = soundSchemas(classes)
    const errors = classes.flatMap((one, index) => classErrors(one, index, classes, sound))
    if (errors.length > 0)
      throw new InvalidInput('SETTINGS.CI_CLASSES_MALFORMED', 'The classes are not well formed', errors)
    return { classes, warnings: classes.flatMap((one) => uselessness(one, classes)) }
  },
})

/**
 * Those that compile, by what they are. A compiler for each attribute would take seconds for a catalogue, on the thread that
 * appends: first all are tried as one, then each class by itself.
 */
function soundSchemas(classes: readonly CiClass[]): ReadonlySet<object> {
  const all = classes.map(({ attributes }) => Object.values(attributes).map(({ schema }) => schema))
  if (compile(all.flat())) return new Set(all.flat())
  return new Set(all.filter(compile).flat())
}

function compile(schemas: readonly CiAttribute['schema'][]): boolean {
  if (schemas.length === 0) return true
  try {
    compileSchema({ type: 'object', properties: { ...schemas } })
    return true
  } catch {
    return false
  }
}

/** The class and those above it, from the root; undefined: the tree does not end above it. */
function lineage({ name, parent }: CiClass, classes: readonly CiClass[]): readonly CiClass[] | undefined {
  const line: CiClass[] = []
  for (let above = parent; above !== null; ) {
    const found = classes.find((other) => other.name === above)
    if (found === undefined) return line
    if (found.name === name || line.includes(found)) return undefined
    line.unshift(found)
    above = found.parent
  }
  return line
}

function classErrors(
  one: CiClass,
  index: number,
  classes: readonly CiClass[],
  sound: ReadonlySet<object>,
): FieldError[] {
  const pointer = `/classes/${index}`
  const { name, label, parent, attributes } = one
  const errors: FieldError[] = []
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    errors.push({ pointer: `${pointer}/name`, message: 'must be lower-case words joined by dashes' })
  else if (classes.findIndex((other) => other.name === name) < index)
    errors.push({ pointer: `${pointer}/name`, message: 'stands twice' })
  if (label.trim() === '') errors.push({ pointer: `${pointer}/label`, message: 'is empty' })
  if (parent !== null && !classes.some((other) => other.name === parent))
    errors.push({ pointer: `${pointer}/parent`, message: `there is no class "${parent}"` })
  const above = lineage(one, classes)
  if (above === undefined)
    errors.push({
      pointer: `${pointer}/parent`,
      message: 'leads back to the class itself, or never to a root',
    })
  for (const [attribute, definition] of Object.entries(attributes)) {
    const place = `${pointer}/attributes/${attribute}`
    errors.push(...attributeErrors(place, attribute, definition, above ?? [], sound))
  }
  return errors
}

/** What a CI says besides its attributes: one of such a name could not be told from it in filters. */
const RESERVED = ['name', 'class', 'status']

function attributeErrors(
  pointer: string,
  name: string,
  { schema }: CiAttribute,
  above: readonly CiClass[],
  sound: ReadonlySet<object>,
): FieldError[] {
  if (!/^[a-z][A-Za-z0-9_]*$/.test(name))
    return [
      { pointer, message: 'must be letters, digits and underscores, the first one a lower-case letter' },
    ]
  if (RESERVED.includes(name)) return [{ pointer, message: `can't be ${RESERVED.join(', ')}` }]
  // One that says something else would let CIs of the class be none of the class above.
  const inherited = above.find(({ attributes }) => Object.hasOwn(attributes, name))
  if (inherited) return [{ pointer, message: `is an attribute of "${inherited.name}" already` }]
  if (!isSimple(schema) && !(schema.type === 'array' && isObject(schema.items) && isSimple(schema.items)))
    return [
      { pointer: `${pointer}/schema`, message: `needs a type: ${SIMPLE.join(', ')}, or array of these` },
    ]
  if (sound.has(schema)) return []
  try {
    compileSchema(schema)
    return []
  } catch (error) {
    return [{ pointer: `${pointer}/schema`, message: (error as Error).message }]
  }
}

const SIMPLE = ['string', 'number', 'integer', 'boolean']

function isSimple({ type }: Readonly<Record<string, unknown>>): boolean {
  return typeof type === 'string' && SIMPLE.includes(type)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function uselessness({ name, abstract }: CiClass, classes: readonly CiClass[]): string[] {
  return abstract && !classes.some(({ parent }) => parent === name)
    ? [`"${name}" is abstract and has no class below it: no CI can be of it`]
    : []
}
