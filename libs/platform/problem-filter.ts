import { type ArgumentsHost, Catch, type ExceptionFilter, HttpStatus } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type LedgerdeskError, NotFound } from '#libs/event-sourcing'
import { unsupportedMediaType } from './http-contract/endpoint.js'
import type { RouteTable } from './http-contract/route-table.js'
import { MethodNotAllowed, PROBLEM_MEDIA_TYPE, toProblem } from './problem-details.js'

/** Told about errors that are our fault. */
export type UnexpectedErrorLog = (
  error: unknown,
  about: { instance: string; method: string; route: string },
) => void

/** What a caller is told of a path that does not exist. */
export type NoSuchPath = (path: string) => NotFound

const lookInDocs: NoSuchPath = (path) =>
  new NotFound('REQUEST.404', `There is no ${path} here: /docs tells what there is.`)

/** What is needed to tell of a route that is not there. */
interface Missing {
  readonly routes: RouteTable
  readonly noSuchPath: NoSuchPath
}

/** Answers every error, of handlers, hooks and Fastify itself, with a problem document. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly logUnexpected: UnexpectedErrorLog,
    private readonly noSuchPath: NoSuchPath = lookInDocs,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const missing = { routes: this.routes, noSuchPath: this.noSuchPath }
    sendProblem(error, http.getRequest(), http.getResponse(), this.logUnexpected, missing)
  }
}

/** Sends an error as a problem document, unless the answer has begun: then the connection ends, as nothing else tells. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logUnexpected: UnexpectedErrorLog,
  missing?: Missing,
): void {
  const { headers, body, unexpected } = toProblem(explain(error, request, missing), request.id)
  if (unexpected) {
    const route = request.routeOptions?.url ?? request.url
    logUnexpected(error, { instance: body.instance, method: request.method, route })
  }
  if (reply.raw.headersSent) {
    reply.raw.destroy()
    return
  }
  if (body.status === HttpStatus.PAYLOAD_TOO_LARGE) letItFinishSending(request, reply)
  reply.code(body.status).headers(headers).type(PROBLEM_MEDIA_TYPE).send(body)
}

/**
 * Reads the rest of a body that is too large and drops it. Fastify would close the connection instead, and a client that is
 * still sending then finds it reset before it has read why.
 */
function letItFinishSending(request: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection')
  request.raw.resume()
}

/** What Fastify tells in a word, told so that the caller can mend it. */
function explain(error: unknown, request: FastifyRequest, missing: Missing | undefined): unknown {
  if (request.is404) return missing ? noSuchRoute(request, missing) : error
  const { endpoint } = request.routeOptions?.config ?? {}
  return endpoint && isMediaTypeError(error) ? unsupportedMediaType(endpoint) : error
}

/** A path that exists with other methods is 405, not 404. */
function noSuchRoute({ method, url }: FastifyRequest, { routes, noSuchPath }: Missing): LedgerdeskError {
  const allowed = routes.methodsOf(url)
  if (allowed.length > 0) return new MethodNotAllowed(method, allowed)
  return noSuchPath(url.split('?', 1)[0] as string)
}

/** Nest keeps Fastify's error as the cause of its own. */
function isMediaTypeError(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' || (cause instanceof Error && isMediaTypeError(cause))
}
