import { createHash } from 'node:crypto'
import type { Principal } from '#libs/access'
import { eventsAt, type Position } from '#libs/event-sourcing'
import type { Row } from '#libs/projections-runtime'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, type Filter, type KeysetCursor } from '#libs/read-store'
import { type ChangeDetails, changes, foldChangeDetails } from '#projections/changes/changes'
import { isPast, settleTimePoint } from '../http/time-point.js'
import { countNotAssessable, type Span } from './not-assessable.js'

/** Of the changes whose implementation ended in a time. */
export interface SampleAsked extends Span {
  principal: Principal
  seed: string
  size: number
  /** As it was recorded up to this time or position. */
  asOf?: string
}

/** One drawn change, and by what it was drawn. */
export interface SampledChange {
  number: string
  title: string
  type: string
  outcome?: string
  endedAt: string
  /** SHA-256 (hex) of the seed, a line feed and the number. */
  digest: string
  evidence: string
}

/** A sample that anybody can draw again from the population: those whose digests are the lowest. */
export interface ChangeSample extends Span {
  seed: string
  size: number
  /** What was recorded up to here. */
  position: Position
  /** Changes whose implementation ended in that time. */
  population: number
  /** Commits of a source's configuration in that time: nothing can be asked of them, so they are not drawn. */
  notAssessable: number
  items: readonly SampledChange[]
}

const PAGE = 1_000
const COMMIT = 'configuration-commit'
/** Nothing ended before. */
const BEGINNING = '0001-01-01T00:00:00.000Z'

type Candidate = Pick<ChangeDetails, 'number' | 'title' | 'type' | 'outcome' | 'endedAt'>

/** Draws from the changes that were implemented in a time. */
export async function drawSample(asked: SampleAsked, dependencies: QueryDependencies): Promise<QueryAnswer> {
  const { seed, size, from, to } = asked
  const { asOf: position } = await settleTimePoint(dependencies.eventStore, asked)
  const drawn: SampledChange[] = []
  let population = 0
  const candidates = isPast(asked) ? asThen : asNow
  for await (const change of candidates(position, asked, dependencies)) {
    const { number, title, type, outcome, endedAt } = change
    if (endedAt === undefined || endedAt < (from ?? BEGINNING) || (to !== undefined && endedAt >= to))
      continue
    if (type === COMMIT) continue
    population++
    const evidence = `/audit/changes/${number}/evidence.zip`
    drawn.push({ number, title, type, outcome, endedAt, digest: sampleDigest(seed, number), evidence })
    if (drawn.length >= 2 * size + PAGE) keepLowest(drawn, size)
  }
  keepLowest(drawn, size)
  const { principal } = asked
  const asking = { principal, minPosition: position, timeoutMilliseconds: dependencies.waitMilliseconds }
  const notAssessable = await countNotAssessable({ from, to }, position, dependencies, asking)
  const sample: ChangeSample = { seed, size, from, to, position, population, notAssessable, items: drawn }
  return { json: JSON.stringify(sample), position }
}

/** What decides whether a change is drawn; `printf '%s\n%s' SEED NUMBER | sha256sum` gives the same. */
export function sampleDigest(seed: string, number: string): string {
  return createHash('sha256').update(`${seed}\n${number}`).digest('hex')
}

/** In order of their digests. */
export function keepLowest(drawn: { digest: string }[], size: number): void {
  drawn.sort((one, other) => (one.digest < other.digest ? -1 : 1))
  drawn.length = Math.min(drawn.length, size)
}

/** Those that have ended by now. */
async function* asNow(
  position: Position,
  { principal, from, to }: SampleAsked,
  dependencies: QueryDependencies,
): AsyncGenerator<Candidate> {
  const ended = and(
    compare('endedAt', '>=', from ?? BEGINNING),
    ...(to === undefined ? [] : [compare('endedAt', '<', to)]),
  )
  for await (const { document } of rows(position, principal, dependencies, ended)) yield document
}

/** Each as it was then: those that something happened to since are read from their streams. */
async function* asThen(
  position: Position,
  { principal }: SampleAsked,
  dependencies: QueryDependencies,
): AsyncGenerator<Candidate> {
  for await (const row of rows(position, principal, dependencies)) {
    if (row.position <= position) {
      yield row.document
      continue
    }
    const stream = await dependencies.eventStore.readStream(row.id)
    const { details } = foldChangeDetails(eventsAt(stream, { asOf: position }))
    if (details) yield details
  }
}

async function* rows(
  minPosition: Position,
  principal: Principal,
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
  filter?: Filter,
): AsyncGenerator<Row<ChangeDetails>> {
  const orderBy = [{ column: 'openedAt', direction: 'asc' }] as const
  let after: KeysetCursor | undefined
  do {
    const asked = { principal, filter, orderBy, pageSize: PAGE, after, minPosition, timeoutMilliseconds }
    const page = await models.of<ChangeDetails>(changes.name).list(asked)
    yield* page.rows
    after = page.next
  } while (after)
}
