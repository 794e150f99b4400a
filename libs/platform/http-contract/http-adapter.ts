import { randomUUID } from 'node:crypto'
import type { INestApplication } from '@nestjs/common'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator } from '../authentication/index.js'
import {
  type NoSuchPath,
  ProblemDetailsFilter,
  sendProblem,
  type UnexpectedErrorLog,
} from '../problem-filter.js'
import { Answer, applyAnswer } from './answer.js'
import { authorize, completed, type FurtherErrors, type RateLimit, validate } from './contract-hooks.js'
import { RouteTable } from './route-table.js'
import { answerUnreadable } from './unreadable-requests.js'

export interface HttpAdapterOptions {
  /** Largest request body in bytes (multipart has limits of its own). */
  bodyLimit: number
  /** Other limits, by the path of the route that has them. */
  bodyLimits?: Readonly<Record<string, number>>
  authenticator: Authenticator
  rateLimit?: RateLimit
  /** Asked only about a body that is refused for its form. */
  furtherErrors?: FurtherErrors
  logUnexpected: UnexpectedErrorLog
  /** Told of a path that does not exist; default: that /docs tells what does. */
  noSuchPath?: NoSuchPath
  /** Called after every answer. */
  onAnswer?: (request: FastifyRequest, reply: FastifyReply) => void
}

/**
 * Nest's Fastify adapter with the contract of `@Endpoint()` in force: identity and roles before the body is read,
 * validation before the handler, problem documents for all errors. A route without an endpoint is not served.
 *
 * Create the application with `NestFactory.create(AppModule, adapter, { bodyParser: false })`, so that Fastify's JSON parser
 * is the only one, and call `adapter.handleErrors(app)`.
 */
export class HttpAdapter extends FastifyAdapter {
  readonly routes = new RouteTable()
  readonly #logUnexpected: UnexpectedErrorLog
  readonly #noSuchPath: NoSuchPath | undefined

  constructor(options: HttpAdapterOptions) {
    super({
      bodyLimit: options.bodyLimit,
      genReqId: (request: { headers: Record<string, string | string[] | undefined> }) =>
        requestIdOf(request.headers),
      frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
        sendProblem(error, request, reply, options.logUnexpected),
      clientErrorHandler: answerUnreadable,
      routerOptions: { maxParamLength: 200 },
    } as never)
    this.#logUnexpected = options.logUnexpected
    this.#noSuchPath = options.noSuchPath
    this.#addHooks(this.getInstance() as unknown as FastifyInstance, options)
  }

  /** Makes every error of the application a problem document. */
  handleErrors(app: INestApplication): void {
    app.useGlobalFilters(new ProblemDetailsFilter(this.routes, this.#logUnexpected, this.#noSuchPath))
  }

  override reply(...args: Parameters<FastifyAdapter['reply']>): ReturnType<FastifyAdapter['reply']> {
    const [response, body, statusCode] = args
    if (!(body instanceof Answer)) return super.reply(response, body, statusCode)
    if (statusCode !== undefined) (response as FastifyReply).status(statusCode)
    applyAnswer(response as FastifyReply, body)
    return super.reply(response, body.body)
  }

  #addHooks(fastify: FastifyInstance, options: HttpAdapterOptions): void {
    fastify.removeContentTypeParser('text/plain')
    fastify.decorateRequest('routeConfig', undefined)
    fastify.decorateRequest('principal', undefined)
    fastify.decorateRequest('requestContext', undefined)
    fastify.addHook('onRoute', (route) => {
      route.bodyLimit ??= options.bodyLimits?.[route.url]
      this.routes.add(route.method, route.url, () => route.config?.endpoint)
    })
    const { authenticator, rateLimit, furtherErrors } = options
    fastify.addHook('onRequest', (request, reply, done) => {
      let pending: Promise<void> | undefined
      try {
        pending = authorize(authenticator, rateLimit, request, reply)
      } catch (error) {
        done(error as Error)
        return
      }
      if (pending) pending.then(() => done(), done)
      else done()
    })
    fastify.addHook('preHandler', (request, _reply, done) => {
      try {
        validate(request)
      } catch (error) {
        if (furtherErrors === undefined) done(error as Error)
        else completed(error, request, furtherErrors).then((all) => done(all as Error), done)
        return
      }
      done()
    })
    if (options.onAnswer) {
      const { onAnswer } = options
      fastify.addHook('onResponse', (request, reply, done) => {
        onAnswer(request, reply)
        done()
      })
    }
  }
}

/** A given id is checked in the hook, where a wrong one can be answered; it must not get into headers before that. */
function requestIdOf(headers: Record<string, string | string[] | undefined>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID()
}
