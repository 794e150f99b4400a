import { checkCustomFields } from '#libs/custom-fields'
import type { OpenProblem } from './problem.commands.js'
import type { ProblemFacts } from './problem.facts.js'

/** What else a shop records about problems, by the schema that it has published. */

/**
 * Version of the schema that the fields were checked with; undefined when there is nothing to check: what a policy opens must not
 * fail by a field that is required of people.
 * @throws InvalidInput `PROBLEM.CUSTOM_FIELDS_INVALID`
 */
export function checkedCustomFields(
  { customFields: values }: OpenProblem['data'],
  { customFields: { value } }: ProblemFacts,
  byPolicy: boolean,
): number | undefined {
  if (values === undefined && (value.version === 0 || byPolicy)) return undefined
  checkCustomFields('problem', value, values ?? {})
  return value.version
}
