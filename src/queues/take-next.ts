import type { CommandReceipt } from '#libs/command-handling'
import {
  type Command,
  type CommandMetadata,
  derivedId,
  eventId,
  NotFound,
  type Position,
  Refused,
  Unavailable,
} from '#libs/event-sourcing'
import { EventStore } from '#libs/event-store'
import { type RequestContext } from '#libs/platform'
import { CommandSender } from '../http/command-sender.js'
import { Queries } from '../http/queries.js'
import { nextInQueue, requireGroup } from './queue.queries.js'

/** How records of a kind are accepted; the composition knows, since queues know no process. */
export interface Acceptance {
  readonly streamPrefix: string
  /** @param queue the group in whose queue it must still wait */
  accept(id: string, queue: string, metadata: CommandMetadata): Command
  /** Codes of the refusals that mean that it waits there no more: another record is tried. Any other reaches the caller. */
  readonly gone: readonly string[]
}

/** How many records are tried before the queue counts as contested. */
const CANDIDATES = 20

/**
 * Accepts the next record of a queue. Which one that is, the read model proposes; whether it still waits there, and for
 * nobody else, the record's own stream decides, so that two agents never get the same.
 *
 * With an `Idempotency-Key` each choice is written to `key-<id>` before it is tried: a repeat finds the record that
 * was taken, and does not take another.
 */
export class TakeNext {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
    private readonly store: EventStore,
    private readonly acceptance: Acceptance,
  ) {}

  async take(group: string, body: { reason?: string }, context: RequestContext): Promise<CommandReceipt> {
    const choices = context.idempotencyKey === undefined ? undefined : await this.choices(group, context)
    const earlier = choices?.numbers.at(-1)
    if (earlier !== undefined) {
      const receipt = await this.accept(earlier, group, body, context)
      if (receipt) return receipt
    }
    const tried = new Set(choices?.numbers)
    let minPosition: Position | undefined
    for (let round = 0; round < CANDIDATES; round++) {
      const { json } = await this.queries.ask(nextInQueue, {
        principal: context.principal,
        group,
        // The read model may still show those that others have taken by now
        limit: CANDIDATES + tried.size,
        minPosition,
      })
      const waiting = JSON.parse(json) as string[]
      if (waiting.length === 0) {
        await requireGroup(this.store, group)
        throw new NotFound('QUEUE.EMPTY', `Nothing waits in the queue of ${group}`)
      }
      const candidates = waiting.filter((number) => !tried.has(number))
      if (candidates.length === 0) {
        if (minPosition !== undefined) break
        // All that it shows are taken: whether any is left, it tells when it has what was recorded so far
        minPosition = await this.store.head()
        continue
      }
      for (const number of candidates) {
        tried.add(number)
        await choices?.add(number)
        const receipt = await this.accept(number, group, body, context)
        if (receipt) return receipt
      }
    }
    throw new Refused(
      'QUEUE.CONTESTED',
      `Others took or moved each that waited in the queue of ${group}; try again`,
    )
  }

  /** Undefined when it waits there no more. */
  private async accept(
    number: string,
    group: string,
    body: { reason?: string },
    context: RequestContext,
  ): Promise<CommandReceipt | undefined> {
    const wish = {
      target: this.acceptance.streamPrefix + number,
      method: 'POST',
      route: '/queues/{group}/take-next',
      params: { group },
      body,
      reason: body.reason,
    }
    try {
      const receipt = await this.sender.send(context, wish, (metadata) =>
        this.acceptance.accept(number, group, metadata),
      )
      // Accepting one's own again is no taking.
      return receipt.outcome === 'unchanged' ? undefined : receipt
    } catch (error) {
      const gone =
        error instanceof NotFound || (error instanceof Refused && this.acceptance.gone.includes(error.code))
      if (gone) return undefined
      throw error
    }
  }

  /** What this key has chosen so far. */
  private async choices(group: string, { principal, idempotencyKey, requestId }: RequestContext) {
    const commandId = derivedId('take-next', this.store.logId, principal.id, group, idempotencyKey as string)
    const stream = `key-${commandId}`
    const numbers = (await this.store.readStream(stream)).map(
      ({ data }) => (data as { number: string }).number,
    )
    const add = async (number: string): Promise<void> => {
      const revision = numbers.length
      const outcome = await this.store.append({
        stream,
        expectedRevision: revision === 0 ? 'noStream' : revision - 1,
        events: [
          {
            id: eventId(commandId, stream, revision),
            type: 'NumberClaimed',
            data: { number },
            metadata: {
              actor: principal.id,
              channel: 'api',
              occurredAt: new Date().toISOString(),
              commandId,
              correlationId: requestId,
              schemaVersion: 1,
            },
          },
        ],
      })
      if (outcome.kind === 'unknown') {
        throw new Unavailable(
          'EVENT_STORE.OUTCOME_UNKNOWN',
          'The store did not say whether the choice was recorded. Repeat the request with the same Idempotency-Key.',
        )
      }
      // The store knows events by their ids: one that was there already may name what another request chose
      const chosen = outcome.kind === 'conflict' ? undefined : (outcome.events[0]?.data as { number: string })
      if (chosen?.number !== number) {
        throw new Refused(
          'QUEUE.IN_PROGRESS',
          'A request with this Idempotency-Key is under way; repeat it in a moment',
        )
      }
      numbers.push(number)
    }
    return { numbers, add }
  }
}
