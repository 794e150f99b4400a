import { changedCustomFields, checkCustomFields } from '#libs/custom-fields'
import type { ChangeEvent, ChangeOpened } from './change.events.js'
import type { ChangeFacts } from './change.facts.js'
import type { Change } from './change.state.js'

/** What else a shop records about changes, by the schema that it has published: no part of the plan. */

/**
 * The fields, with the version of the schema that they were checked with; without fields and a schema there is nothing to check.
 * @throws InvalidInput `CHANGE.CUSTOM_FIELDS_INVALID`
 */
export function checkedCustomFields(
  customFields: Record<string, unknown> | undefined,
  { customFields: { value } }: ChangeFacts,
): Pick<ChangeOpened['data'], 'customFields' | 'customFieldsVersion'> {
  if (customFields === undefined && value.version === 0) return {}
  checkCustomFields('change', value, customFields ?? {})
  return { ...(customFields && { customFields }), customFieldsVersion: value.version }
}

/** @throws InvalidInput `CHANGE.CUSTOM_FIELDS_INVALID` */
export function changeCustomFields(
  wanted: Record<string, unknown> | undefined,
  { customFields }: Change,
  known: ChangeFacts,
): readonly ChangeEvent[] {
  if (wanted === undefined) return []
  const data = changedCustomFields('change', known.customFields.value, customFields, wanted)
  return data === undefined ? [] : [{ type: 'ChangeCustomFieldsChanged', data }]
}
