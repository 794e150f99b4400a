import pino from 'pino'
import type { AppendRequest } from '#libs/event-store'
import { openWriteSide } from '../../src/runtime/write-side.js'
import { FIRST_NUMBER, openingBody, openingEvents, seeded, stored, uuid } from './opening.js'
import { enrol, type Tokens } from './people.js'
import { answer, input } from './programs.js'

/** A program: makes a data folder with a log of so many incidents, of about three events each. */
export interface Wanted {
  dataDir: string
  incidents: number
  seed: number
}

/** What is known of a generated folder. */
export interface Generated extends Wanted, Tokens {
  events: number
  /** Number of an incident with a hundred events. */
  longHistory: string
}

const INCIDENTS_PER_APPEND = 1_000
const START = Date.parse('2026-01-01T00:00:00Z')

async function generate(wanted: Wanted): Promise<Generated> {
  const write = await openWriteSide(wanted, pino({ level: 'silent' }))
  const tokens = await enrol(write)
  const random = seeded(wanted.seed)
  const newId = () => uuid(random)
  let events = 0
  for (let from = 0; from < wanted.incidents; from += INCIDENTS_PER_APPEND) {
    const requests: AppendRequest[] = []
    for (let n = from; n < Math.min(from + INCIDENTS_PER_APPEND, wanted.incidents); n++)
      requests.push(incident(n, random, newId))
    if (from === 0) requests.push(longHistory(newId))
    for (const request of requests) events += request.events.length
    const outcomes = await write.eventStore.appendMany(requests)
    const failed = outcomes.find(({ kind }) => kind !== 'appended')
    if (failed) throw new Error(`An append came to ${JSON.stringify(failed)}`)
  }
  await write.close()
  return { ...wanted, ...tokens, events, longHistory: LONG_HISTORY }
}

function incident(n: number, random: () => number, newId: () => string): AppendRequest {
  const opening = openingEvents(openingBody(random))
  const fate = random() % 10
  if (fate < 2) opening.pop()
  else if (fate < 4)
    opening.push({
      type: 'IncidentAccepted',
      data: { person: `person-${random() % 200}`, previousPerson: null },
    })
  const occurredAt = new Date(START + n * 1_000).toISOString()
  return {
    stream: `incident-INC${FIRST_NUMBER + n}`,
    expectedRevision: 'noStream',
    events: stored(opening, { commandId: newId(), occurredAt, newId }),
  }
}

const LONG_HISTORY = 'INC4999999'

function longHistory(newId: () => string): AppendRequest {
  const note = (n: number) => ({
    type: 'WorkNoteAdded',
    data: { text: `Step ${n}: looked at it, and on it goes` },
  })
  const events = [...openingEvents(openingBody(seeded(1))), ...Array.from({ length: 97 }, (_, n) => note(n))]
  const occurredAt = new Date(START).toISOString()
  return {
    stream: `incident-${LONG_HISTORY}`,
    expectedRevision: 'noStream',
    events: stored(events, { commandId: newId(), occurredAt, newId }),
  }
}

await answer(await generate(input<Wanted>()))
