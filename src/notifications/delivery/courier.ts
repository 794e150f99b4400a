import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandExecutor, CommandReceipt } from '#libs/command-handling'
import { type CommandMetadata, LedgerdeskError, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { within } from '#libs/time-limit'
import { RecordDelivery, RecordDeliveryFailure, StartDelivery } from '../domain/notification.commands.js'
import { type Notification, notificationDecider } from '../domain/notification.decider.js'
import type {
  DeliveryChannelName,
  NotificationEvent,
  NotificationHead,
} from '../domain/notification.events.js'
import { notificationRecords } from '../notification.record.js'
import { type DeliveryChannel, DeliveryError } from './delivery-channel.js'

export interface CourierOptions {
  executor: Pick<CommandExecutor, 'execute'>
  eventStore: Pick<EventStore, 'readStream'>
  /** Those that are configured. */
  channels: Readonly<Partial<Record<DeliveryChannelName, DeliveryChannel>>>
  /** Whether its recipient may still see the record; default: yes. Asked before every attempt. */
  maySee?(head: NotificationHead): Promise<boolean>
  logger: { warn(context: object, message: string): void }
  /** Called with what came of each attempt, before it is recorded. */
  onAttempt?(channel: DeliveryChannelName, outcome: AttemptOutcome): void
  clock?(): number
  limits?: Partial<CourierLimits>
}

/** `failed`: tried again, if an attempt is left. `refused`: for good. */
export type AttemptOutcome = 'delivered' | 'failed' | 'refused'

export interface CourierLimits {
  /** Messages of one channel under way at once. */
  atOnce: number
  /** Wishes of one channel that wait in memory; what is beyond comes back by its timer. */
  waiting: number
  /** How long an attempt is one process's, in milliseconds: longer than sending and recording take. */
  claimMs: number
  /** How long sending may take. */
  sendMs: number
  /** Between two tries to record what came of an attempt. */
  recordAgainMs: number
  /** How long closing waits for what is under way before it cuts it off. */
  closeMs: number
}

const LIMITS: CourierLimits = {
  atOnce: 4,
  waiting: 10_000,
  claimMs: 180_000,
  sendMs: 60_000,
  recordAgainMs: 1_000,
  closeMs: 5_000,
}

/** An attempt that is ours. */
interface Claim {
  attempt: number
  notification: Notification
}

/**
 * Sends notifications beside everything else that the process does: a wish is taken at once, and nobody waits for a
 * server. An attempt is claimed in the log before anything is sent, so that of several processes one sends it; what came
 * of it is recorded afterwards. So a message goes twice only when the process dies between the server's answer and that
 * record, or a server takes it and does not say so in time.
 */
export class Courier {
  readonly #queues = new Map<DeliveryChannelName, Set<string>>()
  readonly #underWay = new Map<DeliveryChannelName, number>()
  readonly #running = new Set<Promise<void>>()
  readonly #limits: CourierLimits
  #closing = false
  #cutOff = false

  constructor(private readonly options: CourierOptions) {
    this.#limits = { ...LIMITS, ...options.limits }
  }

  /** Has the notification delivered soon, if it is due then. */
  wish(id: string, channel: DeliveryChannelName): void {
    if (this.#closing || !this.options.channels[channel]) return
    const queue = this.#queues.get(channel) ?? new Set()
    this.#queues.set(channel, queue)
    if (queue.size < this.#limits.waiting) queue.add(id)
    this.#next(channel)
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** Takes no more, waits a moment for what is under way, and cuts that off. */
  async close(): Promise<void> {
    this.#closing = true
    for (const queue of this.#queues.values()) queue.clear()
    await within(this.#limits.closeMs, this.idle(), () => undefined)
    this.#cutOff = true
    for (const channel of Object.values(this.options.channels)) channel?.close()
  }

  #next(channel: DeliveryChannelName): void {
    const queue = this.#queues.get(channel)
    const underWay = this.#underWay.get(channel) ?? 0
    const [id] = queue ?? []
    if (id === undefined || underWay >= this.#limits.atOnce) return
    queue?.delete(id)
    this.#underWay.set(channel, underWay + 1)
    const run = this.#deliver(id, channel)
      .catch((err: unknown) => {
        // Its timer brings it back.
        this.options.logger.warn({ err, notification: id }, 'a notification could not be looked after')
      })
      .finally(() => {
        this.#underWay.set(channel, (this.#underWay.get(channel) ?? 1) - 1)
        this.#running.delete(run)
        this.#next(channel)
      })
    this.#running.add(run)
  }

  async #deliver(id: string, channel: DeliveryChannelName): Promise<void> {
    const sender = this.options.channels[channel]
    const claim = sender && (await this.#claim(id))
    if (!claim) return
    const { attempt, notification } = claim
    const { sendMs } = this.#limits
    try {
      const sending = sender.send(id, notification)
      const messageId = await within(sendMs, sending, () => {
        throw new DeliveryError(`No answer within ${sendMs / 1000} s`, false)
      })
      this.options.onAttempt?.(channel, 'delivered')
      await this.#record((metadata) => new RecordDelivery(id, { attempt, messageId }, metadata))
    } catch (error) {
      // Cut off: nobody knows what became of it. The claim runs out, and the next process tries again.
      if (this.#cutOff) return
      if (!(error instanceof DeliveryError)) throw error
      const { message, permanent } = error
      this.options.onAttempt?.(channel, permanent ? 'refused' : 'failed')
      await this.#record(
        (metadata) => new RecordDeliveryFailure(id, { attempt, error: message, permanent }, metadata),
      )
    }
  }

  /** The attempt, when it is due and nobody else's: the append of its `DeliveryStarted` decides. */
  async #claim(id: string): Promise<Claim | undefined> {
    const { executor } = this.options
    const until = this.#now() + this.#limits.claimMs
    const maySee = await this.#maySee(id)
    let receipt: CommandReceipt
    try {
      const command = new StartDelivery(
        id,
        { until: new Date(until).toISOString(), maySee },
        this.#metadata(),
      )
      receipt = await executor.execute(notificationRecords, command)
    } catch (error) {
      // Ended, under way elsewhere, or not due yet: what was wished for before that.
      if (error instanceof LedgerdeskError && !(error instanceof Unavailable)) return undefined
      throw error
    }
    const { events, notification } = await this.#read(id)
    const claimed = events[receipt.revision]
    if (claimed?.type !== 'DeliveryStarted' || !('head' in notification)) return undefined
    // A process that stood still meanwhile lets it go: somebody else may take it before it would be done.
    if (this.#now() > until - this.#limits.sendMs) return undefined
    return { attempt: claimed.data.attempt, notification }
  }

  /** Between queueing and an attempt she may have lost access: by retries it is hours, by a dead letter months. */
  async #maySee(id: string): Promise<boolean> {
    const { notification } = await this.#read(id)
    return !('head' in notification) || (await (this.options.maySee?.(notification.head) ?? true))
  }

  async #read(id: string) {
    const stream = await this.options.eventStore.readStream(`notification-${id}`)
    const events = stream as RecordedEvent<NotificationEvent>[]
    return { events, notification: events.reduce(notificationDecider.evolve, notificationDecider.initial) }
  }

  /** Until it is recorded, however long the log is away: else it would be sent again. */
  async #record(build: (metadata: CommandMetadata) => RecordDelivery | RecordDeliveryFailure): Promise<void> {
    const command = build(this.#metadata())
    for (;;) {
      try {
        await this.options.executor.execute(notificationRecords, command)
        return
      } catch (err) {
        if (!(err instanceof Unavailable) || this.#cutOff) throw err
        this.options.logger.warn({ err, notification: command.id }, 'a delivery is not recorded yet')
        await sleep(this.#limits.recordAgainMs)
      }
    }
  }

  #now(): number {
    return (this.options.clock ?? Date.now)()
  }

  /** Each command is its own: a repeat of the wish is no repeat of the attempt. `keyed`, so that a repeated record is one. */
  #metadata(): CommandMetadata {
    const commandId = randomUUID()
    return {
      actor: 'system:courier',
      channel: 'policy',
      occurredAt: new Date(this.#now()).toISOString(),
      commandId,
      keyed: true,
      correlationId: commandId,
    }
  }
}
