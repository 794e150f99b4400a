import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { CommandSender } from '../http/command-sender.js'
import { toUtc } from '../http/instants.js'
import { FreshnessQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { Reasoned } from '../http/reasoned.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason, type Verbs, verb } from '../http/verbs.js'
import { CAB_RUNNERS } from './cab.record.js'
import * as c from './domain/cab.commands.js'
import type { Period } from './domain/change.events.js'
import * as dto from './dto/cab.dto.js'
import { listCabMeetings, readCabMeeting } from './queries/cab.queries.js'

/** Meetings of the change advisory board; it advises, the change authority approves. */
@Controller('cab-meetings')
export class CabMeetingsController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Schedule a meeting of the change advisory board',
    roles: CAB_RUNNERS,
    body: dto.ScheduleCabMeetingDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async schedule(
    @Body() body: dto.ScheduleCabMeetingDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const [{ period, ...data }, reason] = splitReason(body)
    const wish = { target: 'cab-', method: 'POST', route: '/cab-meetings', params: {}, body, reason }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new c.ScheduleCabMeeting(undefined, { ...data, period: inUtc(period) }, metadata),
    )
    return receiptAnswer(receipt, { location: `/cab-meetings/${receipt.id}` })
  }

  @Get()
  @Endpoint({
    summary: 'List the meetings of the board, the latest first',
    roles: DESK_READERS,
    query: dto.CabMeetingsQuery,
    answer: dto.CabMeetingPage,
  })
  list(@Query() query: dto.CabMeetingsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listCabMeetings, { ...query, principal })
  }

  @Get(':id')
  @Endpoint({
    summary: 'Read a meeting: its agenda, what it advised, its minutes',
    roles: DESK_READERS,
    params: dto.CabParams,
    query: FreshnessQuery,
    answer: dto.CabMeetingAnswer,
    responseHeaders: ['ITSM-Position'],
  })
  read(
    @Param() { id }: dto.CabParams,
    @Query() { minPosition }: FreshnessQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readCabMeeting, { id, minPosition, principal })
  }
}

function inUtc({ start, end }: Period): Period {
  return { start: toUtc(start), end: toUtc(end) }
}

/** What can be done to a meeting: `POST /cab-meetings/{id}/<verb>`. */
export const cabVerbs = {
  reschedule: verb({
    summary: 'Let it take place at another time',
    roles: CAB_RUNNERS,
    body: dto.RescheduleCabMeetingDto,
    command: (id, { period }, metadata) =>
      new c.RescheduleCabMeeting(id, { period: inUtc(period) }, metadata),
  }),
  agenda: verb({
    summary: 'Put a change on the agenda',
    roles: CAB_RUNNERS,
    body: dto.CabChangeDto,
    command: (id, data, metadata) => new c.AddToCabAgenda(id, data, metadata),
  }),
  'remove-from-agenda': verb({
    summary: 'Take a change off the agenda, on which no advice was given',
    roles: CAB_RUNNERS,
    body: dto.CabChangeDto,
    command: (id, data, metadata) => new c.RemoveFromCabAgenda(id, data, metadata),
  }),
  advise: verb({
    summary: 'Record what the board advises on a change',
    roles: CAB_RUNNERS,
    body: dto.CabAdviceDto,
    command: (id, data, metadata) => new c.GiveCabAdvice(id, data, metadata),
  }),
  minutes: verb({
    summary: 'Record the minutes; again: anew',
    roles: CAB_RUNNERS,
    body: dto.CabMinutesDto,
    command: (id, data, metadata) => new c.RecordCabMinutes(id, data, metadata),
  }),
  close: verb({
    summary: 'Close the meeting: with minutes, and advice on all that is on the agenda',
    roles: CAB_RUNNERS,
    body: Reasoned,
    command: (id, _, metadata) => new c.CloseCabMeeting(id, {}, metadata),
  }),
} satisfies Verbs
