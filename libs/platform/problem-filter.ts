import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteTable } from './http-contract/route-table.js'
import { MethodNotAllowed, PROBLEM_MEDIA_TYPE, toProblem } from './problem-details.js'

/** Told about errors that are our fault. */
export type UnexpectedErrorLog = (
  error: unknown,
  about: { instance: string; method: string; route: string },
) => void

/** Answers every error, of handlers, hooks and Fastify itself, with a problem document. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly logUnexpected: UnexpectedErrorLog,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    sendProblem(error, http.getRequest(), http.getResponse(), this.logUnexpected, this.routes)
  }
}

/** Sends an error as a problem document, unless the answer has begun: then the connection ends, as nothing else tells. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logUnexpected: UnexpectedErrorLog,
  routes?: RouteTable,
): void {
  const { headers, body, unexpected } = toProblem(explain(error, request, routes), request.id)
  if (unexpected) {
    const route = request.routeOptions?.url ?? request.url
    logUnexpected(error, { instance: body.instance, method: request.method, route })
  }
  if (reply.raw.headersSent) {
    reply.raw.destroy()
    return
  }
  reply.code(body.status).headers(headers).type(PROBLEM_MEDIA_TYPE).send(body)
}

/** A path that exists with other methods is 405, not 404. */
function explain(error: unknown, request: FastifyRequest, routes: RouteTable | undefined): unknown {
  if (!request.is404 || !routes) return error
  const allowed = routes.methodsOf(request.url)
  return allowed.length > 0 ? new MethodNotAllowed(request.method, allowed) : error
}
