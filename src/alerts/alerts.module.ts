import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import { alertRecords } from './alert.record.js'
import { AlertsController } from './alerts.controller.js'
import { ALERT_COMMANDS } from './domain/alert.commands.js'

/** What alerts add to the application. */
export const alertsModule = {
  controllers: [AlertsController] satisfies Type[],
  providers: deciderHandlers(alertRecords, ALERT_COMMANDS),
}
