import type { Position } from '#libs/event-sourcing'
import type { Checkpoint } from '#libs/read-store'

/** How a topic is made. What it is made with stays: see {@link EventPublisher.open}. */
export interface TopicSettings {
  /** Whole name, with the namespace: `acme.itsm.incident.events.v1`. */
  readonly name: string
  /** Fixed when the topic is made: a key's partition follows from their number, and order holds within a partition only. */
  readonly partitions: number
  /** Copies of each partition; the broker's default when absent. */
  readonly replicationFactor?: number
  /** Milliseconds for which events are kept; for ever when absent. */
  readonly retentionMilliseconds?: number
}

/** An event on its way out: a CloudEvent 1.0.2, attributes and `data` in one object, as in its JSON format. */
export interface OutgoingEvent extends Readonly<Record<string, unknown>> {
  readonly id: string
  /** Names the log: (source, id) is unique. */
  readonly source: string
  /** Stream: events of one key keep their order. */
  readonly partitionkey: string
  /** Position in the log. */
  readonly sequence: Position
  readonly data: unknown
}

/** What the newest event of a partition tells. */
export interface PartitionTail {
  readonly partition: number
  readonly position: Position
  readonly id: string
  readonly source: string
}

/** A topic as somebody finds it who does not write to it. */
export interface TopicState {
  readonly partitions: number
  /** Messages on it. */
  readonly messages: number
  readonly checkpoint: Checkpoint | undefined
  readonly tails: readonly PartitionTail[]
  /** Clients that have the topic or wait for it. */
  readonly publishers: readonly string[]
}

export interface OpenTopic {
  /** Gives up waiting. */
  signal?: AbortSignal
  /** Another publisher has the topic; called at most once, then this one waits until that one is gone. */
  onStandby?(): void
}

/**
 * Puts events on topics. A topic is written by one publisher at a time; whoever opens it waits for its turn.
 *
 * What holds whoever writes, because every writer begins at or before the first event that the topic lacks and sends
 * the log's events in order, one batch at a time: **the events of a partition are at all times an unbroken beginning of
 * those meant for it, repetitions aside**. Leases only keep the repetitions few; a writer that lost its lease unawares
 * (a frozen process) can add one batch of repetitions, never a gap and never a new event out of order.
 */
export abstract class EventPublisher {
  /**
   * Makes the topic if it is not there, waits until no other publisher has it, and reads where it ends.
   * @throws ConsumerStopped `TOPIC.PARTITIONS_CHANGED`, `TOPIC.UNSUITABLE`: people must act; Unavailable
   * `BROKER.UNAVAILABLE`: try again; never hangs but for a healthy other publisher
   */
  abstract open(topic: TopicSettings, options?: OpenTopic): Promise<TopicWriter>

  /**
   * Looks at a topic and changes nothing, also while a publisher has it.
   * @returns undefined when it has not been made
   * @throws Unavailable `BROKER.UNAVAILABLE`
   */
  abstract look(topic: TopicSettings): Promise<TopicState | undefined>

  /**
   * Removes the topic with its checkpoint, so that the next to open it publishes the log from its beginning: after a
   * restored backup, when the topic tells a history that the log no longer has.
   * @throws Unavailable `BROKER.UNAVAILABLE`
   */
  abstract reset(topic: TopicSettings): Promise<void>

  /** Writers are closed by whoever opened them. */
  abstract close(): Promise<void>
}

/** A topic under our lease. After any error it is good for nothing but `close`: open the topic again. */
export abstract class TopicWriter {
  /** Up to here everything is on the topic, or was left out on purpose; undefined when nobody has said so yet. */
  abstract readonly checkpoint: Checkpoint | undefined
  /** Of each partition that has any event of ours. */
  abstract readonly tails: readonly PartitionTail[]
  /**
   * Takes the same tails by the positions that the log gives now: a log that was moved gave others before. To be called before
   * the first `publish`, which compares with them.
   */
  abstract renumber(tails: readonly PartitionTail[]): void
  /** Aborts when the lease is lost or the broker is away, also while nothing is being sent. */
  abstract readonly lost: AbortSignal

  /**
   * Puts these on the topic, in order; resolves when all in-sync copies have them. An event is skipped when its own
   * partition already holds its position or a later one. One call at a time.
   * @returns how many were sent
   * @throws LeaseLost before anything was sent; Unavailable `BROKER.UNAVAILABLE`: some or all may be there; ConsumerStopped
   * `TOPIC.MESSAGE_TOO_LARGE`
   */
  abstract publish(events: readonly OutgoingEvent[]): Promise<number>

  /** Remembers how far we are. @throws LeaseLost, Unavailable */
  abstract saveCheckpoint(checkpoint: Checkpoint): Promise<void>

  /** Lets another have the topic; never throws. */
  abstract close(): Promise<void>
}
