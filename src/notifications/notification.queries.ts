import { type Principal, systemPrincipal } from '#libs/access'
import { NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, eq } from '#libs/read-store'
import { audienceColumns, canSee, peopleNamed, seesInternalFields } from '#projections/access'
import {
  type DeliveryState,
  type NotificationRow,
  notificationList,
} from '#projections/notifications/notifications'
import { type ListArguments, listPage } from '../http/listing.js'
import { incidentAsTold, type ToldEvent } from './domain/incident-as-told.js'
import type { DeliveryChannelName, NotificationPreferencesSet } from './domain/notification.events.js'
import { preferencesDecider } from './domain/preferences.decider.js'

const OLDEST_FIRST = [{ column: 'queuedAt', direction: 'asc' }] as const
const LATEST_FIRST = [{ column: 'queuedAt', direction: 'desc' }] as const

/** The caller's own notifications; for who oversees the desk, all. */
export function listNotifications(
  args: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  return listPage<NotificationRow>(dependencies, args, {
    definition: notificationList,
    usualOrder: LATEST_FIRST,
    render: shown,
  })
}

/**
 * Who was told of an incident, for the desk.
 * @throws NotFound when there is none that the caller may see
 */
export async function listRecordNotifications(
  { number, ...args }: ListArguments & { number: string },
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  await requireSeen(args.principal, number, dependencies)
  // Whoever sees the record at the desk sees all that was sent of it, whose soever; the scope holds the page to it.
  const principal = systemPrincipal('record notifications')
  return listPage<NotificationRow>(
    dependencies,
    { ...args, principal },
    {
      definition: notificationList,
      scope: and(eq('record', number)),
      scopeName: `${number} for ${args.principal.id}`,
      usualOrder: LATEST_FIRST,
      render: shown,
    },
  )
}

async function requireSeen(
  principal: Principal,
  number: string,
  { eventStore }: QueryDependencies,
): Promise<void> {
  const events = (await eventStore.readStream(`incident-${number}`)) as RecordedEvent<ToldEvent>[]
  const incident = events.reduce(incidentAsTold.evolve, incidentAsTold.initial)
  const visible =
    incident !== undefined &&
    seesInternalFields(principal) &&
    canSee(principal, {
      ...audienceColumns(incident.audience),
      visibleTo: peopleNamed(incident),
      assignmentGroup: incident.group,
      assignee: incident.assignee,
    })
  if (!visible)
    throw new NotFound('INCIDENT.UNKNOWN', `There is no incident ${number}, or none that you may see`)
}

function shown(row: NotificationRow): object {
  return row
}

/** What somebody wants to be told. */
export async function readPreferences(
  { id }: { id: string },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const events = (await eventStore.readStream(
    `preferences-${id}`,
  )) as RecordedEvent<NotificationPreferencesSet>[]
  const preferences = events.reduce(preferencesDecider.evolve, preferencesDecider.initial)
  const revision = events.length - 1
  return { json: JSON.stringify({ preferences, revision }), etag: revision }
}

/** What of one channel waits, and what was given up. */
export interface Backlog {
  channel: DeliveryChannelName
  pending: number
  /** ISO 8601; undefined: nothing is pending. */
  oldestQueuedAt?: string
  deadLetters: number
}

const CHANNELS = ['email', 'webhook'] as const satisfies readonly DeliveryChannelName[]
const PENDING = ['queued', 'sending', 'retrying'] as const satisfies readonly DeliveryState[]

/** How the outbox stands, by channel, for whoever runs the server; it is asked state by state, as the index has them. */
export async function outboxBacklog(
  _: object,
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const model = models.of<NotificationRow>(notificationList.name)
  const asking = { principal: systemPrincipal('outbox backlog'), timeoutMilliseconds: waitMilliseconds }
  const ofState = (channel: DeliveryChannelName, state: DeliveryState) => ({
    ...asking,
    filter: and(eq('state', state), eq('channel', channel)),
  })
  const backlog: Backlog[] = []
  for (const channel of CHANNELS) {
    const { count: deadLetters } = await model.count(ofState(channel, 'dead-lettered'))
    let pending = 0
    const oldest: string[] = []
    for (const state of PENDING) {
      const some = ofState(channel, state)
      pending += (await model.count(some)).count
      const { rows } = await model.list({ ...some, orderBy: OLDEST_FIRST, pageSize: 1 })
      oldest.push(...rows.map(({ document }) => document.queuedAt))
    }
    backlog.push({ channel, pending, oldestQueuedAt: oldest.sort()[0], deadLetters })
  }
  return { json: JSON.stringify(backlog) }
}
