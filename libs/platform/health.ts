import { Controller, Get } from '@nestjs/common'
import { IsIn } from 'class-validator'
import { LedgerdeskError } from '#libs/event-sourcing'
import { within } from '#libs/time-limit'
import { Answer, Endpoint } from './http-contract/index.js'
import { Conforms, Field } from './validation/index.js'

/** Gives nothing when all is well, or what is missing. Throwing means the same as a text. */
export type HealthCheck = () => Promise<string | undefined> | string | undefined

/** A check that takes longer counts as failed. */
const CHECK_TIMEOUT_MS = 2_000
/** Of a check that decides nothing: whoever asks may give up after a second, and would take no answer for a no. */
const TOLD_TIMEOUT_MS = 500

interface RegisteredCheck {
  readonly check: HealthCheck
  readonly decides: boolean
}

/** What the server needs to serve, and what is worth knowing beside it, by name. One instance for the application. */
export class HealthChecks {
  readonly #checks = new Map<string, RegisteredCheck>()
  #draining = false

  /** @param decides whether the process is not ready when this is missing; else that is told and no more (default true) */
  register(name: string, check: HealthCheck, { decides = true }: { decides?: boolean } = {}): void {
    this.#checks.set(name, { check, decides })
  }

  /** From now on not ready: the process is going down and wants no new requests. */
  drain(): void {
    this.#draining = true
  }

  /** Asks all checks at once. Never throws: a check that does has failed. */
  async readiness(): Promise<Readiness> {
    const registered = [...this.#checks]
    if (this.#draining)
      registered.push(['shutdown', { check: () => 'the server is shutting down', decides: true }])
    const results = await Promise.all(
      registered.map(async ([name, one]) => ({ name, decides: one.decides, result: await resultOf(one) })),
    )
    const missing = results.filter(({ result }) => result !== 'ok')
    const serves = !missing.some(({ decides }) => decides)
    return {
      status: missing.length === 0 ? 'ready' : serves ? 'degraded' : 'not ready',
      checks: Object.fromEntries(results.map(({ name, result }) => [name, result])),
    }
  }
}

async function resultOf({ check, decides }: RegisteredCheck): Promise<string> {
  const patience = decides ? CHECK_TIMEOUT_MS : TOLD_TIMEOUT_MS
  const late = () => `no answer within ${patience} ms`
  try {
    return (await within(patience, Promise.resolve(check()), late)) ?? 'ok'
  } catch (error) {
    // Other errors may hold addresses or credentials, and this endpoint is public.
    return error instanceof LedgerdeskError ? error.message : 'failed'
  }
}

export class Liveness {
  @IsIn(['live']) status!: 'live'
}

export class Readiness {
  @Field('`degraded`: it serves, though something is missing.', 'degraded')
  @IsIn(['ready', 'degraded', 'not ready'])
  status!: 'ready' | 'degraded' | 'not ready'

  @Field('Each check: `ok`, or what is missing.', { log: 'ok', 'read store': 'no answer within 500 ms' })
  @Conforms(() => ({ type: 'object', additionalProperties: { type: 'string' } }))
  checks!: Record<string, string>
}

@Controller('health')
export class HealthController {
  constructor(private readonly checks: HealthChecks) {}

  @Get('live')
  @Endpoint({ summary: 'Is the process alive', roles: 'public', tag: 'operation', answer: Liveness })
  live(): Liveness {
    return { status: 'live' }
  }

  @Get('ready')
  @Endpoint({
    summary: 'Can it serve, and what is missing',
    roles: 'public',
    tag: 'operation',
    answer: Readiness,
    answersAt: [503],
  })
  async ready(): Promise<Answer<Readiness>> {
    const readiness = await this.checks.readiness()
    return new Answer(readiness, { status: readiness.status === 'not ready' ? 503 : 200 })
  }
}
