import { Body, Controller, Get, Post } from '@nestjs/common'
import type { Principal } from '#libs/access'
import type { Command, CommandMetadata } from '#libs/event-sourcing'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { CommandSender } from '../http/command-sender.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import { RemoveFilter, SaveFilter } from './domain/filters.commands.js'
import type { FilteredList } from './domain/filters.events.js'
import { RemoveFilterDto, SavedFilterList, SaveFilterDto } from './dto/filters.dto.js'
import { listSavedFilters } from './filters.queries.js'

/**
 * Asks a list whether it takes a filter, from this principal; the composition knows the lists.
 * @throws what the list would refuse it for
 */
export abstract class FilterCheck {
  abstract check(list: FilteredList, filter: string, principal: Principal): Promise<void>
}

/** Filters that people use again and again: their own, and those that a group shares. */
@Controller('saved-filters')
export class SavedFiltersController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
    private readonly lists: FilterCheck,
  ) {}

  @Get()
  @Endpoint({
    summary: 'Your saved filters, and those of your groups',
    roles: 'any',
    answer: SavedFilterList,
  })
  list(@Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listSavedFilters, { principal })
  }

  @Post()
  @Endpoint({
    summary: 'Save a filter under a name, or another one under the same',
    description: 'A group’s filters are kept by the team leads among its members, and by administrators.',
    roles: 'any',
    body: SaveFilterDto,
    answer: Receipt,
    refusals: [404],
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async save(@Body() body: SaveFilterDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    const [{ group, ...data }, reason] = splitReason(body)
    await this.lists.check(data.list, data.filter, context.principal)
    const build = (id: string, metadata: CommandMetadata) => new SaveFilter(id, data, metadata)
    return this.send('/saved-filters', group, { body, reason }, context, build)
  }

  @Post('remove')
  @Endpoint({
    summary: 'Remove a saved filter',
    roles: 'any',
    body: RemoveFilterDto,
    answer: Receipt,
    refusals: [404],
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async remove(@Body() body: RemoveFilterDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    const [{ group, name }, reason] = splitReason(body)
    const build = (id: string, metadata: CommandMetadata) => new RemoveFilter(id, { name }, metadata)
    return this.send('/saved-filters/remove', group, { body, reason }, context, build)
  }

  private async send(
    route: string,
    group: string | undefined,
    { body, reason }: { body: object; reason?: string },
    context: RequestContext,
    build: (id: string, metadata: CommandMetadata) => Command,
  ): Promise<Answer<Receipt>> {
    const id = group === undefined ? `person-${context.principal.id}` : `group-${group}`
    const wish = { target: `filters-${id}`, method: 'POST', route, params: {}, body, reason }
    return receiptAnswer(await this.sender.send(context, wish, (metadata) => build(id, metadata)))
  }
}
