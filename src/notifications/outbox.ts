import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs'
import type { Announcements } from './announcements.js'
import type { Courier } from './delivery/courier.js'
import {
  AnnounceApproval,
  AnnounceChangeEvent,
  AnnounceIncidentEvent,
  AnnounceProblemEvent,
  DeliverNotification,
} from './domain/notification.commands.js'

/** What of a process tells people and sends mail. */
export abstract class Outbox {
  abstract readonly announcements: Announcements
  abstract readonly courier: Courier
}

/** Handlers of the commands with effects beyond one stream. */
export function outboxHandlers({ announcements, courier }: Outbox) {
  @CommandHandler(AnnounceIncidentEvent)
  class AnnounceIncidentEventHandler implements ICommandHandler<AnnounceIncidentEvent, void> {
    execute(command: AnnounceIncidentEvent): Promise<void> {
      return announcements.announce(command)
    }
  }

  @CommandHandler(AnnounceProblemEvent)
  class AnnounceProblemEventHandler implements ICommandHandler<AnnounceProblemEvent, void> {
    execute(command: AnnounceProblemEvent): Promise<void> {
      return announcements.announce(command)
    }
  }

  @CommandHandler(AnnounceChangeEvent)
  class AnnounceChangeEventHandler implements ICommandHandler<AnnounceChangeEvent, void> {
    execute(command: AnnounceChangeEvent): Promise<void> {
      return announcements.announce(command)
    }
  }

  @CommandHandler(AnnounceApproval)
  class AnnounceApprovalHandler implements ICommandHandler<AnnounceApproval, void> {
    execute(command: AnnounceApproval): Promise<void> {
      return announcements.announceApproval(command)
    }
  }

  /** Answers at once: policies wait for each other’s commands, so none may wait for a mail server. */
  @CommandHandler(DeliverNotification)
  class DeliverNotificationHandler implements ICommandHandler<DeliverNotification, void> {
    async execute({ id, data }: DeliverNotification): Promise<void> {
      if (id !== undefined) courier.wish(id, data.channel)
    }
  }
  return [
    AnnounceIncidentEventHandler,
    AnnounceProblemEventHandler,
    AnnounceChangeEventHandler,
    AnnounceApprovalHandler,
    DeliverNotificationHandler,
  ]
}
