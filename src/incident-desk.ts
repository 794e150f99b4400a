import { hasRole, type Principal } from '#libs/access'
import { type Command, type CommandMetadata, NotFound, Refused } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { Directory } from './directory/directory.js'
import { RegisterPerson } from './directory/domain/person.commands.js'
import type { AttachmentLimits } from './http/attachments/attachment-limits.js'
import type { Queries } from './http/queries.js'
import {
  AddComment,
  AddLink,
  AttachFile,
  OpenIncident,
  Reopen,
} from './incidents/domain/incident.commands.js'
import { readIncident } from './incidents/queries/incident.queries.js'
import { type AttachedFile, HelpDesk, type Openness, type RecordByMail } from './mail/help-desk.js'
import type { NotificationHead } from './notifications/domain/notification.events.js'

/** Messages become incidents and comments in them. */
export class IncidentDesk extends HelpDesk {
  constructor(
    private readonly queries: Queries,
    private readonly directory: Directory,
    private readonly limits: AttachmentLimits,
    private readonly eventStore: Pick<EventStore, 'readStream'>,
  ) {
    super()
  }

  get largestFile(): number {
    return this.limits.maxBytes
  }

  allows(contentType: string): boolean {
    return this.limits.allows(contentType)
  }

  /** Of somebody who works at the desk and sees the incident, or is named in it, with or without a role. */
  async openTo(person: string, number: string): Promise<Openness | undefined> {
    const known = this.directory.principal(person)
    const named: Principal = { id: person, grants: new Map([['requester', 'named']]), groups: new Set() }
    const principal = known && hasRole(known, 'agent', 'team-lead') ? known : named
    try {
      const { json } = await this.queries.ask(readIncident, { number, principal })
      const { state, caller, affectedUser } = JSON.parse(json) as Record<string, string | undefined>
      return {
        open: state !== 'Closed' && state !== 'Canceled',
        resolved: state === 'Resolved' && [caller, affectedUser].includes(person),
      }
    } catch (error) {
      if (error instanceof NotFound) return undefined
      throw error
    }
  }

  async recordToldOf(notification: string): Promise<string | undefined> {
    const [first] = await this.eventStore.readStream(`notification-${notification}`, { limit: 1 })
    return (first?.data as Partial<NotificationHead> | undefined)?.record
  }

  register(
    person: string,
    data: { kind: 'person'; name: string; email: string | undefined },
    metadata: CommandMetadata,
  ): Command {
    return new RegisterPerson(person, data, metadata)
  }

  isRegistered(error: unknown): boolean {
    return error instanceof Refused && error.code === 'DIRECTORY.PERSON_EXISTS'
  }

  open(record: RecordByMail, metadata: CommandMetadata): Command {
    return new OpenIncident(undefined, record, metadata)
  }

  followUp(number: string, earlier: string, metadata: CommandMetadata): Command {
    const link = { relation: 'related-to', targetType: 'incident', target: earlier } as const
    return new AddLink(number, link, metadata)
  }

  reopen(number: string, metadata: CommandMetadata): Command {
    return new Reopen(number, {}, metadata)
  }

  comment(number: string, text: string, metadata: CommandMetadata): Command {
    return new AddComment(number, { text }, metadata)
  }

  attach(number: string, file: AttachedFile, metadata: CommandMetadata): Command {
    return new AttachFile(number, file, metadata)
  }
}
