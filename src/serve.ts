import 'reflect-metadata'
import type { AddressInfo } from 'node:net'
import { NestFactory } from '@nestjs/core'
import { CommandBus } from '@nestjs/cqrs'
import type { FastifyInstance } from 'fastify'
import { NotFound, Unauthenticated } from '#libs/event-sourcing'
import {
  type Authenticator,
  BearerAuthenticator,
  buildOpenApi,
  type Configuration,
  ConfigurationError,
  closeAll,
  createLogger,
  endOnSignals,
  HealthChecks,
  HttpAdapter,
  type Logger,
  logAnswer,
  logUnexpected,
  Metrics,
  NestLogger,
  rateLimitOf,
  type ShutdownOptions,
  serveDocumentation,
  shutDown,
  shutDownOnSignals,
} from '#libs/platform'
import { ALERTMANAGER_PATH } from './alerts/alerts.controller.js'
import { API } from './api.js'
import { applicationModule } from './app.module.js'
import { oidcOptions, SignInDirectory } from './directory/sign-in.js'
import { readForms } from './http/attachments/forms.js'
import { unknownLevels } from './incidents/unknown-levels.js'
import { readMessages } from './mail/message-body.js'
import { LiveQueues } from './queues/live/live-queues.js'
import { Runtime } from './runtime/runtime.js'

export interface RunningServer {
  url: string
  logger: Logger
  runtime: Runtime
  shutdown: ShutdownOptions
  stop(): Promise<boolean>
}

/** Starts everything in this process and listens. Resolves when it is ready to serve. */
export async function serve(configuration: Configuration): Promise<RunningServer> {
  const logger = createLogger(configuration)
  logger.info({ role: configuration.role, dataDir: configuration.dataDir }, 'starting')
  const metrics = new Metrics()
  const runtime = await Runtime.start(configuration, logger, metrics)
  const health = new HealthChecks()
  runtime.register(health, metrics)
  try {
    return await listen(configuration, { logger, metrics, runtime, health })
  } catch (error) {
    // What is left open would keep the process
    await closeAll(runtime.closers(), logger)
    throw error
  }
}

/** Serves until SIGTERM or SIGINT, and then ends in order; while it starts, it ends at once. */
export async function serveUntilSignal(configuration: Configuration): Promise<void> {
  const stopListening = endOnSignals()
  const { shutdown } = await serve(configuration)
  shutDownOnSignals(shutdown)
  stopListening()
}

interface Started {
  logger: Logger
  metrics: Metrics
  runtime: Runtime
  health: HealthChecks
}

async function listen(
  configuration: Configuration,
  { logger, metrics, runtime, health }: Started,
): Promise<RunningServer> {
  const authenticator = authenticatorOf(runtime, configuration)
  const adapter = new HttpAdapter({
    bodyLimit: configuration.bodyLimit,
    bodyLimits: { [ALERTMANAGER_PATH]: configuration.alertsBodyLimit },
    authenticator,
    rateLimit: configuration.rateLimit > 0 ? rateLimitOf(configuration.rateLimit) : undefined,
    furtherErrors: runtime.serving && unknownLevels(runtime.serving.write.facts),
    logUnexpected: logUnexpected(logger),
    noSuchPath: runtime.serving ? undefined : (path) => servedElsewhere(path, configuration),
    onAnswer(request, reply) {
      metrics.observeAnswer(request, reply)
      logAnswer(logger, request, reply)
    },
  })
  const app = await NestFactory.create(
    applicationModule({ configuration, runtime, health, metrics, authenticator, logger }),
    adapter,
    {
      bodyParser: false,
      logger: new NestLogger(logger),
    },
  )
  adapter.handleErrors(app)
  const fastify = adapter.getInstance() as unknown as FastifyInstance
  readForms(fastify)
  if (runtime.serving) {
    readMessages(fastify, configuration)
    serveDocumentation(fastify, () => buildOpenApi(adapter.routes, API))
  }
  if (runtime.write) runtime.connect(app.get(CommandBus))

  try {
    await app.listen(configuration.port, configuration.host)
  } catch (error) {
    throw cannotListen(configuration, error)
  }
  const { address, port, family } = app.getHttpServer().address() as AddressInfo
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  logger.info({ url, role: configuration.role, dataDir: configuration.dataDir }, 'serving')
  const shutdown: ShutdownOptions = {
    server: app.getHttpServer(),
    health,
    graceSeconds: configuration.shutdownGraceSeconds,
    delaySeconds: configuration.shutdownDelaySeconds,
    logger,
    endStreams: runtime.serving && (() => app.get(LiveQueues).close()),
    closers: runtime.closers(),
  }
  return { url, logger, runtime, shutdown, stop: () => shutDown(shutdown) }
}

/** What a role that serves nothing but health and metrics answers at any other path, those that the API has included. */
export function servedElsewhere(path: string, { role }: Pick<Configuration, 'role'>): NotFound {
  return new NotFound(
    'ROLE.SERVES_NO_API',
    `There is no ${path} here: this process has the role ${role} and serves /health/live, /health/ready and /metrics only. ` +
      'Send the request to a process of the role api, or all.',
    { role },
  )
}

/** A role that serves nothing but its health knows nobody. */
function authenticatorOf({ serving }: Runtime, configuration: Configuration): Authenticator {
  if (!serving) {
    return {
      authenticate() {
        throw new Unauthenticated('ROLE.KNOWS_NOBODY', 'This process serves its health and metrics only')
      },
    }
  }
  const { directory, executor } = serving.write
  const signIn = new SignInDirectory(directory, executor, configuration.oidcRoleMap)
  return new BearerAuthenticator(signIn, oidcOptions(configuration))
}

function cannotListen({ host, port }: Configuration, error: unknown): unknown {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is in use: stop what listens there, or set LEDGERDESK_PORT (0 picks a free one)',
    EACCES: 'is not allowed: set LEDGERDESK_PORT to one above 1023',
    EADDRNOTAVAIL: 'is no address of this machine: set LEDGERDESK_HOST',
    ENOTFOUND: 'is neither an address nor a name that is known: set LEDGERDESK_HOST',
    EAI_AGAIN: 'is a name that nobody resolves just now: set LEDGERDESK_HOST to an address',
  }
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? '']
  return reason === undefined ? error : new ConfigurationError([`${host}:${port} ${reason}`])
}
