import { join } from 'node:path'
import type { RecordedEvent } from '#libs/event-sourcing'
import { EventFactory, recordedSample } from '#libs/testing'
import { EVENT_CATALOGUE } from '../event-catalog.js'
import type { CandidateEvent } from './domain/candidate.events.js'
import type { ProblemEvent } from './domain/problem.events.js'
import { candidateEventOnTopic, problemEventOnTopic } from './problem.topic.js'

const SAMPLES = join(__dirname, '../event-schemas/samples')
const TYPES = [...EVENT_CATALOGUE.values()]
  .filter(({ stream }) => stream === 'problem-')
  .map(({ type }) => type)

function onTopic(type: string, more: object = {}): RecordedEvent | undefined {
  const event = recordedSample(SAMPLES, type, {
    stream: 'problem-PRB0000001',
    more: { sourceFields: { a: 'b' }, irregular: 'X', ...more },
  })
  return problemEventOnTopic(event as RecordedEvent<ProblemEvent>)
}

it.each(TYPES)('%s leaves without what people say and find out, and what nobody listed', (type) => {
  const shown = onTopic(type)
  if (shown === undefined) return
  for (const internal of [
    'description',
    'notes',
    'comment',
    'hold',
    'cause',
    'workaround',
    'incidents',
    'sourceFields',
    'irregular',
    'added',
  ])
    expect(shown.data).not.toHaveProperty(internal)
  expect(shown.metadata).not.toHaveProperty('reason')
})

it('tells of the steps, and of no note', () => {
  expect(TYPES.filter((type) => onTopic(type) !== undefined)).toHaveLength(18)
  expect(onTopic('ProblemWorkNoteAdded')).toBeUndefined()
  expect(onTopic('ProblemClosed')).toBeDefined()
})

it('tells of details that changed what may be told, and nothing of texts alone', () => {
  const title = { from: 'a', to: 'b' }
  const description = { from: 'secret', to: 'secret too' }
  expect(onTopic('ProblemDetailsChanged', { changes: { title, description } })?.data).toEqual({
    changes: { title },
  })
  expect(onTopic('ProblemDetailsChanged', { changes: { description } })).toBeUndefined()
})

it('a type that this release does not know stays here', () => {
  const event = new EventFactory().event({ type: 'ProblemForgotten', data: {} }, {}, 'problem-PRB0000001')
  expect(problemEventOnTopic(event as never)).toBeUndefined()
})

it.each(['ProblemCandidateAccepted', 'ProblemCandidateDismissed'])(
  '%s leaves without what incidents say, and without why',
  (type) => {
    const more = { problem: 'PRB0000001' }
    const event = recordedSample(SAMPLES, type, { stream: 'candidate-INC0000001', more })
    const { score, memberCount } = event.data as CandidateEvent['data']
    const shown = candidateEventOnTopic(event as RecordedEvent<CandidateEvent>)
    expect(shown?.data).toEqual({ score, memberCount, problem: 'PRB0000001' })
    expect(shown?.metadata).not.toHaveProperty('reason')
    expect(candidateEventOnTopic({ ...event, type: 'ProblemCandidateForgotten' } as never)).toBeUndefined()
  },
)
