import { Body, Controller, Inject, Param, Post, type Type } from '@nestjs/common'
import type { Role } from '#libs/access'
import type { Command, CommandMetadata } from '#libs/event-sourcing'
import { Context, type DtoClass, Endpoint, type RequestContext } from '#libs/platform'
import { CommandSender } from './command-sender.js'
import { Receipt, receiptAnswer } from './receipt.js'

/** One thing that can be done to a record over HTTP: `POST /<collection>/{id}/<verb>`. */
export interface Verb<B extends object = object> {
  readonly summary: string
  readonly description?: string
  readonly roles: readonly Role[] | 'any'
  /** `Reasoned` when there is nothing to say but why: a body may always carry `reason`. */
  readonly body: DtoClass<B>
  command(id: string, body: B, metadata: CommandMetadata): Command
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds verbs with many bodies
export type Verbs = Readonly<Record<string, Verb<any>>>

/** Keeps the body of a verb and its class in step. */
export function verb<B extends object>(definition: Verb<B>): Verb<B> {
  return definition
}

export interface VerbCollection {
  /** `incidents` */
  path: string
  /** Name of the path parameter, `number`, declared by `params`. */
  parameter: string
  params: DtoClass
  /** `incident-` */
  streamPrefix: string
  verbs: Verbs
}

/** What a body says besides the command's data: why. A body that says nothing of it is not copied. */
export function splitReason<B extends { reason?: string }>(
  body: B | undefined,
): [Omit<B, 'reason'>, string | undefined] {
  if (body !== undefined && !('reason' in body)) return [body, undefined]
  const { reason, ...data } = body ?? ({} as B)
  return [data, reason]
}

/** A controller with one endpoint per verb of the table. */
export function verbController({
  path,
  parameter,
  params,
  streamPrefix,
  verbs,
}: VerbCollection): Type<object> {
  class VerbController {
    constructor(@Inject(CommandSender) readonly sender: CommandSender) {}
  }
  Object.defineProperty(VerbController, 'name', { value: `${capitalised(path)}Controller` })
  Controller(path)(VerbController)

  for (const [name, definition] of Object.entries(verbs)) {
    const method = camelCase(name)
    const route = `/${path}/{${parameter}}/${name}`
    const handler = async function (
      this: VerbController,
      parameters: Record<string, string>,
      body: { reason?: string },
      context: RequestContext,
    ) {
      const id = parameters[parameter]!
      const [data, reason] = splitReason(body)
      const wish = {
        target: streamPrefix + id,
        method: 'POST',
        route,
        params: parameters,
        body: body ?? {},
        reason,
      }
      return receiptAnswer(
        await this.sender.send(context, wish, (metadata) => definition.command(id, data, metadata)),
      )
    }
    const descriptor = { value: handler, writable: true, configurable: true, enumerable: false }
    Object.defineProperty(VerbController.prototype, method, descriptor)
    Param()(VerbController.prototype, method, 0)
    Body()(VerbController.prototype, method, 1)
    Context()(VerbController.prototype, method, 2)
    Reflect.defineMetadata('design:paramtypes', [Object, Object, Object], VerbController.prototype, method)
    Post(`:${parameter}/${name}`)(VerbController.prototype, method, descriptor)
    Endpoint({
      summary: definition.summary,
      description: definition.description,
      roles: definition.roles,
      params,
      body: definition.body,
      answer: Receipt,
      requestHeaders: ['Idempotency-Key', 'If-Match'],
      responseHeaders: ['ETag', 'ITSM-Position'],
    })(VerbController.prototype, method, descriptor)
  }
  return VerbController
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function capitalised(name: string): string {
  const words = camelCase(name)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
