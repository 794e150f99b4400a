import { validatorOf } from '#libs/custom-fields'
import type { FieldError } from '#libs/event-sourcing'
import type { CiAttribute, CiClass } from './settings.events.js'

/** What classes say of values: for those who write them, and for those who propose them. */

/** A class and those above it, from the root; empty: there is no such class. */
export function lineageOf(classes: readonly CiClass[], name: string): readonly CiClass[] {
  const line: CiClass[] = []
  let found = classes.find((one) => one.name === name)
  while (found !== undefined) {
    line.unshift(found)
    const { parent } = found
    found = parent === null ? undefined : classes.find((one) => one.name === parent)
  }
  return line
}

// Classes in force are one object for all decisions, and a pure function of them need not be asked twice.
const gathered = new WeakMap<readonly CiClass[], Map<string, Readonly<Record<string, CiAttribute>>>>()

/** All attributes that CIs of a class have, inherited ones first. */
export function attributesOf(
  classes: readonly CiClass[],
  name: string,
): Readonly<Record<string, CiAttribute>> {
  const byName = gathered.get(classes) ?? new Map<string, Readonly<Record<string, CiAttribute>>>()
  gathered.set(classes, byName)
  const found =
    byName.get(name) ?? Object.assign({}, ...lineageOf(classes, name).map((one) => one.attributes))
  byName.set(name, found)
  return found
}

function noAttribute(definitions: Readonly<Record<string, CiAttribute>>): string {
  const names = Object.keys(definitions)
  return `is no attribute of the class; ${names.length > 0 ? `it has ${names.join(', ')}` : 'it has none'}`
}

/**
 * What is wrong with these values of a CI.
 * @param definitions of its class: {@link attributesOf}
 * @param values null: taken away
 * @param whole all that the CI has, so nothing may miss
 * @param under where they stand in what was sent
 */
export function attributeErrors(
  definitions: Readonly<Record<string, CiAttribute>>,
  values: Readonly<Record<string, unknown>>,
  whole: boolean,
  under = '/attributes',
): FieldError[] {
  const given = Object.entries(values).flatMap(([name, value]): FieldError[] => {
    const pointer = `${under}/${name}`
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
    if (value === null) {
      return definition?.presence === 'required' ? [{ pointer, message: 'is required' }] : []
    }
    if (definition === undefined) return [{ pointer, message: noAttribute(definitions) }]
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
  return [...given, ...missing.map(([name]) => ({ pointer: `${under}/${name}`, message: 'is required' }))]
}
