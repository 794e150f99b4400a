import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import { NOTIFICATION_COMMANDS, PREFERENCE_COMMANDS } from './domain/notification.commands.js'
import { notificationRecords, preferenceRecords } from './notification.record.js'
import { type Outbox, outboxHandlers } from './outbox.js'

/** What notifications add to the application. */
export const notifications = {
  controllers: [] satisfies Type[],
  providers: (outbox: Outbox) => [
    ...outboxHandlers(outbox),
    ...deciderHandlers(notificationRecords, NOTIFICATION_COMMANDS),
    ...deciderHandlers(preferenceRecords, PREFERENCE_COMMANDS),
  ],
}
