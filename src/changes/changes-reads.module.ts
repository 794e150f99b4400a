import type { Type } from '@nestjs/common'
import { ChangesReadsController } from './changes-reads.controller.js'

/** What reading changes adds to the application. */
export const changesReads = {
  controllers: [ChangesReadsController] satisfies Type[],
}
