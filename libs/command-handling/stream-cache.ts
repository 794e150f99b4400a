import { LRUCache } from 'lru-cache'
import type { DomainEvent, Position, RecordedEvent, StreamFold } from '#libs/event-sourcing'
import { LOG_START } from '#libs/event-sourcing'
import type { Appended } from '#libs/event-store'

/** Where a keyed command ended in its stream. */
export interface KnownCommand {
  readonly revision: number
  readonly position: Position
  readonly requestHash: string | undefined
}

/** A stream folded up to a revision, with the keyed commands it holds. */
export interface LoadedStream<State> {
  readonly state: State
  /** -1: the stream does not exist. */
  readonly revision: number
  readonly position: Position
  /** By command id; only commands that came with a key, since only these can be repeated. */
  readonly commands: Map<string, KnownCommand>
  /** What it takes up in a cache: one, and one more for each known command. */
  readonly weight: number
}

/** Folds events on top of what is loaded already. */
export function foldStream<State, E extends DomainEvent>(
  fold: Pick<StreamFold<State, E>, 'initial' | 'evolve'>,
  events: readonly RecordedEvent<E>[],
  onto?: LoadedStream<State>,
): LoadedStream<State> {
  let state = onto ? onto.state : fold.initial
  const commands = onto ? onto.commands : new Map<string, KnownCommand>()
  for (const event of events) {
    state = fold.evolve(state, event)
    const { commandId, requestHash, channel } = event.metadata
    // Clients' keyed commands have a request hash; those of policies come with a key always
    if (requestHash !== undefined || channel === 'policy')
      commands.set(commandId, { revision: event.revision, position: event.position, requestHash })
  }
  const last = events.at(-1)
  return {
    state,
    revision: last?.revision ?? onto?.revision ?? -1,
    position: last?.position ?? onto?.position ?? LOG_START,
    commands,
    weight: 1 + commands.size,
  }
}

/**
 * The same for what was just appended, folded when somebody looks: most records that are opened are not changed at once.
 * @param before undefined: the events are the stream's first
 * @param keyed the events are those of one command that came with a key
 */
export function foldLater<State, E extends DomainEvent>(
  fold: Pick<StreamFold<State, E>, 'initial' | 'evolve'>,
  appended: Appended,
  before: LoadedStream<State> | undefined,
  keyed: boolean,
): LoadedStream<State> {
  return new GrownStream(fold, appended, before, (before?.weight ?? 1) + (keyed ? 1 : 0))
}

class GrownStream<State, E extends DomainEvent> implements LoadedStream<State> {
  readonly revision: number
  readonly position: Position
  private folded: LoadedStream<State> | undefined

  constructor(
    private readonly fold: Pick<StreamFold<State, E>, 'initial' | 'evolve'>,
    private appended: Appended | undefined,
    private before: LoadedStream<State> | undefined,
    readonly weight: number,
  ) {
    const { revision, position } = appended!.last
    this.revision = revision
    this.position = position
  }

  get state(): State {
    return this.grown().state
  }

  get commands(): Map<string, KnownCommand> {
    return this.grown().commands
  }

  private grown(): LoadedStream<State> {
    if (this.folded) return this.folded
    this.folded = foldStream(this.fold, this.appended!.events as RecordedEvent<E>[], this.before)
    this.appended = undefined
    this.before = undefined
    return this.folded
  }
}

/** States of the streams touched last, so that a hot record is not read again. Bounded by weight. */
export class StreamCache {
  // biome-ignore lint/suspicious/noExplicitAny: the cache holds states of many kinds; `get` is told which
  private readonly entries: LRUCache<string, LoadedStream<any>>

  constructor(maxWeight = 20_000) {
    // No entry weighs less than one; told how many there can be, the cache lists them in less memory and time.
    this.entries = new LRUCache({
      max: maxWeight,
      maxSize: maxWeight,
      sizeCalculation: ({ weight }) => weight,
    })
  }

  get<State>(stream: string): LoadedStream<State> | undefined {
    return this.entries.get(stream)
  }

  set<State>(stream: string, loaded: LoadedStream<State>): void {
    this.entries.set(stream, loaded)
  }

  delete(stream: string): void {
    this.entries.delete(stream)
  }
}
