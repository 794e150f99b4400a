import { isDeepStrictEqual } from 'node:util'
import { fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import {
  attributeErrors,
  attributesOf as attributesOfClass,
  DEFAULT_CI_CLASSES,
  lineageOf,
} from '../../settings/domain/defaults.js'
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

/** All attributes that CIs of a class have, inherited ones first. */
export function attributesOf(
  { classes }: ClassCatalogue,
  name: string,
): Readonly<Record<string, CiAttribute>> {
  return attributesOfClass(classes, name)
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
