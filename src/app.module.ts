import { type DynamicModule, Module, type Provider } from '@nestjs/common'
import { CommandBus, CqrsModule, QueryBus } from '@nestjs/cqrs'
import { BlobStore } from '#libs/blob-store'
import { CommandExecutor } from '#libs/command-handling'
import { EventStore } from '#libs/event-store'
import {
  type Configuration,
  HealthChecks,
  HealthController,
  Metrics,
  MetricsController,
} from '#libs/platform'
import { QueryRunner } from '#libs/query-handling'
import { AskHandler } from '#libs/query-handling/nest'
import { IncidentFactsController } from './analytics/incident-facts.controller.js'
import { Directory } from './directory/directory.js'
import { directoryModule } from './directory/directory.module.js'
import { EventsController } from './events/events.controller.js'
import { CommandSender } from './http/command-sender.js'
import { Queries } from './http/queries.js'
import { AttachmentLimits } from './incidents/attachment-limits.js'
import { incidents } from './incidents/incidents.module.js'
import { notifications } from './notifications/notifications.module.js'
import type { Outbox } from './notifications/outbox.js'
import { ProjectionsController } from './operation/projections.controller.js'
import { ReadModelKeeper } from './operation/read-model-keeper.js'
import { QueuesController } from './queues/queues.controller.js'
import { TakeNext } from './queues/take-next.js'
import type { Runtime, Serving } from './runtime/runtime.js'
import type { WriteSide } from './runtime/write-side.js'
import { settings } from './settings/settings.module.js'

export interface Services {
  configuration: Configuration
  runtime: Runtime
  health: HealthChecks
  metrics: Metrics
}

/** The application: controllers and handlers over services that were made before it, as far as the role has them. */
export function applicationModule({ configuration, runtime, health, metrics }: Services): DynamicModule {
  const { write, serving, outbox } = runtime
  const carriesOut = write && outbox ? commandParts(write, outbox) : undefined
  const serves = serving ? httpParts(serving, configuration) : undefined
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
    ...notifications.providers(outbox),
  ]
}

/** What people and services ask over HTTP. */
function httpParts({ write, queries, blobs, keeper }: Serving, configuration: Configuration) {
  const { eventStore, directory } = write
  const { attachmentMaxBytes, attachmentTypes } = configuration
  return {
    controllers: [
      ...incidents.controllers,
      QueuesController,
      IncidentFactsController,
      EventsController,
      ...directoryModule(directory).controllers,
      ...settings.controllers,
      ...notifications.controllers,
      ProjectionsController,
    ],
    providers: [
      { provide: BlobStore, useValue: blobs },
      { provide: QueryRunner, useValue: queries },
      { provide: ReadModelKeeper, useValue: keeper },
      { provide: AttachmentLimits, useValue: new AttachmentLimits(attachmentMaxBytes, attachmentTypes) },
      {
        provide: CommandSender,
        useFactory: (bus: CommandBus) => new CommandSender(bus, eventStore.logId),
        inject: [CommandBus],
      },
      { provide: Queries, useFactory: (bus: QueryBus) => new Queries(bus), inject: [QueryBus] },
      {
        provide: TakeNext,
        useFactory: (sender: CommandSender, queries: Queries) =>
          new TakeNext(sender, queries, eventStore, incidents.acceptance),
        inject: [CommandSender, Queries],
      },
      AskHandler,
    ] satisfies Provider[],
  }
}

@Module({})
class ApplicationModule {}
