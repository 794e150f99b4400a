import { isDeepStrictEqual } from 'node:util'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type FieldError, fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import { DEFAULT_CI_CLASSES, lineageOf } from '../../settings/domain/defaults.js'
import type { CiAttribute, CiClass, CiClassesPublished } from '../../settings/domain/settings.events.js'
import type { AttributeChanges, Attributes, AttributeValue } from './configuration.events.js'

/** The classes in force. Version 0: nothing was published, the default holds. */
export interface ClassCatalogue {
  readonly version: number
  readonly classes: readonly CiClass[]
}

const catalogue: StreamFold<ClassCatalogue, CiClassesPublished> = {
  initial: { version: 0, classes: DEFAULT_CI_CLASSES },
  evolve: (known, event) => (event.type === 'CiClassesPublished' ? event.data : known),
}
/** Asks for the classes in force. */
export const CI_CLASSES = fact('settings-ci-classes', catalogue)

/** A class and those above it, from the root; empty: there is no such class. */
export function lineage({ classes }: ClassCatalogue, name: string): readonly CiClass[] {
  return lineageOf(classes, name)
}

/** Names of a class and of all below it. */
export function descendants(known: ClassCatalogue, name: string): readonly string[] {
  return known.classes
    .map((one) => one.name)
    .filter((other) => lineage(known, other).some((above) => above.name === name))
}

// Classes in force are one object for all decisions, and a pure function of them need not be asked twice.
const gathered = new WeakMap<readonly CiClass[], Map<string, Readonly<Record<string, CiAttribute>>>>()

/** All attributes that CIs of a class have, inherited ones first. */
export function attributesOf(known: ClassCatalogue, name: string): Readonly<Record<string, CiAttribute>> {
  const byName = gathered.get(known.classes) ?? new Map<string, Readonly<Record<string, CiAttribute>>>()
  gathered.set(known.classes, byName)
  const found = byName.get(name) ?? Object.assign({}, ...lineage(known, name).map((one) => one.attributes))
  byName.set(name, found)
  return found
}

/** @throws InvalidInput `CI.CLASS_UNKNOWN`, or `CI.CLASS_ABSTRACT` when only classes below it have CIs */
export function requireClass(known: ClassCatalogue, name: string): void {
  const found = known.classes.find((one) => one.name === name)
  if (found === undefined) {
    throw new InvalidInput(
      'CI.CLASS_UNKNOWN',
      `There is no class "${name}": publish it first, or choose one of GET /settings/ci-classes.`,
      [{ pointer: '/class', message: 'is no class' }],
    )
  }
  if (found.abstract) {
    throw new InvalidInput('CI.CLASS_ABSTRACT', `"${name}" is abstract: choose a class below it.`, [
      { pointer: '/class', message: 'is abstract' },
    ])
  }
}

// As with custom fields: a schema in force is one object for all decisions, Ajv is a pure function of schema and value,
// and schemas are not kept by their `$id`.
const ajv = new Ajv2020({ allErrors: true, strict: false, addUsedSchema: false })
addFormats.default(ajv)
const compiled = new WeakMap<object, ValidateFunction>()

function validatorOf(schema: CiAttribute['schema']): ValidateFunction {
  let validate = compiled.get(schema)
  if (validate === undefined) {
    validate = ajv.compile(schema)
    compiled.set(schema, validate)
  }
  return validate
}

/** What is wrong with these values for a class. null: taken away. `whole`: all that the CI has, so nothing may miss. */
function attributeErrors(
  definitions: Readonly<Record<string, CiAttribute>>,
  values: Readonly<Record<string, AttributeValue | null>>,
  whole: boolean,
): FieldError[] {
  const given = Object.entries(values).flatMap(([name, value]): FieldError[] => {
    const pointer = `/attributes/${name}`
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
    if (value === null) {
      return definition?.presence === 'required' ? [{ pointer, message: 'is required' }] : []
    }
    if (definition === undefined) return [{ pointer, message: 'is no attribute of the class' }]
    const validate = validatorOf(definition.schema)
    if (validate(value)) return []
    return (validate.errors ?? []).map(({ instancePath, message }) => ({
      pointer: pointer + instancePath,
      message: message ?? 'is not valid',
    }))
  })
  if (!whole) return given
  const missing = Object.entries(definitions).filter(
    ([name, { presence }]) => presence === 'required' && values[name] === undefined,
  )
  return [...given, ...missing.map(([name]) => ({ pointer: `/attributes/${name}`, message: 'is required' }))]
}

/**
 * Checks values against the class as it is in force.
 * @param whole these are all attributes of the CI; otherwise what is changed of them
 * @throws InvalidInput `CI.ATTRIBUTES_INVALID`, naming every attribute that is wrong
 */
export function requireAttributes(
  known: ClassCatalogue,
  ofClass: string,
  values: Readonly<Record<string, AttributeValue | null>>,
  whole: boolean,
): void {
  const errors = attributeErrors(attributesOf(known, ofClass), values, whole)
  if (errors.length === 0) return
  throw new InvalidInput(
    'CI.ATTRIBUTES_INVALID',
    `The attributes do not fit version ${known.version} of class "${ofClass}": correct those named in "errors".`,
    errors,
  )
}

/** The wished values that differ, each with what it was before. */
export function differences(
  present: Attributes,
  wished: Readonly<Record<string, AttributeValue | null>>,
): AttributeChanges {
  const changes: Record<string, AttributeChanges[string]> = {}
  for (const [name, after] of Object.entries(wished)) {
    const before = Object.hasOwn(present, name) ? present[name]! : null
    if (!isDeepStrictEqual(before, after)) changes[name] = { before, after }
  }
  return changes
}
