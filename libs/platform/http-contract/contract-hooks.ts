import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Principal, Role } from '#libs/access'
import { type FieldError, Forbidden, InvalidInput, NotFound, Unauthenticated } from '#libs/event-sourcing'
import type { Authenticator } from '../authentication/index.js'
import { type DtoClass, unknownParameters, validateBody, validateParameters } from '../validation/index.js'
import { requireAcceptable } from './accept.js'
import { bodyClass, type Endpoint, unsupportedMediaType } from './endpoint.js'
import { checkRequestId, invalidHeader, readContext } from './request-context.js'

/** Counts what a principal asks for. @throws TooManyRequests */
export type RateLimit = (principal: Principal, reply: FastifyReply) => void

/** What is wrong with a body beside its form: rules that need more than the body's class to decide. */
export type FurtherErrors = (dto: DtoClass, body: unknown) => Promise<readonly FieldError[]>

/**
 * Before the body is read: the caller is known and has one of the roles. Answers synchronously where the authenticator
 * does, as the hot path must not wait for a promise.
 */
export function authorize(
  authenticator: Authenticator,
  rateLimit: RateLimit | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> | undefined {
  reply.header('x-request-id', request.id)
  const { config } = request.routeOptions
  request.routeConfig = config
  if (config.url === undefined) return undefined
  const { endpoint } = config
  if (!endpoint)
    throw new NotFound('ENDPOINT.UNDECLARED', 'This route has no declared contract, so it is not served.')
  checkRequestId(request.headers['x-request-id'])
  if (endpoint.roles === 'public') return undefined
  const found = authenticator.authenticate(bearerToken(request.headers.authorization))
  if (found instanceof Promise)
    return found.then((principal) => admit(principal, endpoint, rateLimit, request, reply))
  admit(found, endpoint, rateLimit, request, reply)
  return undefined
}

function admit(
  principal: Principal,
  endpoint: Endpoint,
  rateLimit: RateLimit | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  request.principal = principal
  requireRole(endpoint.roles, principal)
  rateLimit?.(principal, reply)
}

/** After the body is read: parameters, body and headers are what the endpoint declares, and its answer is what is asked for. */
export function validate(request: FastifyRequest): void {
  const endpoint = request.routeConfig?.endpoint
  if (!endpoint) return
  requireAcceptable(endpoint, request.method, request.headers.accept)
  if (endpoint.params)
    request.params = validateParameters(endpoint.params, request.params as Record<string, unknown>)
  validateQuery(endpoint, request)
  refuseUnheededHeaders(endpoint, request)
  validateRequestBody(endpoint, request)
  request.requestContext = readContext(request)
}

/**
 * The error to answer with: of a body that was refused for its form, with what else is wrong with it, so that all can be
 * mended at once; any other as it is.
 */
export async function completed(
  error: unknown,
  request: FastifyRequest,
  further: FurtherErrors,
): Promise<unknown> {
  const dto = request.routeConfig?.endpoint && bodyClass(request.routeConfig.endpoint)
  if (!dto || !(error instanceof InvalidInput) || error.code !== 'REQUEST.INVALID') return error
  const told = error.extra.errors as readonly FieldError[]
  // Rules that can't be asked now are asked by the mended request.
  const found = await further(dto, request.body).catch(() => [])
  const more = found.filter(({ pointer }) => !told.some((known) => known.pointer === pointer))
  return new InvalidInput(error.code, error.message, [...told, ...more])
}

function requireRole(roles: readonly Role[] | 'any' | 'public', principal: Principal): void {
  if (typeof roles === 'string' || roles.some((role) => principal.grants.has(role))) return
  const needed = roles.length === 1 ? `the role ${roles[0]}` : `one of the roles ${roles.join(', ')}`
  throw new Forbidden('ROLE.REQUIRED', `This needs ${needed}.`)
}

/** The scheme is matched without case (RFC 9110, section 11.1). */
function bearerToken(header: string | undefined): string {
  if (header === undefined) {
    throw new Unauthenticated('TOKEN.MISSING', 'Send a token: Authorization: Bearer <token>.')
  }
  if (header.length < 8 || header.slice(0, 7).toLowerCase() !== 'bearer ') {
    throw new Unauthenticated('TOKEN.SCHEME', 'Send the token as Authorization: Bearer <token>.')
  }
  return header.slice(7).trim()
}

function validateQuery(endpoint: Endpoint, request: FastifyRequest): void {
  const query = request.query as Record<string, unknown>
  if (endpoint.query) request.query = validateParameters(endpoint.query, query)
  else for (const _ in query) throw unknownParameters(Object.keys(query), [])
}

/** A condition that the endpoint would not heed must not be ignored: the caller relies on it. */
function refuseUnheededHeaders(endpoint: Endpoint, request: FastifyRequest): void {
  const { method, headers } = request
  if (method === 'GET' || method === 'HEAD') return
  if (headers['if-match'] !== undefined && !endpoint.requestHeaders?.includes('If-Match')) {
    throw invalidHeader('If-Match', 'this endpoint does not heed it')
  }
  if (headers['idempotency-key'] !== undefined && !endpoint.requestHeaders?.includes('Idempotency-Key')) {
    throw invalidHeader('Idempotency-Key', 'this endpoint does not heed it')
  }
}

function validateRequestBody(endpoint: Endpoint, request: FastifyRequest): void {
  const { body } = request
  const dto = bodyClass(endpoint)
  if (dto) {
    // A form reaches this place unread, as if it were no body at all.
    if (/^\s*multipart\//i.test(request.headers['content-type'] ?? '')) throw unsupportedMediaType(endpoint)
    request.body = validateBody(dto, body === undefined ? {} : body)
    return
  }
  if (endpoint.body !== undefined || body === undefined || isEmptyObject(body)) return
  throw new InvalidInput('REQUEST.UNEXPECTED_BODY', 'This endpoint takes no request body.')
}

function isEmptyObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0
}
