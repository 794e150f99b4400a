import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { CommandBus } from '@nestjs/cqrs'
import type { BlobStore } from '#libs/blob-store'
import type { CommandReceipt, FactSource } from '#libs/command-handling'
import {
  type Command,
  type CommandMetadata,
  derivedId,
  LedgerdeskError,
  NotFound,
  type RecordedEvent,
  Unavailable,
} from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { RequestContext } from '#libs/platform'
import type { Queries } from '../http/queries.js'
import { CompleteMail, ReceiveMail, RefuseMail, ReviewMail } from './domain/mail.commands.js'
import { type KnownMail, mailDecider } from './domain/mail.decider.js'
import type { MailDecision, MailEvent, MailReviewed } from './domain/mail.events.js'
import { MAIL_INTAKE } from './domain/mail.facts.js'
import {
  type AnsweredRecord,
  BRAKE_WINDOW_MS,
  brake,
  type EarlierMail,
  ignoredFor,
  judge,
  type Sender,
  suppressesReplies,
} from './domain/mail.judgement.js'
import {
  fitting,
  notificationInMessageId,
  numberInMessageId,
  numberInSubject,
  replyText,
  titleOf,
} from './domain/reply-text.js'
import type { HelpDesk } from './help-desk.js'
import { type IncomingMail, type MailFile, readMail } from './incoming-mail.js'
import { findSender, recentMails } from './mail.queries.js'

/** Acts on behalf of whoever wrote. */
const INTAKE = 'system:mail-intake'

export interface MailReceipt {
  readonly id: string
  readonly status: KnownMail['status']
  readonly decision: KnownMail['decision']
  /** The incident that it opened, or that it is a comment in. */
  readonly record?: string
}

export interface MailIntakeParts {
  bus: CommandBus
  queries: Queries
  eventStore: EventStore
  facts: FactSource
  blobs: BlobStore
  desk: HelpDesk
  /** Sender of our own mail, as `Name <address>` or as an address. */
  mailFrom: string | undefined
  /** Largest message, bytes. */
  maxBytes: number
}

/**
 * Takes messages in. What becomes of one is decided and recorded first; then it is done by commands whose ids follow from the
 * message's, so that a message that comes twice, also at the same moment or after a crash half-way, has one effect.
 */
export class MailIntake {
  constructor(private readonly parts: MailIntakeParts) {}

  /** @throws InvalidInput `MAIL.UNREADABLE`; Unavailable: hand it over again */
  async receive(message: Buffer, context: RequestContext): Promise<MailReceipt> {
    const { blobs, maxBytes } = this.parts
    const mail = await readMail(message)
    const messageId = mail.messageId ?? createHash('sha256').update(message).digest('hex')
    let id = this.mailId(messageId)
    let known = await this.find(id)
    const reused = known !== undefined && !isSame(known, mail)
    if (reused) {
      // Somebody's mail program gives one id to several messages: none of them may vanish
      id = this.mailId(messageId, mail.from ?? '', mail.subject)
      known = await this.find(id)
    }
    if (known === undefined) {
      const { hash, size } = await blobs.put(Readable.from([message]), maxBytes)
      const decision: MailDecision = reused ? REUSED : await this.decide(mail)
      const data = {
        messageId: mail.messageId ?? null,
        sender: senderId(mail.from),
        subject: mail.subject,
        hash,
        size,
        content: contentOf(mail),
        decision,
      }
      const actor = context.principal.id
      await this.send(id, 'receive', { actor, context }, (metadata) => new ReceiveMail(id, data, metadata))
      known = await this.find(id)
    }
    if (known === undefined)
      throw new Unavailable('MAIL.NOT_RECORDED', 'The message could not be recorded. Send it again.')
    return this.carryOut(id, known, mail, context)
  }

  /** Does what a person decided about a message that waited for one. */
  async review(
    id: string,
    decision: MailReviewed['data']['decision'],
    context: RequestContext,
  ): Promise<MailReceipt> {
    const message = await buffer(await this.raw(id))
    const by = { actor: context.principal.id, context }
    const step = `review-${(await this.events(id)).length}`
    await this.send(id, step, by, (metadata) => new ReviewMail(id, { decision }, metadata))
    const mail = await readMail(message)
    return this.carryOut(id, (await this.find(id))!, mail, context)
  }

  /** The message as it came. @throws NotFound */
  async raw(id: string): Promise<Readable> {
    const known = await this.find(id)
    if (known === undefined) throw new NotFound('MAIL.UNKNOWN', `There is no message ${id}`)
    return this.parts.blobs.get(known.received.hash)
  }

  private mailId(...parts: string[]): string {
    return derivedId('mail', this.parts.eventStore.logId, ...parts)
  }

  private async events(id: string): Promise<RecordedEvent<MailEvent>[]> {
    return (await this.parts.eventStore.readStream(`mail-${id}`)) as RecordedEvent<MailEvent>[]
  }

  private async find(id: string): Promise<KnownMail | undefined> {
    const mail = (await this.events(id)).reduce(mailDecider.evolve, mailDecider.initial)
    return mail.status === 'unknown' ? undefined : mail
  }

  private async decide(mail: IncomingMail): Promise<MailDecision> {
    const { value: setting } = await this.parts.facts.answer(MAIL_INTAKE)
    const ignored = ignoredFor(mail, { ownAddresses: this.ownAddresses(setting.ownAddresses) })
    if (ignored) return ignored
    const sender = await this.sender(mail.from)
    const decision = judge({
      sender,
      answers: await this.answered(mail, sender),
      hasText: mail.text.trim() !== '' || mail.subject.trim() !== '',
      suppressesReplies: suppressesReplies(mail),
      register: setting.unknownSenders === 'register' ? (senderId(mail.from) ?? undefined) : undefined,
    })
    const now = Date.now()
    const said = { subject: mail.subject, content: contentOf(mail) }
    return brake(decision, said, await this.earlier(mail.from, now), now)
  }

  /** What comes from where our notifications come from is ours, whatever the setting says besides. */
  private ownAddresses(others: readonly string[]): readonly string[] {
    const own = /([^\s<>]+@[^\s<>]+)>?\s*$/.exec(this.parts.mailFrom ?? '')?.[1]
    return own === undefined ? others : [...others, own.toLowerCase()]
  }

  private async earlier(address: string | null, now: number): Promise<EarlierMail[]> {
    const sender = senderId(address)
    if (sender === null) return []
    const minPosition = await this.parts.eventStore.head()
    const since = new Date(now - BRAKE_WINDOW_MS).toISOString()
    const { json } = await this.parts.queries.ask(recentMails, { sender, since, minPosition })
    return JSON.parse(json) as EarlierMail[]
  }

  private async sender(address: string | null): Promise<Sender> {
    if (address === null) return { kind: 'nobody' }
    const minPosition = await this.parts.eventStore.head()
    const { json } = await this.parts.queries.ask(findSender, { address, minPosition })
    return JSON.parse(json) as Sender
  }

  /** The incident that a message answers: named in its subject, or that of an earlier message of its thread. */
  private async answered(mail: IncomingMail, sender: Sender): Promise<AnsweredRecord | undefined> {
    const number = numberInSubject(mail.subject) ?? (await this.recordOfThread(mail.answered))
    if (number === undefined) return undefined
    const open = sender.kind === 'person' ? await this.parts.desk.openTo(sender.id, number) : undefined
    return { number, theirs: open !== undefined, open: false, resolved: false, ...open }
  }

  private async recordOfThread(messageIds: readonly string[]): Promise<string | undefined> {
    for (const messageId of messageIds) {
      const ours = numberInMessageId(messageId)
      if (ours !== undefined) return ours
      const notification = notificationInMessageId(messageId)
      const told = notification && (await this.parts.desk.recordToldOf(notification))
      if (told) return told
      const earlier = await this.find(this.mailId(messageId))
      if (earlier?.status === 'handled') return earlier.record
    }
    return undefined
  }

  private async carryOut(
    id: string,
    known: KnownMail,
    mail: IncomingMail,
    context: RequestContext,
  ): Promise<MailReceipt> {
    const { decision } = known
    if (known.status === 'decided' && (decision.kind === 'comment' || decision.kind === 'open')) {
      const by = { actor: INTAKE, onBehalfOf: decision.person, context }
      try {
        const record =
          decision.kind === 'comment'
            ? await this.comment(id, decision, mail, by)
            : await this.open(id, decision, mail, by)
        const files = await this.attach(id, record, mail.files, by)
        await this.send(
          id,
          'complete',
          { actor: INTAKE, context },
          (metadata) => new CompleteMail(id, { record, ...files }, metadata),
        )
      } catch (error) {
        // What is away comes back, and the message is handed over again; a rule that forbids it will do so again
        if (!(error instanceof LedgerdeskError) || error instanceof Unavailable) throw error
        const { code, message: detail } = error
        await this.send(
          id,
          `refuse-${(await this.events(id)).length}`,
          { actor: INTAKE, context },
          (metadata) => new RefuseMail(id, { code, detail }, metadata),
        )
      }
      known = (await this.find(id))!
    }
    return {
      id,
      status: known.status,
      decision: known.decision,
      record: known.status === 'handled' ? known.record : undefined,
    }
  }

  private async comment(
    id: string,
    { number, reopen }: Extract<MailDecision, { kind: 'comment' }>,
    mail: IncomingMail,
    by: Actor,
  ): Promise<string> {
    const text = fitting(replyText(mail.text) || mail.subject)
    // First: when it is too late for that, a person is to read what has not been said anywhere yet
    if (reopen) await this.send(id, 'reopen', by, (metadata) => this.parts.desk.reopen(number, metadata))
    await this.send(id, 'comment', by, (metadata) => this.parts.desk.comment(number, text, metadata))
    return number
  }

  private async open(
    id: string,
    decision: Extract<MailDecision, { kind: 'open' }>,
    mail: IncomingMail,
    by: Actor,
  ): Promise<string> {
    const { person, register, followUpOf } = decision
    const { value: setting } = await this.parts.facts.answer(MAIL_INTAKE)
    if (register) await this.register(id, person, mail, by)
    const opened = {
      title: titleOf(mail.subject),
      description: fitting(followUpOf === undefined ? mail.text.trim() : replyText(mail.text)),
      caller: person,
      contactType: 'email' as const,
      assignmentGroup: setting.assignmentGroup ?? undefined,
    }
    const { id: number } = await this.send(id, 'open', by, (metadata) =>
      this.parts.desk.open(opened, metadata),
    )
    if (followUpOf !== undefined) {
      await this.send(id, 'link', by, (metadata) => this.parts.desk.followUp(number, followUpOf, metadata))
    }
    return number
  }

  private async register(
    id: string,
    person: string,
    { from, fromName }: IncomingMail,
    by: Actor,
  ): Promise<void> {
    const data = { kind: 'person', name: fromName ?? from ?? person, email: from ?? undefined } as const
    try {
      await this.send(id, 'register', { ...by, onBehalfOf: undefined }, (metadata) =>
        this.parts.desk.register(person, data, metadata),
      )
    } catch (error) {
      // By another first message of his, that came at the same moment
      if (!this.parts.desk.isRegistered(error)) throw error
    }
  }

  private async attach(id: string, record: string, files: readonly MailFile[], by: Actor) {
    const { blobs, desk } = this.parts
    const attached: string[] = []
    const leftOut: string[] = []
    for (const [i, { name, contentType, content, inline }] of files.entries()) {
      if (inline || content.length === 0 || content.length > desk.largestFile || !desk.allows(contentType)) {
        leftOut.push(name)
        continue
      }
      const { hash, size } = await blobs.put(Readable.from([content]), desk.largestFile)
      const data = { hash, name, contentType, size, visibility: 'public' } as const
      await this.send(id, `attach-${i}`, by, (metadata) => desk.attach(record, data, metadata))
      attached.push(name)
    }
    return { attached, leftOut }
  }

  /** @param step of all that a message leads to: with the message's id it makes the command's */
  private send(
    mailId: string,
    step: string,
    { actor, onBehalfOf, context }: Actor,
    build: (metadata: CommandMetadata) => Command,
  ): Promise<CommandReceipt> {
    const commandId = derivedId('mail-step', mailId, step)
    const metadata: CommandMetadata = {
      actor,
      onBehalfOf,
      channel: 'email',
      occurredAt: new Date().toISOString(),
      commandId,
      keyed: true,
      requestHash: derivedId('mail-request', mailId, step),
      correlationId: context.correlationId,
    }
    return this.parts.bus.execute(build(metadata) as never)
  }
}

const REUSED: MailDecision = { kind: 'review', reason: 'message-id-reused' }

/** The same message, by what no server on its way changes. */
function isSame({ received }: KnownMail, { from, subject }: IncomingMail): boolean {
  return received.sender === senderId(from) && received.subject === subject
}

interface Actor {
  actor: string
  onBehalfOf?: string
  context: RequestContext
}

/** Stands for words and files. What is quoted below the words counts: it grows with every round of a talk. */
function contentOf({ text, files }: IncomingMail): string {
  const hash = createHash('sha256').update(text.replace(/\s+/g, ' ').trim())
  for (const { name, content } of files) hash.update(`\0${name}\0`).update(content)
  return hash.digest('hex').slice(0, 32)
}

/** Stands for an address in the log, and is the id of a sender who is registered. It tells nothing of the address. */
function senderId(address: string | null): string | null {
  return address === null ? null : `mail-${derivedId('mail-sender', address)}`
}
