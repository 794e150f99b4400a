import { Body, Controller, Inject, Post } from '@nestjs/common'
import { FactSource } from '#libs/command-handling'
import { EventStore } from '#libs/event-store'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { CommandSender } from '../http/command-sender.js'
import { toUtc } from '../http/instants.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import { BACK_DATERS, BASELINE_TAKERS, CONFIGURATION_WRITERS, DISCOVERERS } from './configuration.rights.js'
import { Discovery } from './discovery.js'
import { baselineId, TakeBaseline } from './domain/baseline.decider.js'
import { RegisterCi } from './domain/ci.commands.js'
import { CorrectRelation, RelateCi } from './domain/relation.commands.js'
import { CI_RELATION_TYPES, normalised, type Related, relationId } from './domain/relation.decider.js'
import {
  CorrectRelationDto,
  DiscoveryDto,
  DiscoveryResult,
  RegisterCiDto,
  RelateDto,
  TakeBaselineDto,
} from './dto/configuration.dto.js'
import { settleConfigurationPoint } from './queries/configuration-point.js'

/** Configuration items come into being here; what can be done to them stands in `configuration.verbs`. */
@Controller('configuration-items')
export class CiRegistrationController {
  constructor(private readonly sender: CommandSender) {}

  @Post()
  @Endpoint({
    summary: 'Register a configuration item',
    roles: CONFIGURATION_WRITERS,
    body: RegisterCiDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async register(@Body() body: RegisterCiDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    const [data, reason] = splitReason(body)
    const wish = { target: 'ci-', method: 'POST', route: '/configuration-items', params: {}, body, reason }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new RegisterCi(undefined, data, metadata),
    )
    return receiptAnswer(receipt, { location: `/configuration-items/${receipt.id}` })
  }
}

/** Relations, whose ids follow from what they relate, and baselines, whose ids follow from their names. */
@Controller('configuration')
export class ConfigurationController {
  constructor(
    private readonly sender: CommandSender,
    @Inject(FactSource) private readonly facts: FactSource,
    @Inject(EventStore) private readonly store: EventStore,
  ) {}

  @Post('relations')
  @Endpoint({
    summary: 'Relate two configuration items, or names of such',
    description:
      'Said the other way round it is the same relation. An end that is a name means whichever live CI bears it at the time asked for.',
    roles: CONFIGURATION_WRITERS,
    body: RelateDto,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async relate(@Body() body: RelateDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    const [{ attributes, change, ...said }, reason] = splitReason(body)
    const related = await this.related(said)
    const id = relationId(related)
    const wish = { ...relationWish(id, '/configuration/relations'), body, reason }
    const data = { ...related, attributes, change }
    return receiptAnswer(
      await this.sender.send(context, wish, (metadata) => new RelateCi(id, data, metadata)),
    )
  }

  @Post('relations/correct')
  @Endpoint({
    summary: 'Say from when on in the past a relation was there, or was not',
    description: 'Changes answers only for an `asOf` after it. Needs a reason.',
    roles: BACK_DATERS,
    body: CorrectRelationDto,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async correct(
    @Body() body: CorrectRelationDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const [{ validFrom, until, present, change, ...said }, reason] = splitReason(body)
    const related = await this.related(said)
    const id = relationId(related)
    const wish = { ...relationWish(id, '/configuration/relations/correct'), body, reason }
    const data = { ...related, present, change, ...(until !== undefined && { until: toUtc(until) }) }
    return receiptAnswer(
      await this.sender.send(
        context,
        wish,
        (metadata) =>
          new CorrectRelation(
            id,
            { ...data, enteredAt: metadata.occurredAt },
            { ...metadata, occurredAt: toUtc(validFrom) },
          ),
      ),
    )
  }

  @Post('baselines')
  @Endpoint({
    summary: 'Give a point on both time axes a name',
    roles: BASELINE_TAKERS,
    body: TakeBaselineDto,
    status: 201,
    answer: Receipt,
    refusals: [404],
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async takeBaseline(
    @Body() body: TakeBaselineDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const [{ name, ...asked }, reason] = splitReason(body)
    const point = await settleConfigurationPoint(this.store, asked)
    const id = baselineId(name)
    const route = '/configuration/baselines'
    const wish = { target: `baseline-${id}`, method: 'POST', route, params: {}, body, reason }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new TakeBaseline(id, { name, ...point, enteredAt: metadata.occurredAt }, metadata),
    )
    return receiptAnswer(receipt, { location: `${route}/${id}` })
  }

  private async related({ type, source, target }: Related): Promise<Related> {
    const { value } = await this.facts.answer(CI_RELATION_TYPES)
    return normalised({ type, source, target }, value)
  }
}

function relationWish(id: string, route: string) {
  return { target: `relation-${id}`, method: 'POST', route, params: {} }
}

/** What sources see. */
@Controller('configuration/discovery')
export class DiscoveryController {
  private readonly discovery: Discovery

  constructor(
    sender: CommandSender,
    queries: Queries,
    @Inject(EventStore) store: EventStore,
    @Inject(FactSource) facts: FactSource,
  ) {
    this.discovery = new Discovery(sender, queries, store, facts)
  }

  @Post()
  @Endpoint({
    summary: 'Take what a source saw in a run',
    description:
      'Each item is matched with the CIs that are known, by the rules of the setting `ci-reconciliation`: one is changed as far as the source is ' +
      'believed, none registers it, several open a review. A long run comes in several requests of the same `run`.',
    roles: DISCOVERERS,
    body: DiscoveryDto,
    answer: DiscoveryResult,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ITSM-Position'],
  })
  async discover(@Body() body: DiscoveryDto, @Context() context: RequestContext): Promise<DiscoveryResult> {
    const [{ source, run, items }, reason] = splitReason(body)
    const told = { source, run, items: items.map((item) => ({ attributes: {}, ...item })) }
    return this.discovery.take(told, body, reason, context)
  }
}
