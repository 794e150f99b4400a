import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordedEvent } from '#libs/event-sourcing'
import { EventFactory } from './event-factory.js'

/**
 * The stored sample of a type, which has every field that the type may have, as it might be recorded: with a reason for colleagues, and
 * a field `added` that nobody knows.
 */
export function recordedSample(
  folder: string,
  type: string,
  { stream, more = {} }: { stream: string; more?: object },
): RecordedEvent {
  const { data } = JSON.parse(readFileSync(join(folder, `${type}.v1.json`), 'utf8'))
  return new EventFactory().event(
    { type, data: { ...data, added: 'later', ...more } },
    { reason: 'a reason for colleagues' },
    stream,
  )
}
