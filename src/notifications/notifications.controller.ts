import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common'
import { Matches } from 'class-validator'
import { hasRole, type Principal } from '#libs/access'
import { Forbidden, RECORD_NUMBER } from '#libs/event-sourcing'
import { type Answer, Context, Endpoint, Field, RequestContext } from '#libs/platform'
import { DESK_PEOPLE } from '#projections/access'
import { CommandSender } from '../http/command-sender.js'
import { FreshnessQuery, listing } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { Reasoned } from '../http/reasoned.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason, verb } from '../http/verbs.js'
import { ResendNotification, SetNotificationPreferences } from './domain/notification.commands.js'
import { NotificationsPage, PreferencesDto, PreferencesView } from './dto/notifications.dto.js'
import { listNotifications, listRecordNotifications, readPreferences } from './notification.queries.js'

class ToldRecordParams {
  @Field('Number of the incident.', 'INC0000001')
  @Matches(RECORD_NUMBER)
  number!: string
}

class PreferencesParams {
  @Field('Directory id of a person.', 'agent')
  @Matches(/^(?!system:)\P{C}{1,200}$/u)
  id!: string
}

class NotificationsQuery extends listing(FreshnessQuery, 'state = "dead-lettered"', 'queuedAt desc') {}

/** What was sent to whom, why, and what became of it. */
@Controller()
export class NotificationsController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
  ) {}

  @Get('notifications')
  @Endpoint({
    summary: 'Your notifications; for auditors and administrators all, dead letters by their state',
    roles: 'any',
    query: NotificationsQuery,
    answer: NotificationsPage,
    responseHeaders: ['ITSM-Position'],
  })
  list(@Query() query: NotificationsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listNotifications, { ...query, principal })
  }

  @Get('incidents/:number/notifications')
  @Endpoint({
    summary: 'Who was told of an incident',
    roles: DESK_PEOPLE,
    params: ToldRecordParams,
    query: NotificationsQuery,
    answer: NotificationsPage,
    responseHeaders: ['ITSM-Position'],
  })
  ofRecord(
    @Param() { number }: ToldRecordParams,
    @Query() query: NotificationsQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(listRecordNotifications, { ...query, principal, number })
  }

  @Get('people/:id/notification-preferences')
  @Endpoint({
    summary: 'What a person wants to be told; your own, for administrators anybody’s',
    roles: 'any',
    params: PreferencesParams,
    answer: PreferencesView,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag'],
  })
  preferences(@Param() { id }: PreferencesParams, @Context() context: RequestContext): Promise<Answer> {
    requireOwn(context.principal, id)
    return this.queries.answer(readPreferences, { id }, context)
  }

  @Put('people/:id/notification-preferences')
  @Endpoint({
    summary: 'Say what you want to be told; administrators for anybody',
    roles: 'any',
    params: PreferencesParams,
    body: PreferencesDto,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async setPreferences(
    @Param() params: PreferencesParams,
    @Body() body: PreferencesDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const { id } = params
    const [{ preferences }, reason] = splitReason(body)
    const wish = {
      target: `preferences-${id}`,
      method: 'PUT',
      route: '/people/{id}/notification-preferences',
      params,
      body,
      reason,
    }
    return receiptAnswer(
      await this.sender.send(
        context,
        wish,
        (metadata) => new SetNotificationPreferences(id, { preferences }, metadata),
      ),
    )
  }
}

function requireOwn(principal: Principal, id: string): void {
  if (principal.id === id || hasRole(principal, 'administrator')) return
  throw new Forbidden('NOTIFICATION.FORBIDDEN', 'These are somebody else’s preferences')
}

/** What can be done to a notification. */
export const notificationVerbs = {
  resend: verb({
    summary: 'Send a dead letter again',
    roles: ['administrator'],
    body: Reasoned,
    command: (id, _, metadata) => new ResendNotification(id, {}, metadata),
  }),
}
