import { setTimeout as sleep } from 'node:timers/promises'
import { Controller, Get, Param, Post, Query } from '@nestjs/common'
import { IsIn, IsInt, IsOptional, IsString, Length, Matches } from 'class-validator'
import type { Role } from '#libs/access'
import { Unavailable } from '#libs/event-sourcing'
import { Conforms, Endpoint, Field } from '#libs/platform'
import { projectionRegistry } from '#projections/registry'
import { ReadModelKeeper } from './read-model-keeper.js'

const NAMES = projectionRegistry.map(({ name }) => name)
/** Longest time in which a build that has just taken over goes from the thread that made it to the one that keeps it. */
const HANDING_OVER_MS = 10_000
const READERS: readonly Role[] = ['administrator', 'auditor']

class ProjectionParams {
  @Field('Projection.', 'work_queue') @IsIn(NAMES) name!: string
}

class RetryQuery {
  @IsOptional()
  @Field('Only this key; absent: all.', 'incident-INC0000001')
  @IsString()
  @Length(1, 400)
  key?: string
}

export class ProjectionState {
  @IsString() name!: string
  @IsIn(['projection', 'view', 'policy']) kind!: string
  @IsInt() version!: number
  @IsInt() build!: number
  @Field('`live` answers; `building` is to take over.') @IsString() status!: string
  @Field('`following`: has all, and gets every new event.') @IsString() state!: string
  @Matches(/^\d{20}$/) position!: string
  @Field('How long the first event that it has not handled has been waiting.')
  @Conforms(() => ({ type: 'number', minimum: 0 }))
  lag!: number
  @IsOptional() @IsInt() parkedKeys?: number
  @IsOptional() @IsInt() armedTimers?: number
  @IsOptional() @Field('Why it stopped.', 'CHECKPOINT.FOREIGN') @IsString() code?: string
  @IsOptional() @IsString() message?: string
}

export class ProjectionStates {
  @Conforms(
    () => ({ type: 'array', items: { $ref: '#/components/schemas/ProjectionState' } }),
    () => [ProjectionState],
  )
  items!: ProjectionState[]
}

export class RetryAnswer {
  @Field('Events folded.') @IsInt() replayed!: number
  @Field('Keys that wait still, each with the event that could not be folded.')
  @Conforms(() => ({
    type: 'array',
    items: {
      type: 'object',
      properties: { key: { type: 'string' }, eventId: { type: 'string' }, reason: { type: 'string' } },
      required: ['key', 'eventId', 'reason'],
      additionalProperties: false,
    },
  }))
  stillParked!: { key: string; eventId: string; reason: string }[]
}

/** Read models and policies, for those who run the server. */
@Controller('projections')
export class ProjectionsController {
  constructor(private readonly keeper: ReadModelKeeper) {}

  @Get()
  @Endpoint({
    summary: 'Read models and policies: how far, and what is wrong',
    roles: READERS,
    answer: ProjectionStates,
  })
  async list(): Promise<ProjectionStates> {
    const { projections, policies } = await this.keeper.projectorStatus()
    return {
      items: [
        ...projections.map(({ projection, kind, lagSeconds, parkedKeys, ...rest }) => ({
          name: projection,
          kind,
          ...pick(rest),
          lag: lagSeconds,
          parkedKeys,
        })),
        ...policies.map(({ policy, lagSeconds, armedTimers, ...rest }) => ({
          name: policy,
          kind: 'policy',
          ...pick({ ...rest, status: 'live' }),
          lag: lagSeconds,
          armedTimers,
        })),
      ],
    }
  }

  @Post(':name/rebuild')
  @Endpoint({
    summary: 'Build anew beside the one that answers; it takes over by itself',
    roles: ['administrator'],
    params: ProjectionParams,
    status: 202,
  })
  async rebuild(@Param() { name }: ProjectionParams): Promise<void> {
    await this.keeper.rebuild(name)
  }

  @Post(':name/retry')
  @Endpoint({
    summary: 'Fold parked events again',
    roles: ['administrator'],
    params: ProjectionParams,
    query: RetryQuery,
    answer: RetryAnswer,
  })
  async retry(@Param() { name }: ProjectionParams, @Query() { key }: RetryQuery): Promise<RetryAnswer> {
    const deadline = performance.now() + HANDING_OVER_MS
    for (;;) {
      try {
        return await this.keeper.retryParked(name, key)
      } catch (error) {
        const elsewhere = error instanceof Unavailable && error.code === 'PROJECTION.NOT_HERE'
        if (!elsewhere || performance.now() > deadline) throw error
        await sleep(100)
      }
    }
  }
}

function pick({
  version,
  build,
  status,
  state,
  position,
  code,
  message,
}: Omit<ProjectionState, 'name' | 'kind' | 'lag'>) {
  return { version, build, status, state, position, code, message }
}
