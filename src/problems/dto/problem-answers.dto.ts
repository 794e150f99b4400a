import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches } from 'class-validator'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { attachmentSchema } from '../../http/attachments/attachments.js'
import { RecordHistory } from '../../http/history-entry.js'
import { FreshnessQuery, filtered, listing, TimePointQuery } from '../../http/listing.dto.js'
import { closed, instant, listOf, Page, RecordDetails, text } from '../../http/record-view.js'
import { PROBLEM_ORIGINS, PROBLEM_OUTCOMES, PROBLEM_STATES } from '../domain/problem.events.js'

/** What lists of problems take. */
export class ProblemsQuery extends filtered(
  listing(TimePointQuery, 'state = "Root Cause Analysis" AND knownError = true', 'openedAt desc'),
) {}

/** What the list of a problem's incidents takes. */
export class ProblemIncidentsQuery extends listing(
  FreshnessQuery,
  'state = "On Hold" AND priority <= 2',
  'openedAt desc',
) {}

const STATES = [...PROBLEM_STATES]

/** A problem; absent fields are not set. */
export class ProblemView extends RecordDetails {
  @Field('Number.', 'PRB0000001') @IsString() number!: string
  @IsString() title!: string
  @IsIn(STATES) state!: string
  @IsOptional() @IsString() description?: string
  @IsOptional() @IsString() category?: string
  @IsOptional() @IsString() subcategory?: string
  @IsOptional() @IsString() symptom?: string
  @IsOptional() @IsString() service?: string
  @IsOptional() @IsString({ each: true }) affectedCis?: string[]
  @IsOptional()
  @Field('Filter by `custom:"<field>=<value>"`, for those that are declared filterable.')
  @Conforms(() => ({ type: 'object' }))
  customFields?: object
  @IsIn([...PROBLEM_ORIGINS]) origin!: string
  @IsOptional() @Field('The candidate that it was made from.') @IsString() candidate?: string
  @IsOptional() @IsInt() impact?: number
  @IsOptional() @IsInt() urgency?: number
  @IsOptional() @Field('1 is the highest.', 2) @IsInt() priority?: number
  @IsOptional() @IsString() assignmentGroup?: string
  @IsOptional() @IsString() assignee?: string
  @IsOptional() @IsString({ each: true }) watchers?: string[]
  @IsOptional() @Conforms(() => listOf(attachmentSchema())) attachments?: object[]
  @IsOptional()
  @Field('Set while it is on hold, beside its state; filter by `onHold`.')
  @Conforms(() => closed({ reason: text, comment: text, since: instant }, ['reason', 'since']))
  hold?: object
  @IsOptional()
  @Field('Imported: it is worked on, the source does not say in which phase.')
  @IsBoolean()
  phaseUnknown?: boolean
  @IsOptional() @IsString() rootCause?: string
  @IsOptional() @IsString() workaround?: string
  @IsOptional() @Field('Number of the latest workaround.', 1) @IsInt() workarounds?: number
  @IsOptional() @IsBoolean() knownError?: boolean
  @IsOptional() @IsInstant() knownErrorSince?: string
  @IsOptional() @IsIn([...PROBLEM_OUTCOMES]) outcome?: string
  @IsOptional() @IsString() resolutionNotes?: string
  @IsOptional()
  @Field('Of a duplicate: the problem that goes on.', 'PRB0000002')
  @IsString()
  survivor?: string
  @IsOptional()
  @Field('Filter by `fixedByChanges`. Incidents stand in a list of their own.')
  @Conforms(() => listOf(closed({ relation: text, targetType: text, target: text })))
  links?: object[]
  @IsOptional()
  @Field('Filter by `openTasks`, how many are not finished.')
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
  @IsOptional()
  @Conforms(() =>
    closed(
      {
        conclusion: text,
        wentWell: text,
        wentBadly: text,
        lessons: text,
        actions: listOf(text),
        at: instant,
        by: text,
      },
      ['conclusion', 'at', 'by'],
    ),
  )
  review?: object
  @IsOptional() @Field('How often it was analysed again.') @IsInt() reanalyses?: number
  @Field('Latest entry into each state that it was in.', { New: '2026-03-02T08:00:00.000Z' })
  @Conforms(() => closed(Object.fromEntries(STATES.map((state) => [state, instant])), []))
  entered!: object
  @IsOptional() @IsInstant() resolvedAt?: string
}

/** One problem at a point of both time axes. */
export class ProblemAtPoint extends ProblemView {
  @Field('Revision of its last event that counts: its ETag.') @IsInt() revision!: number
  @Field('Position of that event.') @Matches(/^\d{20}$/) position!: string
  @IsInstant() validAt!: string
  @Matches(/^\d{20}$/) asOf!: string
}

export class ProblemPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/ProblemView' }),
    () => [ProblemView],
  )
  items!: ProblemView[]
}

export class ProblemHistory extends RecordHistory {}

/** An incident behind which the problem is, in short; the whole of it stands under `/incidents`. */
export class ProblemIncident {
  @Field('Number.', 'INC0000001') @IsString() number!: string
  @IsString() title!: string
  @IsString() state!: string
  @IsOptional() @IsInt() priority?: number
  @IsOptional() @IsString() assignmentGroup?: string
  @IsOptional() @IsString() assignee?: string
  @IsOptional() @Field('What it waits for; `awaiting-problem`: for this one.') @IsString() holdReason?: string
  @IsInstant() openedAt!: string
  @IsOptional() @IsInstant() resolvedAt?: string
  @IsOptional() @Field('True while an event of it could not be folded.') @IsBoolean() stale?: boolean
}

export class ProblemIncidentPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/ProblemIncident' }),
    () => [ProblemIncident],
  )
  items!: ProblemIncident[]
}
