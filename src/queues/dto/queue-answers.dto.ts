import { Matches } from 'class-validator'
import { Conforms, type JsonSchema } from '#libs/platform'
import { ApprovalView } from '../../http/approval-view.js'
import { closed, integer, listOf, mapOf, nullable, Page, QueueEntry } from '../../http/record-view.js'

export class QueuePage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/QueueEntry' }),
    () => [QueueEntry],
  )
  items!: QueueEntry[]
}

const counts = mapOf(integer)

export class QueuesOverview extends Page {
  @Conforms(() =>
    listOf(
      closed({
        group: nullable('string'),
        total: integer,
        byState: counts,
        byPriority: counts,
        byAge: counts,
      }),
    ),
  )
  items!: object[]
}

const section = (): JsonSchema =>
  closed({ count: integer, items: listOf({ $ref: '#/components/schemas/QueueEntry' }) })

export class MyQueue {
  @Conforms(section, () => [QueueEntry]) mine!: object
  @Conforms(section, () => [QueueEntry]) unassigned!: object
  @Conforms(section, () => [QueueEntry]) newReplies!: object
  @Conforms(section, () => [QueueEntry]) followUpsDue!: object
  @Conforms(
    () => closed({ count: integer, items: listOf({ $ref: '#/components/schemas/ApprovalView' }) }),
    () => [ApprovalView],
  )
  awaitingMyApproval!: object
  @Matches(/^\d{20}$/) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}
