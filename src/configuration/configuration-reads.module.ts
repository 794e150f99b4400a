import type { Type } from '@nestjs/common'
import {
  ConfigurationItemReadsController,
  ConfigurationReadsController,
} from './configuration-reads.controller.js'

/** What reading the configuration adds to the application. */
export const configurationReads = {
  controllers: [ConfigurationItemReadsController, ConfigurationReadsController] satisfies Type[],
}
