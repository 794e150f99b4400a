import { type DynamicModule, Module } from '@nestjs/common'
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
import { ProjectionsController } from './operation/projections.controller.js'
import { ReadModelKeeper } from './operation/read-model-keeper.js'
import { QueuesController } from './queues/queues.controller.js'
import { TakeNext } from './queues/take-next.js'
import type { EmbeddedRuntime } from './runtime/embedded.js'
import { settings } from './settings/settings.module.js'

export interface Services {
  configuration: Configuration
  runtime: EmbeddedRuntime
  health: HealthChecks
  metrics: Metrics
}

/** The application: controllers and handlers over services that were made before it. */
export function applicationModule({ configuration, runtime, health, metrics }: Services): DynamicModule {
  const { eventStore, directory, executor } = runtime.write
  const { attachmentMaxBytes, attachmentTypes } = configuration
  const directoryParts = directoryModule(directory)
  return {
    module: ApplicationModule,
    imports: [CqrsModule.forRoot()],
    controllers: [
      ...incidents.controllers,
      QueuesController,
      IncidentFactsController,
      EventsController,
      ...directoryParts.controllers,
      ...settings.controllers,
      ProjectionsController,
      HealthController,
      MetricsController,
    ],
    providers: [
      { provide: EventStore, useValue: eventStore },
      { provide: BlobStore, useValue: runtime.blobs },
      { provide: Directory, useValue: directory },
      { provide: CommandExecutor, useValue: executor },
      { provide: QueryRunner, useValue: runtime },
      { provide: ReadModelKeeper, useValue: runtime },
      { provide: HealthChecks, useValue: health },
      { provide: Metrics, useValue: metrics },
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
      ...incidents.providers,
      ...directoryParts.providers,
      ...settings.providers,
    ],
  }
}

@Module({})
class ApplicationModule {}
