import type { Metadata } from '@grpc/grpc-js'
import type { AppendGate } from './append-service.js'
import type { Connections } from './connections.js'
import type { Subscription } from './subscription-service.js'

/** What killing takes. */
interface Lifecycle {
  kill(): Promise<void>
  restart(): Promise<void>
}

/** Everything that can be made to go wrong between a client and the double. */
export class Faults {
  private heldAppends?: { wanted: number; held: (() => () => void)[]; release: () => void }
  private answersUntilDrop?: number
  private deposedBy?: { host: string; port: number }

  constructor(
    private readonly connections: Connections,
    private readonly subscriptions: ReadonlySet<Subscription>,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** Connections are refused until `restart`: the server is down. */
  async refuseConnections(): Promise<void> {
    await this.lifecycle.kill()
  }

  /** New connections are accepted and never answered, until `thaw`; open ones are broken. */
  blackHole(): void {
    this.connections.silence()
    this.connections.drop()
  }

  /** Nothing is read or answered any more, not even a ping, until `thaw`; connections stay open. */
  freeze(): void {
    this.connections.freeze()
  }

  /** Ends `freeze` and `blackHole`; what arrived meanwhile is answered now. */
  thaw(): void {
    this.connections.thaw()
  }

  /** Breaks all connections after so many more answers of reads and subscriptions (the last may be lost with them). */
  dropMidStream(answersBefore: number): void {
    this.answersUntilDrop = answersBefore
  }

  /** Ends all open subscriptions without an error. */
  endSubscriptions(): void {
    for (const subscription of [...this.subscriptions]) subscription.end()
  }

  /** Cuts all open subscriptions off as too slow (ABORTED). */
  cutOffSubscribers(): void {
    for (const subscription of [...this.subscriptions]) subscription.cutOff()
  }

  /**
   * Waits until so many appends are in flight, writes the first `written` of them, answers none, and goes away.
   * Resolves when the server is gone; waits for ever if fewer appends come.
   */
  async killWithAppendsInFlight({ inFlight, written }: { inFlight: number; written: number }): Promise<void> {
    const held: (() => () => void)[] = []
    await new Promise<void>((release) => {
      this.heldAppends = { wanted: inFlight, held, release }
    })
    this.heldAppends = undefined
    for (const write of held.slice(0, written)) write()
    await this.lifecycle.kill()
  }

  /** Another node is the leader from now on: calls that ask for the leader are told where it is, all others are served here. */
  depose(leader: { host: string; port: number }): void {
    this.deposedBy = leader
  }

  /** The leader, when it is another node and the call asks for the leader. */
  leaderFor(call: { metadata: Metadata }): { host: string; port: number } | undefined {
    return call.metadata.get('requires-leader')[0] === 'true' ? this.deposedBy : undefined
  }

  /** Comes back on the same port with the same log. */
  restart(): Promise<void> {
    return this.lifecycle.restart()
  }

  /** Through it goes every append. */
  readonly appendGate: AppendGate = (write) => {
    const holding = this.heldAppends
    if (!holding) return write()()
    holding.held.push(write)
    if (holding.held.length >= holding.wanted) holding.release()
  }

  /** Called with the answers that a read or subscription is about to send; returns those that still go out. */
  beforeAnswers<Answer>(answers: readonly Answer[]): readonly Answer[] {
    if (this.answersUntilDrop === undefined) return answers
    const left = answers.slice(0, this.answersUntilDrop)
    this.answersUntilDrop -= left.length
    if (left.length === answers.length) return answers
    this.answersUntilDrop = undefined
    setImmediate(() => this.connections.drop())
    return left
  }
}
