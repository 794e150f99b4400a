import type { Audience } from '#libs/access'
import { LOG_START } from '#libs/event-sourcing'
import { appendEvents, InMemoryEventStore } from '#libs/testing'
import { RecordAudiences } from './record-audience.js'

const PUBLIC: Audience = { kind: 'public' }
const PARTICIPANTS: Audience = { kind: 'participants' }

describe('What everybody may see, when the end of the log is announced too early', () => {
  let log: InMemoryEventStore
  let audiences: RecordAudiences
  beforeEach(() => {
    log = new InMemoryEventStore()
    audiences = new RecordAudiences(['incident-'])
  })

  const open = (n: number) =>
    appendEvents(log, `incident-${n}`, [{ type: 'IncidentOpened', data: { audience: PUBLIC } }])
  const comment = (n: number) => appendEvents(log, `incident-${n}`, [{ type: 'CommentAdded', data: {} }])
  const restrict = (n: number) =>
    appendEvents(log, `incident-${n}`, [
      { type: 'AudienceChanged', data: { audience: PARTICIPANTS, previous: PUBLIC } },
    ])

  /** Asks for one event at a time, saying of each whether it is the last. */
  async function visible(caughtUp: readonly boolean[]): Promise<string[]> {
    const { events } = await log.readAll({ after: LOG_START, limit: 100 })
    const seen: string[] = []
    for (const [index, said] of caughtUp.entries()) {
      const shown = await audiences.visible(events.slice(index, index + 1), log, said)
      seen.push(...shown.map(({ stream, type }) => `${stream} ${type}`))
    }
    return seen
  }

  it('does not contain what a record says whose restriction was found before that', async () => {
    await open(1)
    await open(2)
    await comment(1)
    await restrict(1)
    expect(await visible([false, true, false, true])).toEqual(['incident-2 IncidentOpened'])
    // Nor what is handled while the end is announced.
    audiences = new RecordAudiences(['incident-'])
    expect(await visible([false, true, true, true])).toEqual(['incident-2 IncidentOpened'])
  })

  it('does not contain what a record says whose restriction is recorded after that', async () => {
    await open(1)
    await open(2)
    expect(await visible([true, true])).toEqual(['incident-1 IncidentOpened', 'incident-2 IncidentOpened'])
    await comment(1)
    await restrict(1)
    await comment(2)
    expect((await visible([true, true, false, false, true])).slice(2)).toEqual(['incident-2 CommentAdded'])
  })

  it('holds problems that say nothing of it, and none that were restricted since; streams of others it leaves alone', async () => {
    const problem = (n: number, type: string, data: object) =>
      appendEvents(log, `problem-${n}`, [{ type, data }])
    audiences = new RecordAudiences(['problem-'])
    await problem(1, 'ProblemOpened', {})
    await problem(2, 'ProblemOpened', { audience: PARTICIPANTS })
    await problem(3, 'ProblemOpened', { audience: PUBLIC })
    await appendEvents(log, 'candidate-1', [{ type: 'ProblemCandidateAccepted', data: {} }])
    await problem(1, 'ProblemAudienceChanged', { audience: PARTICIPANTS, previous: PUBLIC, tasks: [] })
    expect(await visible([false, false, false, false, true])).toEqual([
      'problem-3 ProblemOpened',
      'candidate-1 ProblemCandidateAccepted',
    ])
  })

  it('contains it if nobody says that more was recorded (counter-proof)', async () => {
    await open(1)
    await comment(1)
    await restrict(1)
    expect(await visible([true, true, true])).toEqual([
      'incident-1 IncidentOpened',
      'incident-1 CommentAdded',
    ])
  })
})
