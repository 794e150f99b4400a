import { join } from 'node:path'
import type { RecordedEvent } from '#libs/event-sourcing'
import { EventFactory, recordedSample } from '#libs/testing'
import { EVENT_CATALOGUE } from '../event-catalog.js'
import { changeEventOnTopic } from './change.topic.js'
import type { ChangeEvent } from './domain/change.events.js'

const SAMPLES = join(__dirname, '../event-schemas/samples')
const TYPES = [...EVENT_CATALOGUE.values()]
  .filter(({ stream }) => stream === 'change-')
  .map(({ type }) => type)

function onTopic(type: string, more: object = {}): RecordedEvent | undefined {
  const event = recordedSample(SAMPLES, type, {
    stream: 'change-CHG0000001',
    more: { sourceFields: { a: 'b' }, irregular: 'X', ...more },
  })
  return changeEventOnTopic(event as RecordedEvent<ChangeEvent>)
}

it.each(TYPES)('%s leaves without how it is done, what people say, and what nobody listed', (type) => {
  const shown = onTopic(type)
  if (shown === undefined) return
  for (const internal of [
    'document',
    'comment',
    'notes',
    'description',
    'implementation',
    'backout',
    'test',
    'proposedValues',
    'byAnswers',
    'breaches',
    'sourceFields',
    'irregular',
    'added',
  ])
    expect(shown.data).not.toHaveProperty(internal)
  expect(shown.metadata).not.toHaveProperty('reason')
})

it('tells of most steps, and of no note', () => {
  expect(TYPES.filter((type) => onTopic(type) !== undefined).length).toBeGreaterThan(20)
  expect(onTopic('ChangeWorkNoteAdded')).toBeUndefined()
})

it('tells of an edit what may be told, and nothing of one of texts alone', () => {
  const title = { from: 'a', to: 'b' }
  const implementation = { from: 'secret', to: 'secret too' }
  expect(onTopic('ChangePlanEdited', { changes: { title, implementation } })?.data).toEqual({
    changes: { title },
  })
  expect(onTopic('ChangePlanEdited', { changes: { implementation } })).toBeUndefined()
})

it('a type that this release does not know stays here', () => {
  const event = new EventFactory().event({ type: 'ChangeForgotten', data: {} }, {}, 'change-CHG0000001')
  expect(changeEventOnTopic(event as never)).toBeUndefined()
})
