import { IsIn, IsOptional, IsString, Matches } from 'class-validator'
import { Conforms, Field, IsInstant, type JsonSchema } from '#libs/platform'
import { ApprovalView } from '../../http/approval-view.js'
import { closed, integer, listOf, mapOf, nullable, Page, QueueEntry } from '../../http/record-view.js'

/** A record as queues show it now, with what only changes and tasks have. */
export class WorkQueueRow extends QueueEntry {
  @IsOptional()
  @IsIn(['standard', 'normal', 'emergency'])
  changeType?: string
  @IsOptional() @Field('Of a change: who asked for it.') @IsString() requester?: string
  @IsOptional() @IsIn(['low', 'medium', 'high']) risk?: string
  @IsOptional() @Field('When it is done if all goes as planned.') @IsInstant() plannedStart?: string
  @IsOptional() @IsInstant() plannedEnd?: string
  @IsOptional()
  @Field(
    'When a change has to be seen to: its planned start; of an emergency that nobody has planned, since it was opened.',
  )
  @IsInstant()
  startsAt?: string
  @IsOptional()
  @Field('Of a task: the problem that it belongs to.', 'PRB0000001')
  @IsString()
  problem?: string
}

export class QueuePage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/WorkQueueRow' }),
    () => [WorkQueueRow],
  )
  items!: WorkQueueRow[]
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
  closed({ count: integer, items: listOf({ $ref: '#/components/schemas/WorkQueueRow' }) })

export class MyQueue {
  @Conforms(section, () => [WorkQueueRow]) mine!: object
  @Conforms(section, () => [WorkQueueRow]) unassigned!: object
  @Conforms(section, () => [WorkQueueRow]) newReplies!: object
  @Conforms(section, () => [WorkQueueRow]) followUpsDue!: object
  @Conforms(
    () => closed({ count: integer, items: listOf({ $ref: '#/components/schemas/ApprovalView' }) }),
    () => [ApprovalView],
  )
  awaitingMyApproval!: object
  @Matches(/^\d{20}$/) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}
