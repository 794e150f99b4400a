import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import type { PublishCiRelationTypes } from './settings.commands.js'
import type { CiRelationType, CiRelationTypesPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/**
 * How configuration items may be related, how each type reads the other way round, and which way impact flows. A type may
 * go while relations of it are there: they stay, and no impact flows over them.
 */
export const ciRelationTypesDecider = versionedDecider<
  readonly CiRelationType[],
  PublishCiRelationTypes,
  CiRelationTypesPublished
>({
  published: 'CiRelationTypesPublished',
  contentOf: ({ types }) => types,
  check({ data: { types } }) {
    const errors = types.flatMap((type, index) => typeErrors(type, index, types))
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.CI_RELATION_TYPES_MALFORMED',
        'The types of relations are not well formed',
        errors,
      )
    }
    return { types }
  },
})

function typeErrors(
  { name, label, inverse, inverseLabel, impact }: CiRelationType,
  index: number,
  types: readonly CiRelationType[],
): FieldError[] {
  const pointer = `/types/${index}`
  const errors: FieldError[] = []
  // Either word names the type, so that no word may name two.
  const taken = new Set(types.slice(0, index).flatMap((other) => [other.name, other.inverse]))
  for (const [field, word] of Object.entries({ name, inverse })) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(word))
      errors.push({ pointer: `${pointer}/${field}`, message: 'must be lower-case words joined by dashes' })
    else if (taken.has(word)) errors.push({ pointer: `${pointer}/${field}`, message: 'stands twice' })
  }
  for (const [field, text] of Object.entries({ label, inverseLabel }))
    if (text.trim() === '') errors.push({ pointer: `${pointer}/${field}`, message: 'is empty' })
  if (name === inverse && impact !== 'both' && impact !== 'none')
    errors.push({ pointer: `${pointer}/impact`, message: 'must be both or none: the type has no direction' })
  return errors
}
