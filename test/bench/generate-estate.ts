import pino from 'pino'
import type { DomainEvent } from '#libs/event-sourcing'
import type { AppendRequest } from '#libs/event-store'
import { openWriteSide } from '../../src/runtime/write-side.js'
import { seeded, stored, uuid } from './opening.js'
import { enrol, type Tokens } from './people.js'
import { answer, input } from './programs.js'

/** A program: makes a data folder with the history of so many configuration items, in so many versions each. */
export interface EstateWanted {
  dataDir: string
  items: number
  versions: number
  seed: number
}

/** What is known of a generated estate. */
export interface Estate extends EstateWanted, Tokens {
  events: number
  /** A point in the middle of the history: half of the versions of each item are of later. */
  past: { validAt: string; asOf: string }
  /** Two times between which {@link DIFFERING} items changed, or all when there are fewer. */
  difference: { from: string; to: string }
  /** What everything that {@link BRANCH} levels of the tree hold runs on. */
  root: string
}

const PER_APPEND = 1_000
/** Numbers that the server gives begin at 1: ours must not be in its way. */
const FIRST = 5_000_000
const START = Date.parse('2020-01-01T00:00:00Z')
const DAY = 86_400_000
/** Each item runs on one before it, so that ten run on each. */
const FAN_OUT = 10
/** Has 10 + 100 + 1,000 items above it, where there are so many. */
const ROOT = 11
const DIFFERING = 10_000

async function generate(wanted: EstateWanted): Promise<Estate> {
  const { items, versions } = wanted
  const write = await openWriteSide(wanted, pino({ level: 'silent' }))
  const tokens = await enrol(write)
  const random = seeded(wanted.seed)
  const newId = () => uuid(random)
  let events = 0
  const append = async (count: number, request: (n: number) => AppendRequest) => {
    for (let from = 0; from < count; from += PER_APPEND) {
      const size = Math.min(PER_APPEND, count - from)
      const requests = Array.from({ length: size }, (_, n) => request(from + n))
      const failed = (await write.eventStore.appendMany(requests)).find(({ kind }) => kind !== 'appended')
      if (failed) throw new Error(`An append came to ${JSON.stringify(failed)}`)
      events += requests.length
    }
  }
  const recorded = (event: DomainEvent, round: number) =>
    stored([event], { commandId: newId(), occurredAt: onDay(round), newId })
  const version = (n: number, round: number): AppendRequest => ({
    stream: `ci-${numberOf(n)}`,
    expectedRevision: round === 0 ? 'noStream' : round - 1,
    events: recorded(round === 0 ? registration(n) : change(round), round),
  })

  await append(items, (n) => version(n, 0))
  await append(items - 1, (n) => ({
    stream: `relation-${newId()}`,
    expectedRevision: 'noStream',
    events: recorded(runsOn(n + 1), 0),
  }))
  const middle = Math.floor((versions - 1) / 2)
  let asOf = await write.eventStore.head()
  for (let round = 1; round < versions; round++) {
    await append(items, (n) => version(n, round))
    if (round === middle) asOf = await write.eventStore.head()
  }
  await append(Math.min(items, DIFFERING), (n) => version(n, versions))
  await write.close()
  return {
    ...wanted,
    ...tokens,
    events,
    past: { validAt: onDay(middle + 0.5), asOf },
    difference: { from: onDay(versions - 0.5), to: onDay(versions + 0.5) },
    root: numberOf(Math.min(ROOT, items - 1)),
  }
}

const onDay = (day: number) => new Date(START + day * DAY).toISOString()

function numberOf(n: number): string {
  return `CI${FIRST + n}`
}

function registration(n: number): DomainEvent {
  const attributes = { ramGigabytes: 8, operatingSystem: 'Debian', serialNumber: `S-${n}`, version: 0 }
  return { type: 'CiRegistered', data: { class: 'server', name: `server-${n}.example.org`, attributes } }
}

function change(round: number): DomainEvent {
  const changes = {
    version: { before: round - 1, after: round },
    operatingSystem: { before: 'Debian', after: `Debian ${round}` },
  }
  return { type: 'CiChanged', data: { changes } }
}

function runsOn(n: number): DomainEvent {
  const target = { ci: numberOf(Math.floor((n - 1) / FAN_OUT)) }
  return { type: 'CiRelated', data: { type: 'runs-on', source: { ci: numberOf(n) }, target } }
}

await answer(await generate(input<EstateWanted>()))
