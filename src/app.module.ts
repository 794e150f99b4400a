import { type DynamicModule, Module, type Provider } from '@nestjs/common'
import { CommandBus, CqrsModule, QueryBus } from '@nestjs/cqrs'
import { BlobStore } from '#libs/blob-store'
import { CommandExecutor, FactSource } from '#libs/command-handling'
import { EventStore } from '#libs/event-store'
import {
  Authenticator,
  type Configuration,
  HealthChecks,
  HealthController,
  type Logger,
  Metrics,
  MetricsController,
} from '#libs/platform'
import { QueryRunner } from '#libs/query-handling'
import { AskHandler } from '#libs/query-handling/nest'
import { alertsModule } from './alerts/alerts.module.js'
import { CmdbEstate } from './analysts-estate.js'
import { Estate } from './analytics/forensics/estate.js'
import { ForensicsController } from './analytics/forensics/forensics.controller.js'
import { IncidentFactsController } from './analytics/incident-facts.controller.js'
import { RepeatRateController } from './analytics/repeat-rate/repeat-rate.controller.js'
import { IncidentTrendsController } from './analytics/trends/incident-trends.controller.js'
import { approvalsModule } from './approvals/approvals.module.js'
import { auditModule } from './audit/audit.module.js'
import { CmdbSurroundings } from './change-surroundings.js'
import { cab } from './changes/cab.module.js'
import { ChangeSurroundings } from './changes/change.handlers.js'
import { changes } from './changes/changes.module.js'
import { changesReads } from './changes/changes-reads.module.js'
import { configuration as serviceConfiguration } from './configuration/configuration.module.js'
import { configurationReads } from './configuration/configuration-reads.module.js'
import { Directory } from './directory/directory.js'
import { directoryModule } from './directory/directory.module.js'
import { AuditReadings } from './events/audit-data.js'
import { EventsController } from './events/events.controller.js'
import { ListFilterCheck } from './filter-check.js'
import { filters } from './filters/filters.module.js'
import { FilterCheck } from './filters/saved-filters.controller.js'
import { AttachmentLimits } from './http/attachments/attachment-limits.js'
import { RecordFiles } from './http/attachments/record-files.js'
import { CommandSender } from './http/command-sender.js'
import { Delegations } from './http/delegations.js'
import { Queries } from './http/queries.js'
import { IncidentDesk } from './incident-desk.js'
import { BulkByFilter } from './incidents/bulk-by-filter.js'
import { incidents } from './incidents/incidents.module.js'
import { KeptAuditReadings } from './log-readings.js'
import { mail } from './mail/mail.module.js'
import { MailIntake } from './mail/mail-intake.js'
import { largestMessage } from './mail/message-body.js'
import { notifications } from './notifications/notifications.module.js'
import type { Outbox } from './notifications/outbox.js'
import { ProjectionsController } from './operation/projections.controller.js'
import { ReadModelKeeper } from './operation/read-model-keeper.js'
import { candidates } from './problems/candidates.module.js'
import { problems } from './problems/problems.module.js'
import { LiveQueues } from './queues/live/live-queues.js'
import { QueuesController } from './queues/queues.controller.js'
import { TakeNext } from './queues/take-next.js'
import type { Runtime, Serving } from './runtime/runtime.js'
import type { WriteSide } from './runtime/write-side.js'
import { SearchController } from './search/search.controller.js'
import { settings } from './settings/settings.module.js'

export interface Services {
  configuration: Configuration
  runtime: Runtime
  health: HealthChecks
  metrics: Metrics
  authenticator: Authenticator
  logger: Pick<Logger, 'warn'>
}

/** The application: controllers and handlers over services that were made before it, as far as the role has them. */
export function applicationModule(services: Services): DynamicModule {
  const { runtime, health, metrics } = services
  const { write, serving, outbox } = runtime
  const carriesOut = write && outbox ? commandParts(write, outbox) : undefined
  const serves = serving ? httpParts(serving, services) : undefined
  return {
    module: ApplicationModule,
    imports: carriesOut ? [CqrsModule.forRoot()] : [],
    controllers: [...(serves?.controllers ?? []), HealthController, MetricsController],
    providers: [
      { provide: HealthChecks, useValue: health },
      { provide: Metrics, useValue: metrics },
      ...(carriesOut ?? []),
      ...(serves?.providers ?? []),
    ],
  }
}

/** The handlers of all commands, whoever sends them. */
function commandParts({ eventStore, directory, executor }: WriteSide, outbox: Outbox): Provider[] {
  return [
    { provide: EventStore, useValue: eventStore },
    { provide: Directory, useValue: directory },
    { provide: CommandExecutor, useValue: executor },
    ...incidents.providers,
    ...directoryModule(directory).providers,
    ...settings.providers,
    ...filters.providers,
    ...mail.providers,
    ...alertsModule.providers,
    ...approvalsModule.providers,
    ...notifications.providers(outbox),
    ...serviceConfiguration.providers,
    ...changes.providers,
    ...auditModule.providers,
    ...cab.providers,
    ...problems.providers,
    ...candidates.providers,
  ]
}

/** What people and services ask over HTTP. */
function httpParts(
  { write, queries, blobs, keeper }: Serving,
  { configuration, metrics, authenticator, logger }: Services,
) {
  const { eventStore, directory, facts } = write
  const { attachmentMaxBytes, attachmentTypes } = configuration
  return {
    controllers: [
      ...incidents.controllers,
      QueuesController,
      IncidentFactsController,
      ForensicsController,
      RepeatRateController,
      IncidentTrendsController,
      EventsController,
      SearchController,
      ...directoryModule(directory).controllers,
      ...settings.controllers,
      ...filters.controllers,
      ...mail.controllers,
      ...alertsModule.controllers,
      ...approvalsModule.controllers,
      ...configurationReads.controllers,
      ...changesReads.controllers,
      ...notifications.controllers,
      ...serviceConfiguration.controllers,
      ...changes.controllers,
      ...auditModule.controllers,
      ...cab.controllers,
      ...problems.controllers,
      ...candidates.controllers,
      ProjectionsController,
    ],
    providers: [
      { provide: BlobStore, useValue: blobs },
      { provide: FactSource, useValue: write.facts },
      { provide: Delegations, useValue: directory },
      { provide: QueryRunner, useValue: queries },
      { provide: ReadModelKeeper, useValue: keeper },
      { provide: AttachmentLimits, useValue: new AttachmentLimits(attachmentMaxBytes, attachmentTypes) },
      {
        provide: CommandSender,
        useFactory: (bus: CommandBus) => new CommandSender(bus, eventStore.logId),
        inject: [CommandBus],
      },
      {
        provide: RecordFiles,
        useFactory: (sender: CommandSender, blobs: BlobStore, limits: AttachmentLimits) =>
          new RecordFiles(sender, blobs, limits),
        inject: [CommandSender, BlobStore, AttachmentLimits],
      },
      { provide: Queries, useFactory: (bus: QueryBus) => new Queries(bus), inject: [QueryBus] },
      {
        provide: TakeNext,
        useFactory: (sender: CommandSender, queries: Queries) =>
          new TakeNext(sender, queries, eventStore, incidents.acceptance),
        inject: [CommandSender, Queries],
      },
      {
        provide: BulkByFilter,
        useFactory: (sender: CommandSender, queries: Queries) =>
          new BulkByFilter(sender, queries, eventStore),
        inject: [CommandSender, Queries],
      },
      { provide: Authenticator, useValue: authenticator },
      {
        provide: LiveQueues,
        useFactory: (queries: Queries) =>
          new LiveQueues({
            eventStore,
            queries,
            principal: (id) => directory.principal(id),
            onCount: (streams) => metrics.queueListeners.set(streams),
            onError: (err) => logger.warn({ err }, 'the live queues cannot read on; trying again'),
          }),
        inject: [Queries],
      },
      {
        provide: ChangeSurroundings,
        useFactory: (queries: Queries) => new CmdbSurroundings(queries, eventStore),
        inject: [Queries],
      },
      { provide: Estate, useFactory: (queries: Queries) => new CmdbEstate(queries), inject: [Queries] },
      {
        provide: AuditReadings,
        useFactory: (sender: CommandSender) => new KeptAuditReadings(sender),
        inject: [CommandSender],
      },
      {
        provide: FilterCheck,
        useFactory: (queries: Queries) => new ListFilterCheck(queries),
        inject: [Queries],
      },
      {
        provide: MailIntake,
        useFactory: (bus: CommandBus, queries: Queries, limits: AttachmentLimits) =>
          new MailIntake({
            bus,
            queries,
            eventStore,
            facts,
            blobs,
            desk: new IncidentDesk(queries, directory, limits, eventStore),
            mailFrom: configuration.mailFrom,
            maxBytes: largestMessage(configuration),
          }),
        inject: [CommandBus, Queries, AttachmentLimits],
      },
      AskHandler,
    ] satisfies Provider[],
  }
}

@Module({})
class ApplicationModule {}
