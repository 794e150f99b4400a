import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, Matches } from 'class-validator'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant, type JsonSchema } from '#libs/platform'
import { attachmentSchema } from '../../http/attachments/attachments.js'
import { RecordHistory } from '../../http/history-entry.js'
import { FreshnessQuery, filtered, listing, TimePointQuery } from '../../http/listing.dto.js'
import { closed, instant, integer, listOf, mapOf, Page, RecordDetails, text } from '../../http/record-view.js'
import { CAB_ADVICE } from '../domain/cab.events.js'
import { CHANGE_STATES } from '../domain/change.events.js'
import { RISKS } from '../domain/defaults.js'

/** What lists of changes take, at any moment. */
export class ChangesQuery extends filtered(
  listing(TimePointQuery, 'state = "Scheduled" AND affectedCis:"CI0000001"', 'openedAt desc'),
) {}

export class ChangeCalendarQuery extends FreshnessQuery {
  @IsOptional()
  @Field('Left out: now.', '2026-03-02T00:00:00Z')
  @IsInstant()
  from?: string
  @IsOptional()
  @Field('Later, by at most 366 days; left out: 31 days later.', '2026-03-09T00:00:00Z')
  @IsInstant()
  to?: string
  @IsOptional()
  @Field('Only changes that affect this CI, and windows that may be for it.', 'CI0000001')
  @Matches(RECORD_NUMBER)
  ci?: string
  @IsOptional()
  @Field('Only changes of this group.', 'Network')
  @IsString()
  @Length(1, 200)
  group?: string
}

const STATES = [...CHANGE_STATES]
const TYPES = ['standard', 'normal', 'emergency', 'configuration-commit']
const period = closed({ start: instant, end: instant })
const anyValue: JsonSchema = {}
const proposed = listOf(closed({ ci: text, attributes: mapOf(anyValue) }))
const conflict = closed(
  { kind: text, ci: text, relatedCi: text, assignee: text, change: text, window: text, period },
  ['kind', 'period'],
)
const approval = closed(
  {
    purpose: { type: 'string', enum: ['authorization', 'ratification', 'model'] },
    round: integer,
    status: {
      type: 'string',
      enum: ['preparing', 'open', 'approved', 'rejected', 'lapsed', 'withdrawn'],
    },
    id: text,
    hash: text,
    policy: text,
    policyVersion: integer,
    materialFields: listOf(text),
    approvers: listOf(text),
    comment: text,
    model: text,
    modelRevision: integer,
  },
  ['purpose', 'status'],
)

/** A change; absent fields are not set, or not for you to see. */
export class ChangeView extends RecordDetails {
  @Field('Number.', 'CHG0000001') @IsString() number!: string
  @Field('`configuration-commit`: imported, without evidence of approval or outcome.')
  @IsIn(TYPES)
  type!: string
  @IsString() title!: string
  @IsIn(STATES) state!: string
  @IsOptional() @IsString() requester?: string
  @IsOptional() @IsString() assignmentGroup?: string
  @IsOptional() @IsString() assignee?: string
  @IsOptional() @IsString({ each: true }) watchers?: string[]
  @IsOptional()
  @Field('By the schema in force; filter by `custom:"<field>=<value>"`.', { costCentre: '4711' })
  @Conforms(() => mapOf(anyValue))
  customFields?: object
  @IsOptional() @IsString() description?: string
  @IsOptional() @IsString() implementation?: string
  @IsOptional() @IsString() backout?: string
  @IsOptional() @IsString() test?: string
  @IsOptional() @Field('Approved with the plan.') @Conforms(() => period) window?: object
  @IsOptional() @Field('Chosen within the window.') @Conforms(() => period) planned?: object
  @IsOptional() @Field('When it is done if all goes as planned.') @IsInstant() plannedStart?: string
  @IsOptional() @IsInstant() plannedEnd?: string
  @IsOptional() @IsString({ each: true }) affectedCis?: string[]
  @IsOptional() @Conforms(() => proposed) proposedValues?: object[]
  @IsOptional()
  @Field('Set while it is on hold.')
  @Conforms(() => closed({ reason: text, comment: text, since: instant }, ['reason', 'since']))
  hold?: object
  @IsOptional() @IsIn([...RISKS]) risk?: string
  @IsOptional()
  @Field('What the risk is the worse of.')
  @Conforms(() =>
    closed({
      byRules: closed({ risk: text, rules: listOf(text) }),
      byAnswers: {
        anyOf: [closed({ risk: text, score: { type: 'number' }, answers: mapOf(text) }), { type: 'null' }],
      },
      matrixVersion: integer,
    }),
  )
  riskAssessment?: object
  @IsOptional()
  @Field('The round that is open or was last; filter by `approvalStatus`.')
  @Conforms(() => approval)
  approval?: object
  @IsOptional()
  @Field('Approvals that an edit of the plan has voided; filter by `voidCount`.')
  @Conforms(() =>
    listOf(closed({ round: integer, approval: text, hash: text, fields: listOf(text), at: instant })),
  )
  voids?: object[]
  @IsOptional()
  @Field('Those that stand; filter by `conflictKinds`.')
  @Conforms(() => listOf(conflict))
  conflicts?: object[]
  @IsOptional()
  @Field('Blackouts that a change manager has overridden.')
  @Conforms(() =>
    listOf(
      closed({ window: text, period, by: text, at: instant, reason: text }, ['window', 'period', 'by', 'at']),
    ),
  )
  overrides?: object[]
  @IsOptional()
  @Field('Of a standard change: what its plan was made from.')
  @Conforms(() => closed({ id: text, revision: integer, variables: mapOf(text) }))
  model?: object
  @IsOptional() @Field('The change whose values it brings back.') @IsString() reverts?: string
  @IsOptional()
  @Conforms(() => listOf(closed({ relation: text, targetType: text, target: text })))
  links?: object[]
  @IsOptional()
  @Field('No part of the plan. Their content is read by hash.')
  @Conforms(() => listOf(attachmentSchema()))
  attachments?: object[]
  @IsOptional()
  @Conforms(() =>
    listOf(
      closed({ task: text, title: text, group: text, assignee: text, state: text, notes: text }, [
        'task',
        'title',
        'state',
      ]),
    ),
  )
  tasks?: object[]
  @IsOptional() @IsString() implementer?: string
  @IsOptional() @Field('It could not wait for approval.') @IsBoolean() implementedBeforeApproval?: boolean
  @IsOptional()
  @Field('Whether that was ratified; `overdue`: not yet, and its time is over.')
  @IsIn(['open', 'overdue', 'ratified', 'refused'])
  ratification?: string
  @IsOptional()
  @Conforms(() =>
    closed({ ratifyBy: instant, verdict: text, late: { type: 'boolean' }, overdue: { type: 'boolean' } }, [
      'ratifyBy',
      'verdict',
    ]),
  )
  early?: object
  @IsOptional()
  @Field('Two things done by one person that two should do; filter by `breachRules`.')
  @Conforms(() => listOf(closed({ rule: text, person: text })))
  breaches?: object[]
  @IsOptional()
  @Field('`no evidence in source`: imported from one that does not say.', 'successful')
  @IsString()
  outcome?: string
  @IsOptional() @IsString() outcomeNotes?: string
  @IsOptional()
  @Field('Imported from a source that does not say who allowed it.')
  @IsString()
  authorisation?: string
  @IsOptional()
  @Field('What was done otherwise than planned.')
  @Conforms(() => listOf(closed({ fields: listOf(text), description: text, at: instant, by: text })))
  deviations?: object[]
  @IsOptional() @Field('What the CIs were like.') @Conforms(() => proposed) baseValues?: object[]
  @IsOptional() @Field('Written to the CMDB.') @Conforms(() => proposed) released?: object[]
  @IsOptional()
  @Field('Not written: the CI was changed otherwise since approval was asked, or did not take them (`code`).')
  @Conforms(() =>
    listOf(
      closed(
        {
          ci: text,
          moved: mapOf(closed({ base: anyValue, now: anyValue })),
          retired: { type: 'boolean' },
          code: text,
        },
        ['ci', 'moved'],
      ),
    ),
  )
  refused?: object[]
  @IsOptional()
  @Conforms(() =>
    closed({ objectivesMet: { type: 'boolean' }, conclusion: text, lessons: text, at: instant, by: text }, [
      'objectivesMet',
      'conclusion',
      'at',
      'by',
    ]),
  )
  review?: object
  @IsOptional() @Conforms(() => closed({ from: text, notes: text })) cancellation?: object
  @IsOptional()
  @Field('On which agendas of the board it stands, and what was advised there.')
  @Conforms(() =>
    listOf(closed({ meeting: text, advice: text, comment: text, at: instant, by: text }, ['meeting'])),
  )
  cab?: object[]
  @IsOptional() @Field('The board’s latest advice.') @IsIn([...CAB_ADVICE]) cabAdvice?: string
  @Field('Latest entry into each state that it was in.', { New: '2026-03-02T08:00:00.000Z' })
  @Conforms(() => closed(Object.fromEntries(STATES.map((state) => [state, instant])), []))
  entered!: object
  @IsOptional() @IsInstant() startedAt?: string
  @IsOptional() @IsInstant() endedAt?: string
}

/** One change at a point of both time axes. */
export class ChangeAtPoint extends ChangeView {
  @IsOptional()
  @Field('What approval was asked about last, or its model scheduled: what `approval.hash` is of.')
  @Conforms(() =>
    closed({ change: text, plan: mapOf(anyValue), conflicts: listOf(conflict), baseValues: proposed }),
  )
  document?: object
  @IsOptional()
  @Field('What the latest finding about conflicts was made with.')
  @Conforms(() =>
    closed(
      {
        period,
        assignee: text,
        related: listOf(closed({ ci: text, relatedCi: text })),
        classes: mapOf(listOf(text)),
        calendars: mapOf(integer),
        maintenanceVersion: integer,
        blackoutVersion: integer,
        viewPosition: text,
      },
      ['period', 'related', 'classes', 'calendars', 'maintenanceVersion', 'blackoutVersion'],
    ),
  )
  conflictInputs?: object
  @Field('Revision of its last event that counts: its ETag.') @IsInt() revision!: number
  @Field('Position of that event.') @Matches(/^\d{20}$/) position!: string
  @IsInstant() validAt!: string
  @Matches(/^\d{20}$/) asOf!: string
}

export class ChangePage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/ChangeView' }),
    () => [ChangeView],
  )
  items!: ChangeView[]
}

export class ChangeHistory extends RecordHistory {}

const windows = listOf(
  closed({
    name: text,
    appliesTo: closed({ cis: listOf(text), classes: listOf(text) }, []),
    periods: listOf(period),
    publishedAt: instant,
  }),
)

/** What is done to the estate in a stretch of time. */
export class ChangeCalendarView {
  @IsInstant() from!: string
  @IsInstant() to!: string
  @Field(
    'By their beginning: `start` and `end` are when it was done as far as it was begun and has ended, otherwise when it is planned. ' +
      'What is being done lasts until now at least.',
  )
  @Conforms(() =>
    listOf(
      closed(
        {
          number: text,
          type: text,
          title: text,
          state: text,
          onHold: { type: 'boolean' },
          risk: text,
          assignmentGroup: text,
          assignee: text,
          start: instant,
          end: instant,
          affectedCis: listOf(text),
          conflictKinds: listOf(text),
          plannedStart: instant,
          plannedEnd: instant,
          startedAt: instant,
          endedAt: instant,
          outcome: text,
          updatedAt: instant,
        },
        ['number', 'type', 'title', 'state', 'start', 'end', 'affectedCis', 'updatedAt'],
      ),
    ),
  )
  changes!: object[]
  @Field('When nothing may be changed.') @Conforms(() => windows) blackouts!: object[]
  @Field('When something may; a CI that no window is for may be changed at any time.')
  @Conforms(() => windows)
  maintenance!: object[]
  @Matches(/^\d{20}$/) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}
