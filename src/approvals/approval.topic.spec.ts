import { join } from 'node:path'
import type { RecordedEvent } from '#libs/event-sourcing'
import { EventFactory, recordedSample } from '#libs/testing'
import { EVENT_CATALOGUE } from '../event-catalog.js'
import { approvalEventOnTopic } from './approval.topic.js'
import type { ApprovalEvent } from './domain/approval.events.js'

const SAMPLES = join(__dirname, '../event-schemas/samples')
const TYPES = [...EVENT_CATALOGUE.values()]
  .filter(({ stream }) => stream === 'approval-')
  .map(({ type }) => type)

function onTopic(type: string): RecordedEvent | undefined {
  const event = recordedSample(SAMPLES, type, { stream: 'approval-a1' })
  return approvalEventOnTopic(event as RecordedEvent<ApprovalEvent>)
}

it.each(TYPES)('%s leaves without document, comments, roles, reasons, and what nobody listed', (type) => {
  const shown = onTopic(type)
  for (const internal of ['document', 'comment', 'roles', 'delegation', 'breach', 'added'])
    expect(shown?.data).not.toHaveProperty(internal)
  expect(shown?.metadata).not.toHaveProperty('reason')
  expect(Object.keys(shown?.data as object).length).toBeGreaterThan(0)
})

it('says who is asked about which hash', () => {
  expect(onTopic('ApprovalRequested')?.data).toMatchObject({
    subject: { type: 'change', number: 'CHG0000001' },
    hash: 'a'.repeat(64),
    audience: { kind: 'public' },
  })
})

it('a type that this release does not know stays here', () => {
  const event = new EventFactory().event({ type: 'ApprovalForgotten', data: {} }, {}, 'approval-a1')
  expect(approvalEventOnTopic(event as never)).toBeUndefined()
})
