import { InvalidInput } from '#libs/event-sourcing'
import { attributeErrors, attributesOf } from '../../settings/domain/defaults.js'
import type { Plan } from './change.events.js'
import { type ChangeFacts, standingIn } from './change.facts.js'
import { requireCis } from './change.guards.js'

/**
 * Values are proposed once, for affected CIs only (what is not in scope is not changed), and such as their classes take: what can't
 * be written in the end should not be approved.
 * @throws InvalidInput `CHANGE.PROPOSED_VALUES_MALFORMED`, naming each that is wrong
 */
export function requirePlannedCis(
  { affectedCis, proposedValues }: Pick<Plan, 'affectedCis' | 'proposedValues'>,
  known: ChangeFacts,
): void {
  requireCis(affectedCis, standingIn(known), 'affectedCis')
  const errors = proposedValues.flatMap(({ ci }, index) => {
    if (!affectedCis.includes(ci))
      return [{ pointer: `/proposedValues/${index}/ci`, message: 'is not affected' }]
    return proposedValues.findIndex((other) => other.ci === ci) < index
      ? [{ pointer: `/proposedValues/${index}/ci`, message: 'stands twice' }]
      : []
  })
  if (errors.length > 0)
    throw new InvalidInput(
      'CHANGE.PROPOSED_VALUES_MALFORMED',
      'Values are proposed once for each affected CI.',
      errors,
    )
  requireFittingValues(proposedValues, known)
}

/**
 * Classes may have been published, and CIs have become others, since the values were proposed.
 * @throws InvalidInput `CHANGE.PROPOSED_VALUES_MALFORMED`
 */
export function requireFittingValues(proposedValues: Plan['proposedValues'], known: ChangeFacts): void {
  if (proposedValues.length === 0) return
  const { value: classes } = known.classes
  const errors = proposedValues.flatMap(({ ci, attributes }, index) => {
    const { class: ofClass } = standingIn(known)(ci)
    if (ofClass === null) return []
    const definitions = attributesOf(classes, ofClass)
    return attributeErrors(definitions, attributes, false, `/proposedValues/${index}/attributes`)
  })
  if (errors.length > 0)
    throw new InvalidInput(
      'CHANGE.PROPOSED_VALUES_MALFORMED',
      'The proposed values do not fit the classes of their CIs: correct those named in "errors".',
      errors,
    )
}
