import { isAttached, requireContentHash } from '#libs/record-files'
import type { AttachFileToChange } from './change.commands.js'
import type { ChangeEvent } from './change.events.js'
import { requireText, requireUnfinished } from './change.guards.js'
import type { Change } from './change.state.js'

/**
 * Also while it is on hold: what is learned meanwhile is kept, and no step is taken by it.
 * @throws InvalidInput `CHANGE.HASH_MALFORMED`; as the guards do
 */
export function attachFile({ data }: AttachFileToChange, change: Change): readonly ChangeEvent[] {
  requireUnfinished(change)
  const { hash, name, contentType, size } = data
  requireText({ name, contentType })
  requireContentHash(hash, 'CHANGE.HASH_MALFORMED')
  if (isAttached(change.files, data)) return []
  return [{ type: 'ChangeFileAttached', data: { hash, name, contentType, size } }]
}
