import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import type { Principal } from '#libs/access'
import { InvalidInput, Unauthenticated } from '#libs/event-sourcing'

/** Who asks, and the conditions that the request's headers set. */
export class RequestContext {
  constructor(
    readonly caller: Principal | undefined,
    /** `X-Request-Id` as given, or a new UUID. */
    readonly requestId: string,
    readonly idempotencyKey: string | undefined,
    /** The revision that the caller has seen. `If-Match: *` sets no condition, since commands on no record are 404 anyway. */
    readonly ifMatch: number | undefined,
    /** Entity tags that the caller holds, without quotes; `['*']` for any. */
    readonly ifNoneMatch: readonly string[] | undefined,
  ) {}

  /** @throws Unauthenticated on a public endpoint that was called without a token */
  get principal(): Principal {
    if (!this.caller)
      throw new Unauthenticated('TOKEN.MISSING', 'Send a token: Authorization: Bearer <token>.')
    return this.caller
  }

  get correlationId(): string {
    return this.requestId
  }

  /** True when the caller holds this tag already, so that the answer is 304 (`Answer.notModified`). */
  holds(etag: string | number): boolean {
    return this.ifNoneMatch?.some((tag) => tag === '*' || tag === String(etag)) ?? false
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The route's URL template, method and endpoint. Fastify builds `routeOptions` anew at every look, so it is kept. */
    routeConfig: FastifyRequest['routeOptions']['config'] | undefined
    /** Set once the caller is known (every endpoint that is not public). */
    principal: Principal | undefined
    requestContext: RequestContext | undefined
  }
}

/** The request's context, checked by the time that a handler runs. */
export function requestContext(request: FastifyRequest): RequestContext {
  if (!request.requestContext) throw new Error('The request has not been through the contract hooks')
  return request.requestContext
}

/** Parameter decorator of controllers: `@Context() context: RequestContext`. */
export const Context = createParamDecorator((_: unknown, host: ExecutionContext) =>
  requestContext(host.switchToHttp().getRequest()),
)

/** @throws InvalidInput `HEADER.INVALID` naming the header that cannot be read */
export function readContext(request: FastifyRequest): RequestContext {
  const { headers } = request
  return new RequestContext(
    request.principal,
    request.id,
    idempotencyKeyOf(headers['idempotency-key']),
    ifMatchOf(headers['if-match']),
    ifNoneMatchOf(headers['if-none-match']),
  )
}

export function invalidHeader(name: string, message: string): InvalidInput {
  return new InvalidInput('HEADER.INVALID', `${name}: ${message}`, [{ pointer: name, message }])
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/

/** @throws InvalidInput unless the id is 1 to 128 visible ASCII characters, or absent */
export function checkRequestId(id: string | string[] | undefined): void {
  if (id !== undefined && !(typeof id === 'string' && REQUEST_ID.test(id))) {
    throw invalidHeader('X-Request-Id', 'give 1 to 128 visible ASCII characters')
  }
}

/** An RFC 8941 string holds visible ASCII and spaces, with `"` and `\` escaped; a bare token is taken as well. */
const SF_STRING = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
const KEY = /^[\x21-\x7e]{1,255}$/

/** `Idempotency-Key` (IETF draft): a structured-field string, or the same characters without quotes. */
export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = String(header).trim()
  const quoted = SF_STRING.exec(text)
  const key = quoted ? quoted[1]!.replaceAll(/\\(["\\])/g, '$1') : text
  if (!KEY.test(key) || (!quoted && text.startsWith('"'))) {
    throw invalidHeader(
      'Idempotency-Key',
      'give 1 to 255 visible ASCII characters, such as "8e03978e-40d5-43dd"',
    )
  }
  return key
}

/** `If-Match` with the revision of an `ETag`: `"3"`; `"-1"` where nothing has been written yet. */
export function ifMatchOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  const tag = /^"(-1|0|[1-9]\d{0,14})"$/.exec(header.trim())
  if (!tag) throw invalidHeader('If-Match', 'give one strong tag as an ETag gave it, such as "3", or *')
  return Number(tag[1])
}

/** `If-None-Match`: one or more tags, compared weakly as RFC 9110 section 13.1.2 says. */
export function ifNoneMatchOf(header: string | undefined): string[] | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return ['*']
  const tags = header.split(',').map((tag) => /^(?:W\/)?"([\x21\x23-\x7e]*)"$/.exec(tag.trim())?.[1])
  if (tags.some((tag) => tag === undefined)) {
    throw invalidHeader('If-None-Match', 'give tags as ETags gave them, such as "3", or *')
  }
  return tags as string[]
}
