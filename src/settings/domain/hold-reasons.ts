import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import type { PublishHoldReasons } from './settings.commands.js'
import type { HoldReason, HoldReasonsPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/**
 * Why an incident may wait. A reason may be taken off the list while incidents wait for it: they keep it, with the
 * version it came from; only new holds choose from the new list.
 */
export const holdReasonsDecider = versionedDecider<
  readonly HoldReason[],
  PublishHoldReasons,
  HoldReasonsPublished
>({
  published: 'HoldReasonsPublished',
  contentOf: ({ reasons }) => reasons,
  check({ data: { reasons } }) {
    const errors = reasons.flatMap((reason, index) => reasonErrors(reason, index, reasons))
    if (reasons.length === 0) errors.push({ pointer: '/reasons', message: 'needs at least one reason' })
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.HOLD_REASONS_MALFORMED',
        'The hold reasons are not well formed',
        errors,
      )
    }
    return { reasons }
  },
})

function reasonErrors(
  { code, label }: HoldReason,
  index: number,
  reasons: readonly HoldReason[],
): FieldError[] {
  const errors: FieldError[] = []
  const pointer = `/reasons/${index}`
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code)) {
    errors.push({ pointer: `${pointer}/code`, message: 'must be lower-case words joined by dashes' })
  } else if (reasons.findIndex((other) => other.code === code) < index) {
    errors.push({ pointer: `${pointer}/code`, message: 'stands twice' })
  }
  if (label.trim() === '') errors.push({ pointer: `${pointer}/label`, message: 'is empty' })
  return errors
}
