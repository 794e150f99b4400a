import { IsOptional, Matches } from 'class-validator'
import type { FastifyRequest } from 'fastify'
import type { Principal } from '#libs/access'
import { InvalidInput, type Position } from '#libs/event-sourcing'
import { Answer, type Authenticator, Field } from '#libs/platform'
import { FilteredListQuery } from '../../http/listing.dto.js'
import type { LiveQueues } from './live-queues.js'
import { EVENT_STREAM } from './server-sent-events.js'

/** What the queue of a group is asked for, as a page or live. */
export class GroupQueueQuery extends FilteredListQuery {
  @IsOptional()
  @Field('Live only: as the header `Last-Event-ID`, for clients that cannot set it.', '00000000000000000042')
  @Matches(/^\d{20}$/)
  lastEventId?: string
}

const HEADERS = {
  'content-type': `${EVENT_STREAM}; charset=utf-8`,
  'cache-control': 'no-store',
  // nginx would keep events back until its buffer is full
  'x-accel-buffering': 'no',
} as const

/** What has no meaning while a queue is followed. */
const ONLY_OF_PAGES = ['validAt', 'asOf', 'pageSize', 'pageToken'] as const

/** Answers a request for server-sent events. @throws InvalidInput `QUEUE.NOT_LIVE` */
export async function followQueue(
  live: LiveQueues,
  authenticator: Authenticator,
  { group, query, principal }: { group: string; query: GroupQueueQuery; principal: Principal },
  request: FastifyRequest,
): Promise<Answer> {
  refuse(query, ONLY_OF_PAGES, 'QUEUE.NOT_LIVE', 'is for pages; a queue that is followed is that of now')
  if (request.method === 'HEAD') return new Answer('', { headers: HEADERS })
  const token = (request.headers.authorization ?? '').slice('bearer '.length).trim()
  const { filter, savedFilter, orderBy } = query
  const stream = await live.open(
    { principal, group, filter, savedFilter },
    {
      orderBy,
      since: lastEventId(request) ?? query.lastEventId,
      authenticate: () => authenticator.authenticate(token),
    },
  )
  // Whoever has gone while it was opened reads nothing
  request.raw.once('close', () => request.raw.destroyed && stream.destroy())
  return new Answer(stream, { headers: HEADERS })
}

/** @throws InvalidInput `QUEUE.NOT_A_STREAM`: a page of the queue has no last event */
export function refuseLive(query: GroupQueueQuery): void {
  refuse(query, ['lastEventId'], 'QUEUE.NOT_A_STREAM', `is for streams: ask with Accept: ${EVENT_STREAM}`)
}

/** An id that this server never gave is as good as none: the client begins anew. */
function lastEventId({ headers }: FastifyRequest): Position | undefined {
  const id = headers['last-event-id']
  return typeof id === 'string' && /^\d{20}$/.test(id) ? id : undefined
}

function refuse(
  query: GroupQueueQuery,
  names: readonly (keyof GroupQueueQuery)[],
  code: string,
  message: string,
): void {
  const given = names.filter((name) => query[name] !== undefined)
  if (given.length === 0) return
  throw new InvalidInput(
    code,
    `${given.join(', ')} ${message}.`,
    given.map((name) => ({ pointer: name, message })),
  )
}
