import { randomUUID } from 'node:crypto'
import { CommandBus } from '@nestjs/cqrs'
import type { CommandReceipt } from '#libs/command-handling'
import { type Command, type CommandMetadata, derivedId } from '#libs/event-sourcing'
import { type RequestContext, requestHash } from '#libs/platform'

/** What a request asks for, to tell a repeat from a reused key and to find the record it is about. */
export interface Wish {
  /** `incident-INC0000001`; for a create its collection, `incident-`. */
  target: string
  /** Method, route template, parameters and body: what {@link requestHash} is taken of. */
  method: string
  route: string
  params: unknown
  body: object
  reason?: string
  /** Place in a bulk request, whose items share one key. */
  index?: number
  /** Overrides the request's `If-Match`; bulk items have their own. */
  ifMatch?: number
}

/** Gives commands their metadata and puts them on the bus. */
export class CommandSender {
  constructor(
    private readonly bus: CommandBus,
    private readonly logId: string,
    private readonly clock: () => number = Date.now,
  ) {}

  async send(
    context: RequestContext,
    wish: Wish,
    build: (metadata: CommandMetadata) => Command,
  ): Promise<CommandReceipt> {
    return this.bus.execute(build(this.metadata(context, wish)) as never)
  }

  private metadata(context: RequestContext, wish: Wish): CommandMetadata {
    const { idempotencyKey, principal, correlationId } = context
    const keyed = idempotencyKey !== undefined
    const index = wish.index === undefined ? [] : [wish.index]
    return {
      actor: principal.id,
      channel: 'api',
      reason: wish.reason,
      occurredAt: new Date(this.clock()).toISOString(),
      commandId: keyed
        ? derivedId('command', this.logId, principal.id, wish.target, idempotencyKey, ...index)
        : randomUUID(),
      keyed,
      requestHash: keyed ? requestHash(wish.method, wish.route, wish.params, wish.body) : undefined,
      correlationId,
      expectedRevision: wish.ifMatch ?? context.ifMatch,
    }
  }
}
