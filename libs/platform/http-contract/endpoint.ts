import 'reflect-metadata'
import { applyDecorators, HttpCode, type HttpStatus } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import type { Role } from '#libs/access'
import { UnsupportedMediaType } from '../problem-details.js'
import type { DtoClass, JsonSchema } from '../validation/index.js'

export type RequestHeader = 'Idempotency-Key' | 'If-Match' | 'If-None-Match' | 'Last-Event-ID'
export type ResponseHeader = 'ETag' | 'Location' | 'ITSM-Position' | 'Link' | 'Content-Disposition'

/** One class, a list of one class, a JSON Schema, text or bytes. */
export type Content = DtoClass | readonly [DtoClass] | JsonSchema | 'text' | 'binary'

/** Content by media type, for what is not (only) `application/json`. */
export interface MediaTypes {
  readonly content: Readonly<Record<string, Content>>
}

/**
 * All that is to be known about an endpoint, said once: the server validates and authorises by it, and the OpenAPI
 * document is made of it.
 */
export interface EndpointOptions {
  summary: string
  description?: string
  /** Any one of these roles, anyone with a valid token, or nobody has to say who he is. */
  roles: readonly Role[] | 'any' | 'public'
  /** Path parameters; without a class they are texts. */
  params?: DtoClass
  /** Query parameters; without a class there are none, and giving one is a 400. */
  query?: DtoClass
  /** A class: JSON, validated. Media types: documented only, the handler reads them. None: a body with fields is a 400. */
  body?: DtoClass | MediaTypes
  /** What is answered; nothing: an empty answer. */
  answer?: Content | MediaTypes
  /** Default: 200 (204 without an answer). */
  status?: HttpStatus | number
  /** Statuses beyond those that follow from the rest (see `statusesOf`). */
  refusals?: readonly number[]
  /** Statuses of 400 and above that carry the answer's own form, not a problem document (readiness says 503 so). */
  answersAt?: readonly number[]
  requestHeaders?: readonly RequestHeader[]
  responseHeaders?: readonly ResponseHeader[]
  /** Group in the documentation; default: the first segment of the path. */
  tag?: string
  /** Unique over the API; default: controller and method, such as `incidentsAssign`. */
  operationId?: string
  /** Served, but not documented: the documentation page itself. */
  hidden?: boolean
}

/** An endpoint as the routes know it. */
export interface Endpoint extends Omit<EndpointOptions, 'status' | 'operationId'> {
  readonly status: number
  readonly operationId: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: Endpoint
  }
}

/**
 * Declares a controller method; stands beside Nest's own `@Get()` or `@Post()`.
 * @example
 * ```ts
 * @Post(':number/assign')
 * @Endpoint({ summary: 'Assign to a group or person', roles: ['agent'], params: IncidentParams, body: AssignDto,
 *   answer: Receipt, requestHeaders: ['Idempotency-Key', 'If-Match'], responseHeaders: ['ETag', 'ITSM-Position'] })
 * assign(@Param() params: IncidentParams, @Body() body: AssignDto, @Context() context: RequestContext) { ... }
 * ```
 */
export function Endpoint(options: EndpointOptions): MethodDecorator {
  return (target, key, descriptor) => {
    const endpoint = endpointOf(options, defaultOperationId(target.constructor.name, String(key)))
    applyDecorators(HttpCode(endpoint.status), RouteConfig({ endpoint }))(target, key, descriptor)
  }
}

/** An endpoint for a route that is registered with Fastify itself: `{ config: { endpoint: endpointOf({...}, id) } }`. */
export function endpointOf(options: EndpointOptions, operationId: string): Endpoint {
  return { operationId, status: options.answer === undefined ? 204 : 200, ...withoutUndefined(options) }
}

/** Content by media type, whichever way the endpoint says it. */
export function mediaTypesOf(content: Content | MediaTypes): Readonly<Record<string, Content>> {
  if (isMediaTypes(content)) return content.content
  const type = { text: 'text/plain', binary: 'application/octet-stream' }[String(content)]
  return { [type ?? 'application/json']: content }
}

/** The media types of which a read must be asked for one; undefined: it is answered whatever is asked for. */
export function mediaTypesHeeded(
  { answer, roles }: Pick<Endpoint, 'answer' | 'roles'>,
  method: string,
): readonly string[] | undefined {
  // Probes and scrapers ask as they like; a file comes in the form in which it was handed in
  if ((method !== 'GET' && method !== 'HEAD') || roles === 'public' || answer === undefined) return undefined
  const mediaTypes = Object.keys(mediaTypesOf(answer))
  return mediaTypes.includes('application/octet-stream') ? undefined : mediaTypes
}

/** 415 that says what the endpoint reads. */
export function unsupportedMediaType({ body }: Pick<Endpoint, 'body'>): UnsupportedMediaType {
  const types = body === undefined ? [] : Object.keys(mediaTypesOf(body))
  const mend =
    types.length > 0
      ? `Send ${types.join(' or ')}, and say so in Content-Type.`
      : 'This endpoint takes no request body: leave out body and Content-Type.'
  return new UnsupportedMediaType('REQUEST.MEDIA_TYPE', mend)
}

/** The class of a JSON body that the server validates. */
export function bodyClass(endpoint: Endpoint): DtoClass | undefined {
  return typeof endpoint.body === 'function' ? endpoint.body : undefined
}

export function isMediaTypes(value: unknown): value is MediaTypes {
  return typeof value === 'object' && value !== null && 'content' in value
}

/**
 * Every status that an endpoint may answer with, in order. Internal errors (500) are never part of a contract.
 * @param method upper case
 */
export function statusesOf(endpoint: Endpoint, method: string, path: string): number[] {
  const writes = method !== 'GET' && method !== 'HEAD'
  const has = (header: RequestHeader): boolean => endpoint.requestHeaders?.includes(header) ?? false
  const statuses = new Set([
    endpoint.status,
    400,
    431,
    ...(endpoint.refusals ?? []),
    ...(endpoint.answersAt ?? []),
  ])
  if (endpoint.roles !== 'public') for (const status of [401, 403, 429, 503]) statuses.add(status)
  if (mediaTypesHeeded(endpoint, method)) statuses.add(406)
  if (has('If-None-Match')) statuses.add(304)
  if (has('If-Match')) statuses.add(412)
  if (has('Idempotency-Key')) statuses.add(422)
  if (path.includes(':') || path.includes('*')) for (const status of [404, 414]) statuses.add(status)
  if (writes && endpoint.roles !== 'public') statuses.add(409)
  if (writes) for (const status of [413, 415]) statuses.add(status)
  return [...statuses].sort((a, b) => a - b)
}

function defaultOperationId(controller: string, method: string): string {
  const subject = controller.replace(/Controller$/, '')
  return `${subject.charAt(0).toLowerCase()}${subject.slice(1)}${method.charAt(0).toUpperCase()}${method.slice(1)}`
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
