import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common'
import { FactSource } from '#libs/command-handling'
import { LOG_START, laterPosition } from '#libs/event-sourcing'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { CommandSender } from '../http/command-sender.js'
import { FreshnessQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import { fromAlertmanager, fromGeneric } from './alert.intake.js'
import { listAlerts, readAlert } from './alert.queries.js'
import { alertId } from './alert.record.js'
import { type Notification, ReceiveAlert } from './domain/alert.commands.js'
import { ALERT_MAPPING } from './domain/alert.facts.js'
import {
  ALERTMANAGER_SCHEMA,
  AlertmanagerQuery,
  AlertPage,
  AlertParams,
  AlertsQuery,
  AlertsReceived,
  AlertWithHistory,
  GenericAlert,
  readAlertmanagerBody,
} from './dto/alert.dto.js'

/** Path of Alertmanager's webhook, whose notifications may be larger than other bodies. */
export const ALERTMANAGER_PATH = '/alerts/alertmanager'

/** Alerts of monitoring, which become incidents by the mapping in force. */
@Controller('alerts')
export class AlertsController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
    @Inject(FactSource) private readonly facts: FactSource,
  ) {}

  @Post('alertmanager')
  @Endpoint({
    summary: 'Take a notification of Prometheus Alertmanager (webhook, version 4)',
    description:
      'For a receiver’s `webhook_configs`, with an API token as `http_config.authorization`. Repeats are counted; the same ' +
      'notification within the mapping’s retry window is one that was sent twice. A body over `LEDGERDESK_ALERTS_BODY_LIMIT` is a 413, which ' +
      'Alertmanager does not send again: set `max_alerts` (10,000 alerts are about a third of the usual limit).',
    roles: ['service'],
    query: AlertmanagerQuery,
    body: { content: { 'application/json': ALERTMANAGER_SCHEMA } },
    answer: AlertsReceived,
    responseHeaders: ['ITSM-Position'],
  })
  async alertmanager(
    @Body() body: unknown,
    @Query() { source = 'alertmanager' }: AlertmanagerQuery,
    @Context() context: RequestContext,
  ): Promise<AlertsReceived> {
    const { value } = await this.facts.answer(ALERT_MAPPING)
    const notifications = fromAlertmanager(readAlertmanagerBody(body), value.mapping.key, source)
    // All are handed over at once: the store commits them in groups.
    const receipts = await Promise.all(
      notifications.map((notification) =>
        this.receive(notification, context, ALERTMANAGER_PATH, notification),
      ),
    )
    return {
      alerts: receipts.length,
      recorded: receipts.filter(({ outcome }) => outcome === 'appended').length,
      position: receipts.reduce((latest, { position }) => laterPosition(latest, position), LOG_START),
    }
  }

  @Post()
  @Endpoint({
    summary: 'Take an alert of any sender',
    description:
      'Under an `Idempotency-Key` the sender says what is sent twice; without, the same once more within the mapping’s retry ' +
      'window is. That something has cleared of which nothing was heard is recorded nowhere: revision -1.',
    roles: ['service'],
    body: GenericAlert,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async generic(@Body() body: GenericAlert, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    const [alert, reason] = splitReason(body)
    return receiptAnswer(await this.receive(fromGeneric(alert), context, '/alerts', body, reason))
  }

  @Get()
  @Endpoint({ summary: 'List alerts', roles: DESK_READERS, query: AlertsQuery, answer: AlertPage })
  list(@Query() query: AlertsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listAlerts, { ...query, principal })
  }

  @Get(':id')
  @Endpoint({
    summary: 'Read one alert, with its latest events',
    roles: DESK_READERS,
    params: AlertParams,
    query: FreshnessQuery,
    answer: AlertWithHistory,
    responseHeaders: ['ITSM-Position'],
  })
  read(
    @Param() { id }: AlertParams,
    @Query() { minPosition }: FreshnessQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readAlert, { id, minPosition, principal })
  }

  private receive(
    notification: Notification,
    context: RequestContext,
    route: string,
    body: object,
    reason?: string,
  ) {
    const id = alertId(notification.source, notification.key)
    const wish = { target: `alert-${id}`, method: 'POST', route, params: {}, body, reason }
    return this.sender.send(
      context,
      wish,
      (metadata) => new ReceiveAlert(id, notification, { ...metadata, channel: 'alert' }),
    )
  }
}
