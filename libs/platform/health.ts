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

/** What the server needs to serve, by name. One instance for the application. */
export class HealthChecks {
  readonly #checks = new Map<string, HealthCheck>()
  #draining = false

  register(name: string, check: HealthCheck): void {
    this.#checks.set(name, check)
  }

  /** From now on not ready: the process is going down and wants no new requests. */
  drain(): void {
    this.#draining = true
  }

  /** Name of each check → `ok` or what is missing. */
  async results(): Promise<Record<string, string>> {
    const checks: [string, HealthCheck][] = [...this.#checks]
    if (this.#draining) checks.push(['shutdown', () => 'the server is shutting down'])
    const results = await Promise.all(
      checks.map(async ([name, check]) => [name, await resultOf(check)] as const),
    )
    return Object.fromEntries(results)
  }
}

async function resultOf(check: HealthCheck): Promise<string> {
  const late = () => `no answer within ${CHECK_TIMEOUT_MS} ms`
  try {
    return (await within(CHECK_TIMEOUT_MS, Promise.resolve(check()), late)) ?? 'ok'
  } catch (error) {
    // Other errors may hold addresses or credentials, and this endpoint is public.
    return error instanceof LedgerdeskError ? error.message : 'failed'
  }
}

export class Liveness {
  @IsIn(['live']) status!: 'live'
}

export class Readiness {
  @IsIn(['ready', 'not ready']) status!: 'ready' | 'not ready'

  @Field('Each check: `ok`, or what is missing.', { store: 'ok', projections: 'no answer within 2000 ms' })
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
    const checks = await this.checks.results()
    const ready = Object.values(checks).every((result) => result === 'ok')
    return new Answer({ status: ready ? 'ready' : 'not ready', checks }, { status: ready ? 200 : 503 })
  }
}
