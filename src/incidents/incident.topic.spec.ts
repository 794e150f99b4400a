import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import { EventFactory } from '#libs/testing'
import { EVENT_CATALOGUE } from '../event-catalog.js'
import type { IncidentEvent } from './domain/incident.events.js'
import { requesterTimeline, timeline } from './domain/incident.history.js'
import { incidentEventOnTopic } from './incident.topic.js'

const SCHEMAS = join(__dirname, '../event-schemas')
const TYPES = [...EVENT_CATALOGUE.values()]
  .filter(({ stream }) => stream === 'incident-')
  .map(({ type }) => type as IncidentEvent['type'])

/** The stored sample of a type, which has every field that the type may have. */
function sample(type: string): { data: Record<string, unknown> } {
  return JSON.parse(readFileSync(join(SCHEMAS, 'samples', `${type}.v1.json`), 'utf8'))
}

function recorded(type: string, data: object = sample(type).data): RecordedEvent<IncidentEvent> {
  const factory = new EventFactory()
  return factory.event({ type, data } as never, { reason: 'a reason for colleagues' }) as never
}

describe('What an incident topic carries', () => {
  it.each(TYPES)('of %s is what requesters see in the history of their own record', (type) => {
    const factory = new EventFactory()
    const opened = factory.event({ type: 'IncidentOpened', data: sample('IncidentOpened').data } as never)
    const event = factory.event<DomainEvent>({ type, data: sample(type).data })
    const shown = requesterTimeline(timeline([opened, event] as never), 'person-anybody').some(
      ({ id }) => id === event.id,
    )
    expect(incidentEventOnTopic(event as never) !== undefined).toBe(shown)
  })

  it.each(TYPES)('of %s has no internal field', (type) => {
    const data = {
      ...sample(type).data,
      source: { fields: { internal: 'x' } },
      irregular: 'X',
      added: 'later',
    }
    const shown = incidentEventOnTopic(recorded(type, data))
    if (shown === undefined) return
    const fields = shown.data as Record<string, Record<string, unknown> | undefined>
    for (const internal of ['source', 'irregular', 'added', 'vendor', 'customFields', 'rule', 'watchers'])
      expect(fields).not.toHaveProperty(internal)
    for (const internal of ['vendor', 'customFields'])
      expect(fields.changes ?? {}).not.toHaveProperty(internal)
    expect(shown.metadata).not.toHaveProperty('reason')
    if (!(data as { awaitsCaller?: boolean }).awaitsCaller)
      expect(fields.hold ?? {}).not.toHaveProperty('comment')
    expect(fields.previous ?? {}).not.toHaveProperty('comment')
  })

  it.each(TYPES.filter((type) => type !== 'IncidentMerged'))('of %s keeps to its schema', (type) => {
    const shown = incidentEventOnTopic(recorded(type))
    if (shown === undefined) return
    const schema = JSON.parse(readFileSync(join(SCHEMAS, `${type}.v1.json`), 'utf8'))
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)
    validate(shown.data)
    expect(validate.errors).toBeNull()
  })

  it("of a hold has the comment when it is the caller's, and only then", () => {
    const hold = { reason: 'awaiting-caller', comment: 'Which printer?' }
    const asked = recorded('IncidentHeld', { hold, listVersion: 1, awaitsCaller: true })
    expect(incidentEventOnTopic(asked)?.data).toEqual({ hold, listVersion: 1, awaitsCaller: true })
    const other = recorded('IncidentHeld', { hold, listVersion: 1 })
    expect(incidentEventOnTopic(other)?.data).toEqual({ hold: { reason: 'awaiting-caller' }, listVersion: 1 })
  })

  it('has no internal attachment, and no change of internal details alone', () => {
    const file = { hash: 'h', name: 'passwords.txt', contentType: 'text/plain', size: 1 }
    expect(
      incidentEventOnTopic(recorded('AttachmentAdded', { ...file, visibility: 'internal' })),
    ).toBeUndefined()
    expect(incidentEventOnTopic(recorded('AttachmentAdded', { ...file, visibility: 'public' }))).toBeDefined()
    const vendor = { from: null, to: 'Acme' }
    expect(incidentEventOnTopic(recorded('IncidentDetailsChanged', { changes: { vendor } }))).toBeUndefined()
  })

  it('has no internal update on a major incident', () => {
    const posted = (visibility: string) => recorded('MajorIncidentUpdatePosted', { text: 'x', visibility })
    expect(incidentEventOnTopic(posted('internal'))).toBeUndefined()
    expect(incidentEventOnTopic(posted('public'))?.data).toEqual({ text: 'x', visibility: 'public' })
  })

  it('has nothing of a type that this release does not know', () => {
    expect(incidentEventOnTopic(recorded('IncidentFrobbed', { text: 'x' }))).toBeUndefined()
  })
})
