import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { CommandSender } from '../http/command-sender.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import { listChangeModels, readChangeModel } from './change-model.query.js'
import { OpenChange, OpenRevert } from './domain/change.commands.js'
import { CHANGE_MODEL_RIGHTS, rolesThatMay } from './domain/change.rights.js'
import { DraftChangeModel } from './domain/change-model.commands.js'
import {
  ChangeModelParams,
  ChangeModelView,
  ChangeParams,
  DraftChangeModelDto,
  OpenChangeDto,
  RevertChangeDto,
} from './dto/change-commands.dto.js'
import { ChangeModelPage, ChangeModelsQuery } from './dto/change-models.dto.js'

const COLLECTION = 'change-'

/** Changes come into being here; what can be done to them stands in `change.verbs`. */
@Controller('changes')
export class ChangesController {
  constructor(private readonly sender: CommandSender) {}

  @Post()
  @Endpoint({
    summary: 'Open a change',
    description: 'Requesters open normal changes of their own.',
    roles: rolesThatMay('OpenChange'),
    body: OpenChangeDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async open(@Body() body: OpenChangeDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    const [data, reason] = splitReason(body)
    const wish = { target: COLLECTION, method: 'POST', route: '/changes', params: {}, body, reason }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new OpenChange(undefined, data, metadata),
    )
    return receiptAnswer(receipt, { location: `/changes/${receipt.id}` })
  }

  @Post(':id/revert')
  @Endpoint({
    summary: 'Open a change that brings back what this one has changed',
    roles: rolesThatMay('OpenRevert'),
    params: ChangeParams,
    body: RevertChangeDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async revert(
    @Param() params: ChangeParams,
    @Body() body: RevertChangeDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const [data, reason] = splitReason(body)
    const wish = { target: COLLECTION, method: 'POST', route: '/changes/{id}/revert', params, body, reason }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new OpenRevert(undefined, { ...data, reverts: params.id }, metadata),
    )
    return receiptAnswer(receipt, { location: `/changes/${receipt.id}` })
  }
}

/** What standard changes are made from. */
@Controller('change-models')
export class ChangeModelsController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Draft a model of standard changes, or another revision of one',
    description: 'Changes follow a revision once somebody else has approved it.',
    roles: CHANGE_MODEL_RIGHTS.DraftChangeModel,
    body: DraftChangeModelDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async draft(
    @Body() body: DraftChangeModelDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const [{ id, content }, reason] = splitReason(body)
    const wish = {
      target: `changemodel-${id}`,
      method: 'POST',
      route: '/change-models',
      params: {},
      body,
      reason,
    }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new DraftChangeModel(id, { content }, metadata),
    )
    return receiptAnswer(receipt, { location: `/change-models/${id}` })
  }

  @Get()
  @Endpoint({
    summary: 'List models: which are approved, until when, and which await approval',
    roles: DESK_READERS,
    query: ChangeModelsQuery,
    answer: ChangeModelPage,
  })
  list(@Query() query: ChangeModelsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listChangeModels, { ...query, principal })
  }

  @Get(':id')
  @Endpoint({
    summary: 'Read a model: its latest revision, and the one that is approved',
    roles: DESK_READERS,
    params: ChangeModelParams,
    answer: ChangeModelView,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag'],
  })
  read(@Param() { id }: ChangeModelParams, @Context() context: RequestContext): Promise<Answer> {
    return this.queries.answer(readChangeModel, { id }, context)
  }
}
