import { isDeepStrictEqual } from 'node:util'
import type { Json, RecordedStatus } from './conversations.js'
import type { PositionMap } from './position-map.js'
import type { Exchange, ReplayedScenario } from './replay.js'

const POSITION_FIELDS = new Set(['commitPosition', 'preparePosition'])

/** What a server gives anew each time. */
const VOLATILE_FIELDS = new Set(['subscriptionId'])
const VOLATILE_METADATA = new Set(['created'])
const VOLATILE_TRAILERS = new Set(['date'])

/** Volatile parts are still required to be there. */
const ANY_VALUE = '*'

/** What must be equal of one exchange. */
export interface Comparable {
  call: string
  responses: Json[]
  status: RecordedStatus | null
}

/** Both sides of a scenario without what is volatile, recorded positions as the replay has them. */
export function comparable(
  { exchanges }: ReplayedScenario,
  positions: PositionMap,
  sentIds: ReadonlySet<string>,
): { recorded: Comparable[]; actual: Comparable[] } {
  const side = (which: 'recorded' | 'actual') =>
    exchanges.map((exchange: Exchange) => ({
      call: exchange.call,
      responses: exchange[which].responses.map((response) =>
        steady(
          response,
          which === 'recorded' ? (position) => positions.expected(position) : (position) => position,
          sentIds,
        ),
      ),
      status: steadyStatus(exchange[which].status),
    }))
  return { recorded: side('recorded'), actual: side('actual') }
}

/** The calls of a scenario whose two sides differ, as `index call`. */
export function differences({
  recorded,
  actual,
}: {
  recorded: Comparable[]
  actual: Comparable[]
}): string[] {
  return recorded
    .map((one, index) => (isDeepStrictEqual(one, actual[index]) ? '' : `${index} ${one.call}`))
    .filter((difference) => difference !== '')
}

function steady(value: Json, position: (recorded: string) => string, sentIds: ReadonlySet<string>): Json {
  if (Array.isArray(value)) return value.map((one) => steady(one, position, sentIds))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      if (VOLATILE_FIELDS.has(key)) return [key, ANY_VALUE]
      if (POSITION_FIELDS.has(key)) return [key, position(String(field))]
      if (key === 'metadataMap') return [key, steadyMetadata(field as [string, string][])]
      if (key === 'id') return [key, steadyId(field, sentIds)]
      return [key, steady(field, position, sentIds)]
    }),
  )
}

const steadyMetadata = (entries: [string, string][]): Json =>
  entries.map(([name, value]) => [name, VOLATILE_METADATA.has(name) ? ANY_VALUE : value]).sort()

/** An id that no client sent was made up by the server. */
const steadyId = (id: Json, sentIds: ReadonlySet<string>): Json =>
  sentIds.has((id as { string: string }).string) ? id : ANY_VALUE

function steadyStatus(status: RecordedStatus | null): RecordedStatus | null {
  if (status === null) return null
  const trailers = Object.entries(status.trailers).map(([name, value]) => [
    name,
    VOLATILE_TRAILERS.has(name) ? ANY_VALUE : value,
  ])
  return { ...status, trailers: Object.fromEntries(trailers) }
}
