import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import { verbController } from '../http/verbs.js'
import { NOTIFICATION_COMMANDS, PREFERENCE_COMMANDS } from './domain/notification.commands.js'
import { NotificationParams } from './dto/notifications.dto.js'
import { notificationRecords, preferenceRecords } from './notification.record.js'
import { NotificationsController, notificationVerbs } from './notifications.controller.js'
import { type Outbox, outboxHandlers } from './outbox.js'

/** What notifications add to the application. */
export const notifications = {
  controllers: [
    NotificationsController,
    verbController({
      path: 'notifications',
      parameter: 'id',
      params: NotificationParams,
      streamPrefix: 'notification-',
      verbs: notificationVerbs,
    }),
  ] satisfies Type[],
  providers: (outbox: Outbox) => [
    ...outboxHandlers(outbox),
    ...deciderHandlers(notificationRecords, NOTIFICATION_COMMANDS),
    ...deciderHandlers(preferenceRecords, PREFERENCE_COMMANDS),
  ],
}
