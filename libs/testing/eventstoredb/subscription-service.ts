import { randomUUID } from 'node:crypto'
import { status as code } from '@grpc/grpc-js'
import {
  caughtUp,
  checkpoint,
  confirmation,
  eventAnswer,
  fellBehind,
  type Place,
  placeOf,
  refusal,
  streamDeleted,
  streamName,
} from './answers.js'
import { eventFilter } from './event-filter.js'
import type { StoredEvent } from './event-log.js'
import type { Outgoing } from './protocol.js'
import {
  allIndex,
  EVENTS_AT_ONCE,
  invalidPosition,
  type ReadCall,
  type ReadContext,
  type ReadOptions,
} from './read-service.js'

/** Events that the server looks at in one step of catching up, and the default window between checkpoints. */
const READ_BATCH = 32

/** Records of a fresh server's start that count as looked at and are never shown. */
const HIDDEN_RECORDS = 1

export interface SubscriptionContext extends ReadContext {
  /** How many events a live subscriber may be behind before it is cut off (23.10) or falls back (26.1). */
  slowConsumerLimit: number
}

/** Where the events come from, by index; `$all` and one stream look alike from here. */
interface Source {
  /** Index of the first event wanted. */
  from: number
  events: () => readonly StoredEvent[]
  matches: (event: StoredEvent) => boolean
  /** Events looked at in one read. */
  window: number
  /** Events looked at before a checkpoint is due; undefined when none are sent. */
  checkpointEvery?: number
  hiddenFirst: number
  /** 23.10 says that it caught up with an empty stream only after the first event. */
  caughtUpAfterFirst: boolean
}

/** One open subscription: catches up by pages, then follows the log. */
export class Subscription {
  private cursor: number
  private considered = 0
  private live = false
  private running = false
  private over = false
  private behind = 0
  private blocked = false
  private readonly stopListening: () => void

  constructor(
    private readonly context: SubscriptionContext,
    private readonly call: ReadCall,
    private readonly source: Source,
    onClose: () => void,
  ) {
    this.cursor = source.from
    this.stopListening = context.log.onAppend((events) => this.appended(events))
    const close = () => {
      this.over = true
      this.stopListening()
      onClose()
    }
    call.once('cancelled', close)
    call.once('close', close)
    call.once('finish', close)
    void this.run()
  }

  /** Ends it without an error, as a server that goes away in good order does. */
  end(): void {
    if (this.over) return
    this.over = true
    this.call.end()
  }

  /** Ends it as the server ends a subscriber that does not keep up. */
  cutOff(): void {
    if (this.over) return
    this.over = true
    const details = 'Consumer too slow to handle event while live. Client resubscription required.'
    // Not a `refusal`: header fields such as its content length have no place in trailers after messages.
    this.call.emit('error', Object.assign(new Error(details), { code: code.ABORTED, details }))
  }

  private async run(): Promise<void> {
    this.running = true
    if (await this.send([confirmation(randomUUID())])) await this.catchUp()
    this.running = false
    if (this.live) await this.follow()
  }

  private async catchUp(): Promise<void> {
    while (!this.over) {
      const place = await this.page()
      if (this.over) return
      if (this.cursor < this.source.events().length) continue
      if (this.source.checkpointEvery !== undefined && this.context.profile === '26.1') {
        await this.send([checkpoint(place)])
      }
      if (!this.source.caughtUpAfterFirst) await this.send([caughtUp()])
      this.considered = 0
      this.behind = 0
      this.live = true
      return
    }
  }

  /** Sends what one read of the server would find; returns the place that a checkpoint after it bears. */
  private async page(): Promise<Place> {
    const events = this.source.events()
    const begin = this.cursor === 0 ? 0 : (events[this.cursor]?.position ?? this.context.log.endPosition)
    let looked = this.cursor === 0 ? this.source.hiddenFirst : 0
    let last: StoredEvent | undefined
    const answers: Outgoing[] = []
    while (looked < this.source.window && answers.length < READ_BATCH && this.cursor < events.length) {
      const event = events[this.cursor++]!
      looked += 1
      if (!this.source.matches(event)) continue
      last = event
      answers.push(eventAnswer(event, this.structuredIds))
    }
    // A read that found nothing leaves the place where it began, which has no prepare position.
    const place = last ? placeOf(last) : { commit: begin, prepare: 0 }
    if (this.checkpointIsDue(looked)) answers.push(checkpoint(place))
    await this.send(answers)
    return place
  }

  private checkpointIsDue(looked: number): boolean {
    const every = this.source.checkpointEvery
    if (every === undefined) return false
    this.considered += looked
    if (this.considered < every) return false
    this.considered %= every
    return true
  }

  private appended(events: readonly StoredEvent[]): void {
    if (!this.live || this.over) return
    const own = this.source.events()
    const last = events.at(-1)!
    if (own.at(-1) !== last) return
    this.behind += events.filter(this.source.matches).length
    if (this.blocked && this.behind > this.context.slowConsumerLimit) this.tooSlow()
    else if (!this.running) void this.follow()
  }

  private tooSlow(): void {
    if (this.context.profile === '23.10') this.cutOff()
    else this.live = false
  }

  private async follow(): Promise<void> {
    this.running = true
    while (!this.over) {
      if (!this.live) {
        await this.send([fellBehind()])
        await this.catchUp()
      } else {
        const answers = this.liveAnswers()
        if (answers === undefined) break
        await this.send(answers)
      }
    }
    this.running = false
  }

  /** What the log has gained, up to what goes out in one write; undefined when there is nothing new. */
  private liveAnswers(): Outgoing[] | undefined {
    const events = this.source.events().slice(this.cursor, this.cursor + EVENTS_AT_ONCE)
    if (events.length === 0) return undefined
    this.cursor += events.length
    const answers: Outgoing[] = []
    for (const event of events) {
      if (this.source.matches(event)) {
        answers.push(eventAnswer(event, this.structuredIds))
        this.behind = Math.max(0, this.behind - 1)
        if (this.source.caughtUpAfterFirst) answers.push(caughtUp())
        this.source.caughtUpAfterFirst = false
      }
      if (this.checkpointIsDue(1)) answers.push(checkpoint(placeOf(event)))
    }
    return answers
  }

  private get structuredIds(): boolean {
    return this.call.request.getOptions()?.getUuidOption()?.hasStructured() ?? false
  }

  private async send(answers: readonly Outgoing[]): Promise<boolean> {
    if (this.over) return false
    if (answers.length === 0) return true
    this.blocked = true
    const open = await this.context.send(this.call, answers)
    this.blocked = false
    return open
  }
}

/** Opens a subscription, or refuses it as the server would. */
export function openSubscription(
  context: SubscriptionContext,
  call: ReadCall,
  options: ReadOptions,
  onClose: () => void,
): Subscription | undefined {
  const source = options.hasStream() ? streamSource(context, options) : allSource(context, options)
  if ('error' in source) {
    call.emit('error', source.error)
    return undefined
  }
  return new Subscription(context, call, source, onClose)
}

type Refused = { error: ReturnType<typeof refusal> }

function streamSource({ profile, log }: SubscriptionContext, options: ReadOptions): Source | Refused {
  const from = options.getStream()!
  const stream = streamName(from.getStreamIdentifier())
  if (log.isTombstoned(stream)) return { error: streamDeleted(profile, stream) }
  const after = from.hasStart() ? -1 : from.hasEnd() ? log.lastRevision(stream) : Number(from.getRevision())
  const events = () => log.written(stream)
  return {
    from: after + 1,
    events,
    matches: (event) => log.isReadable(event),
    window: READ_BATCH,
    hiddenFirst: 0,
    caughtUpAfterFirst: profile === '23.10' && events().length === 0,
  }
}

function allSource({ profile, log }: SubscriptionContext, options: ReadOptions): Source | Refused {
  const all = options.getAll()!
  const filter = options.getFilter()
  const position = Number(all.getPosition()?.getCommitPosition() ?? 0)
  const index = all.hasStart() ? 0 : all.hasEnd() ? log.all.length : allIndex(log, position)
  if (index === undefined) return { error: invalidPosition(profile, log, position, filter !== undefined) }
  const exclusive = all.hasPosition() && log.all[index]?.position === position
  const window = filter?.hasMax() ? filter.getMax() : READ_BATCH
  return {
    from: exclusive ? index + 1 : index,
    events: () => log.all,
    matches: filter ? eventFilter(filter) : () => true,
    window,
    checkpointEvery: filter && window * filter.getCheckpointintervalmultiplier(),
    hiddenFirst: HIDDEN_RECORDS,
    caughtUpAfterFirst: false,
  }
}
