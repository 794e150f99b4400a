import { groupStanding, type Principal } from '#libs/access'
import type { CommandExecutor, FactSource } from '#libs/command-handling'
import { derivedId, fact, type StreamFold } from '#libs/event-sourcing'
import { audienceColumns, canSee, peopleNamed, seesInternalFields } from '#projections/access'
import type { ChangeEvent } from '../changes/domain/change.events.js'
import type { ProblemEvent } from '../problems/domain/problem.events.js'
import type { WebhooksPublished } from '../settings/domain/settings.events.js'
import { approvalAsTold } from './domain/approval-as-told.js'
import { changeAsTold } from './domain/change-as-told.js'
import { changeNoticesOf } from './domain/change-notices.js'
import { DEFAULT_WEBHOOKS, type Kind, kindOf, type WebhookEndpoint } from './domain/defaults.js'
import { incidentAsTold, type ToldEvent } from './domain/incident-as-told.js'
import {
  type AnnounceApproval,
  type AnnounceRecordEvent,
  QueueNotification,
} from './domain/notification.commands.js'
import type { NotificationHead, NotificationReason } from './domain/notification.events.js'
import { problemAsTold } from './domain/problem-as-told.js'
import { problemNoticesOf } from './domain/problem-notices.js'
import { noticesOf } from './domain/recipients.js'
import type { Addressee, Notice, RecordAsTold } from './domain/record-as-told.js'
import type { Values } from './domain/rendering.js'
import { notificationRecords } from './notification.record.js'

export interface AnnouncementOptions {
  executor: CommandExecutor
  facts: FactSource
  /** Somebody with the rights of this moment; undefined: unknown, or without any. */
  principal(id: string): Principal | undefined
  /** Which channels are configured. */
  email: boolean
  webhook: boolean
  /** Where people see records; undefined: mails have no links. */
  publicUrl: string | undefined
  logger: { warn(context: object, message: string): void }
}

/** Members of a group that are told of one event. */
export const MOST_MEMBERS = 100
/** News that are older are none: a server that had no mail server for a week does not tell of all that week. */
const OLDEST_NEWS_MS = 24 * 60 * 60_000

export const webhooksInForce: StreamFold<readonly WebhookEndpoint[], WebhooksPublished> = {
  initial: DEFAULT_WEBHOOKS,
  evolve: (known, event) => (event.type === 'WebhooksPublished' ? event.data.endpoints : known),
}

/** Recipient → what she is told, and why she. */
type Recipients = Map<string, Pick<NotificationHead, 'kind' | 'reason'> & { detail?: string }>

/** A record with what there is to tell of it now; undefined: there is no such record. */
interface Told {
  readonly record: RecordAsTold
  readonly notices: readonly Notice[]
}

/** Where the records stand that are told of. */
const COLLECTIONS = {
  AnnounceIncidentEvent: 'incidents',
  AnnounceProblemEvent: 'problems',
  AnnounceChangeEvent: 'changes',
} as const satisfies Record<AnnounceRecordEvent['type'], string>
type Collection = (typeof COLLECTIONS)[AnnounceRecordEvent['type']]
/** The same by what a kind of notification is about; approvals are about changes. */
const TOLD_IN = {
  incident: 'incidents',
  problem: 'problems',
  change: 'changes',
  approval: 'changes',
} as const satisfies Record<string, Collection>

function noticesOfRecord(
  type: AnnounceRecordEvent['type'],
  event: unknown,
  record: RecordAsTold,
  by: readonly string[],
): readonly Notice[] {
  switch (type) {
    case 'AnnounceIncidentEvent':
      return noticesOf(event as ToldEvent, record, by)
    case 'AnnounceProblemEvent':
      return problemNoticesOf(event as ProblemEvent, record)
    case 'AnnounceChangeEvent':
      return changeNoticesOf(event as ChangeEvent, record)
  }
}

/** Turns an event of a record into one queued notification for each recipient and channel. */
export class Announcements {
  constructor(private readonly options: AnnouncementOptions) {}

  /** Repeatable: each notification's id follows from what it tells to whom, so that a second one is none. */
  async announce(command: AnnounceRecordEvent): Promise<void> {
    const { email, webhook } = this.options
    const { by } = command.data
    if ((!email && !webhook) || this.#isOld(command)) return
    const told = await this.#told(command)
    if (!told) return
    const { record, notices } = told
    const queued: Promise<void>[] = []
    if (email) {
      const recipients = await this.#people(notices, by)
      for (const [recipient, { kind, reason, detail }] of recipients) {
        const maySee = this.#maySee(recipient, record, kind)
        const head = { kind, channel: 'email', recipient, reason } as const
        queued.push(this.#queue(command, head, this.#values(command, record, detail), maySee))
      }
    }
    // As on topics: what is restricted leaves by no way that nobody's rights are checked on.
    if (webhook && record.audience.kind === 'public') {
      for (const { kind } of notices) {
        for (const head of await this.#endpoints(kind))
          queued.push(this.#queue(command, head, this.#values(command, record), true))
      }
    }
    await Promise.all(queued)
  }

  async #told({ type, id, data: { event, by } }: AnnounceRecordEvent): Promise<Told | undefined> {
    const record = await this.#record(COLLECTIONS[type], id)
    return record && { record, notices: noticesOfRecord(type, event, record, by) }
  }

  /** Undefined: there is no such record. */
  async #record(collection: Collection, number: string | undefined): Promise<RecordAsTold | undefined> {
    const { facts } = this.options
    switch (collection) {
      case 'incidents':
        return (await facts.answer(fact(`incident-${number}`, incidentAsTold))).value
      case 'problems':
        return (await facts.answer(fact(`problem-${number}`, problemAsTold))).value
      case 'changes':
        return (await facts.answer(fact(`change-${number}`, changeAsTold))).value
    }
  }

  /** Tells those whose answer a round still awaits; repeatable as {@link announce} is. */
  async announceApproval(command: AnnounceApproval): Promise<void> {
    const { email, webhook, facts } = this.options
    if ((!email && !webhook) || this.#isOld(command)) return
    const { value: approval } = await facts.answer(fact(`approval-${command.id}`, approvalAsTold))
    if (!approval || approval.awaiting.length === 0) return
    const { subject, title, awaiting, audience, expiresAt } = approval
    const kind = 'approval-asked'
    const reason = { relation: 'approver' } as const
    const heads: Omit<NotificationHead, 'record' | 'cause'>[] = [
      ...(email ? awaiting.map((recipient) => ({ kind, channel: 'email', recipient, reason }) as const) : []),
      ...(webhook && audience.kind === 'public' ? await this.#endpoints(kind) : []),
    ]
    const { event, at } = command.data
    const link = this.#link('approvals', command.id)
    const values = {
      title,
      state: 'open',
      detail: expiresAt ?? 'no time is set',
      link,
      event: event.type,
      at,
    }
    // Whoever is asked sees what about, whatever else she may see.
    await Promise.all(heads.map((head) => this.#queue({ ...command, id: subject }, head, values, true)))
  }

  #isOld({ id, data, metadata }: AnnounceRecordEvent | AnnounceApproval): boolean {
    const old = Date.parse(metadata.occurredAt) - Date.parse(data.at) > OLDEST_NEWS_MS
    if (old) this.options.logger.warn({ record: id, event: data.event.id }, 'too old to tell anybody of')
    return old
  }

  async #endpoints(kind: Kind) {
    const { value } = await this.options.facts.answer(fact('settings-webhooks', webhooksInForce))
    const reason = { relation: 'endpoint' } as const
    return value
      .filter(({ kinds }) => kinds.includes(kind))
      .map(({ name }) => ({ kind, channel: 'webhook', recipient: name, reason }) as const)
  }

  #link(collection: string, id = ''): string | undefined {
    const { publicUrl } = this.options
    return publicUrl && `${publicUrl.replace(/\/+$/, '')}/${collection}/${encodeURIComponent(id)}`
  }

  /** Whether what was queued may still be sent: her rights, and the record, as they are now. */
  async maySee({ kind, channel, recipient, record }: NotificationHead): Promise<boolean> {
    const { about = 'incident' } = kindOf(kind)
    const value = await this.#record(TOLD_IN[about], record)
    const isPublic = value?.audience.kind === 'public'
    // Whoever is asked sees what about; subjects of other kinds than changes have no audience
    if (kind === 'approval-asked') return channel === 'email' || value === undefined || isPublic
    if (!value) return false
    return channel === 'webhook' ? isPublic : this.#maySee(recipient, value, kind)
  }

  async #people(notices: readonly Notice[], by: readonly string[]): Promise<Recipients> {
    const recipients: Recipients = new Map()
    for (const { kind, to, detail } of notices) {
      for (const addressee of to) {
        for (const [person, reason] of await this.#resolve(addressee)) {
          if (!by.includes(person) && !recipients.has(person))
            recipients.set(person, { kind, reason, detail })
        }
      }
    }
    return recipients
  }

  async #resolve(addressee: Addressee): Promise<readonly [string, NotificationReason][]> {
    if ('person' in addressee) return [[addressee.person, { relation: addressee.relation }]]
    const id = 'membersOf' in addressee ? addressee.membersOf : addressee.managerOf
    const { manager, members } = (await this.options.facts.answer(fact(`group-${id}`, groupStanding))).value
    if ('managerOf' in addressee)
      return manager == null ? [] : [[manager, { relation: 'manager', group: id }]]
    const told = [...members].sort().slice(0, MOST_MEMBERS)
    const leftOut = members.size - told.length
    if (leftOut > 0)
      this.options.logger.warn({ group: id, leftOut }, 'a group has too many members to tell all')
    return told.map((member) => [member, { relation: 'member', group: id, ...(leftOut > 0 && { leftOut }) }])
  }

  /**
   * Who is named in a record is told of it without any role; all others see what their rights let them. What is written
   * for the desk goes to people of the desk alone, whatever they are to the record besides.
   */
  #maySee(person: string, record: RecordAsTold, kind: Kind): boolean {
    const visibleTo = peopleNamed(record)
    const forDesk = kindOf(kind).readership === 'desk'
    if (!forDesk && visibleTo?.includes(person)) return true
    const principal = this.options.principal(person)
    if (forDesk && !(principal && seesInternalFields(principal))) return false
    const { audience, group, assignee } = record
    const columns = { ...audienceColumns(audience), visibleTo, assignmentGroup: group, assignee }
    return principal !== undefined && canSee(principal, columns)
  }

  #values(
    { type, id, data: { event, at } }: AnnounceRecordEvent,
    record: RecordAsTold,
    detail?: string,
  ): Values {
    const { title, state, priority, group, assignee } = record
    const link = this.#link(COLLECTIONS[type], id)
    return { title, state, priority, group, assignee, detail, link, event: event.type, at }
  }

  async #queue(
    {
      id: record = '',
      data,
      metadata,
    }: Pick<AnnounceRecordEvent | AnnounceApproval, 'id' | 'data' | 'metadata'>,
    about: Omit<NotificationHead, 'record' | 'cause'>,
    values: Values,
    maySee: boolean,
  ): Promise<void> {
    const { id: cause } = data.event
    const { kind, recipient, channel } = about
    const id = derivedId('notification', cause, kind, recipient, channel)
    const command = new QueueNotification(
      id,
      { head: { ...about, record, cause }, values, maySee },
      { ...metadata, commandId: derivedId('queue', id), causationId: cause },
    )
    await this.options.executor.execute(notificationRecords, command)
  }
}
