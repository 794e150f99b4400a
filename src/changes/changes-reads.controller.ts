import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { EventStore } from '#libs/event-store'
import { Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { prefers } from '../http/accept.js'
import { TimePointQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { asICalendar, ICALENDAR } from './change-calendar.ics.js'
import {
  ChangeAtPoint,
  ChangeCalendarQuery,
  ChangeCalendarView,
  ChangeHistory,
  ChangePage,
  ChangesQuery,
} from './dto/change-answers.dto.js'
import { ChangeParams } from './dto/change-commands.dto.js'
import { listChanges, readChange, readChangeHistory } from './queries/change.queries.js'
import { type ChangeCalendar, readChangeCalendar } from './queries/change-calendar.query.js'

/** Reading changes; what can be done to them stands in their verbs. */
@Controller('changes')
export class ChangesReadsController {
  constructor(
    private readonly queries: Queries,
    @Inject(EventStore) private readonly store: EventStore,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List changes, now or at a past point; requesters see those that they asked for',
    roles: 'any',
    query: ChangesQuery,
    answer: ChangePage,
  })
  list(@Query() query: ChangesQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listChanges, { ...query, principal })
  }

  @Get('calendar')
  @Endpoint({
    summary: 'Changes that were done in a stretch of time or are due, blackouts and maintenance windows',
    description:
      'As JSON, or as iCalendar (RFC 5545) with `Accept: text/calendar`. A window for classes of items is shown whatever the class of `ci`.',
    roles: DESK_READERS,
    query: ChangeCalendarQuery,
    answer: { content: { 'application/json': ChangeCalendarView, [ICALENDAR]: 'text' } },
    refusals: [409],
  })
  async calendar(
    @Query() query: ChangeCalendarQuery,
    @Req() request: FastifyRequest,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    const asked = { ...query, principal }
    if (!prefers(request, ICALENDAR)) return this.queries.answer(readChangeCalendar, asked)
    const { json, position } = await this.queries.ask(readChangeCalendar, asked)
    return new Answer(asICalendar(JSON.parse(json) as ChangeCalendar, this.store.logId), {
      position,
      headers: { 'content-type': `${ICALENDAR}; charset=utf-8` },
    })
  }

  @Get(':id')
  @Endpoint({
    summary: 'Read one change, now or at a past point, with the document that approval was asked about',
    roles: 'any',
    params: ChangeParams,
    query: TimePointQuery,
    answer: ChangeAtPoint,
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  read(
    @Param() { id: number }: ChangeParams,
    @Query() query: TimePointQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    // Never "not modified": what the board says of it leaves its revision as it is.
    return this.queries.answer(readChange, { ...query, number, principal })
  }

  @Get(':id/history')
  @Endpoint({
    summary: 'Every event of a change: who, when, before and after, why',
    roles: 'any',
    params: ChangeParams,
    query: TimePointQuery,
    answer: ChangeHistory,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  history(
    @Param() { id: number }: ChangeParams,
    @Query() query: TimePointQuery,
    @Context() context: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readChangeHistory, { ...query, number, principal: context.principal }, context)
  }
}
