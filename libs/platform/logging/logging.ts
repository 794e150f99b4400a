import type { LoggerService } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Configuration } from '../configuration/index.js'
import type { UnexpectedErrorLog } from '../problem-filter.js'

export type { Logger }

/** Members that never reach the log, wherever one level deep they stand. */
const SECRET_MEMBERS = ['authorization', 'cookie', 'token', 'secret', 'password']

/** API tokens and JWTs that got into some text, such as an error's message. */
const TOKENS = /ldk_[0-9a-f]{16}_[\w-]{43}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*/g

/**
 * The log: one line a record, on stdout unless `destination` is given. What looks like a token is cut out of every line.
 */
export function createLogger(
  { logLevel, logFormat }: Pick<Configuration, 'logLevel' | 'logFormat'>,
  destination: DestinationStream = process.stdout,
): Logger {
  const options = {
    level: logLevel,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    redact: {
      paths: SECRET_MEMBERS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
    hooks: { streamWrite: (line: string) => line.replace(TOKENS, '[redacted]') },
  }
  return pino(options, logFormat === 'text' ? asText(destination) : destination)
}

/** Logs every request at `debug`; free of cost at a higher level. For `HttpAdapterOptions.onAnswer`. */
export function logAnswer(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  if (!logger.isLevelEnabled('debug')) return
  logger.debug(
    {
      requestId: request.id,
      principal: request.principal?.id,
      method: request.method,
      route: request.routeConfig?.url,
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime * 100) / 100,
    },
    'answered',
  )
}

/** Logs errors that are our fault with the instance that the caller was given. */
export function logUnexpected(logger: Logger): UnexpectedErrorLog {
  return (error, about) => logger.error({ err: error, ...about }, 'unexpected error')
}

/** Nest's own messages in our log. Its chatter about modules and routes goes to `debug`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...details: unknown[]): void {
    this.#write('debug', message, details)
  }
  error(message: unknown, ...details: unknown[]): void {
    this.#write('error', message, details)
  }
  warn(message: unknown, ...details: unknown[]): void {
    this.#write('warn', message, details)
  }
  debug(message: unknown, ...details: unknown[]): void {
    this.#write('debug', message, details)
  }
  verbose(message: unknown, ...details: unknown[]): void {
    this.#write('trace', message, details)
  }
  fatal(message: unknown, ...details: unknown[]): void {
    this.#write('fatal', message, details)
  }

  /** Nest gives the context last, and for errors the stack before it. */
  #write(level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal', message: unknown, details: unknown[]): void {
    const context = details.at(-1)
    const stack = details.length > 1 ? details[0] : undefined
    const err = message instanceof Error ? message : undefined
    this.logger[level]({ context, stack, err }, err ? err.message : String(message))
  }
}

/** `09:00:00.123 warn  message  member=value ...`, for people. */
function asText(destination: DestinationStream): DestinationStream {
  return {
    write(line: string): void {
      const { time, level, msg = '', err, ...members } = JSON.parse(line)
      const pairs = Object.entries(members).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      const stack = err?.stack ? `\n${err.stack}` : ''
      destination.write(`${[String(time).slice(11, 23), level.padEnd(5), msg, ...pairs].join(' ')}${stack}\n`)
    },
  }
}
