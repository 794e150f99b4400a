import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator'
import type { Audience } from '#libs/access'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Field, IsInstant, Nullable } from '#libs/platform'
import { IsAudience } from '../../http/audience.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import {
  LINK_RELATIONS,
  type LinkRelation,
  MAJOR_INCIDENT_ROLES,
  type MajorIncidentRole,
} from '../domain/incident.events.js'

const ID_LENGTH = 200
const TEXT_LENGTH = 200_000

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what they are kept out by; tools that read the contract know no \p{Cc}
const WITHOUT_CONTROL_CHARACTERS = /^[^\u0000-\u001f\u007f-\u009f]*$/u

/** Ids of people, groups, CIs and codes: any text without control characters. */
function IsId(description: string, example: string): PropertyDecorator {
  return (prototype, property) => {
    Field(description, example)(prototype, property as never)
    const message = '$property must not hold control characters'
    Matches(WITHOUT_CONTROL_CHARACTERS, { message })(prototype, property as string)
    Length(1, ID_LENGTH)(prototype, property as string)
    IsString()(prototype, property as string)
  }
}

export class IncidentParams {
  @Field('Number of the incident.', 'INC0000001')
  @Matches(RECORD_NUMBER)
  number!: string
}

/** What describes an incident. */
class DescriptionFields extends Reasoned {
  @IsOptional() @Field('Untruncated.') @IsString() @Length(0, TEXT_LENGTH) description?: string
  @IsOptional() @IsId('Person who reports it.', 'caller-2403') caller?: string
  @IsOptional()
  @IsId('Person who suffers from it, when that is not the caller.', 'caller-2404')
  affectedUser?: string
  @IsOptional() @IsId('How it came in.', 'phone') contactType?: string
  @IsOptional() @IsId('Business service.', 'E-mail') service?: string
  @IsOptional() @IsId('Configuration item that is at fault.', 'mail-01') primaryCi?: string
  @IsOptional() @IsId('Category.', 'Category 55') category?: string
  @IsOptional() @IsId('Subcategory.', 'Subcategory 170') subcategory?: string
  @IsOptional() @IsId('Symptom.', 'Symptom 72') symptom?: string
  @IsOptional() @IsId('Location.', 'Location 143') location?: string
  @IsOptional() @IsId('Vendor.', 'code 8s') vendor?: string
  @IsOptional() @Field('When the disturbance began.', '2016-05-10T08:40:00Z') @IsInstant() detectedAt?: string
  @IsOptional()
  @Field('Custom fields, by the schema in force.', { costCentre: '4711' })
  @IsObject()
  customFields?: Record<string, unknown>
}

export class OpenIncidentDto extends DescriptionFields {
  @IsOptional()
  @Field('In one line; may be left out where a template says it.', 'Mail does not arrive')
  @IsString()
  @Length(1, 500)
  title?: string
  @IsOptional() @IsId('Template that fills in what is left out here.', 'Password') template?: string
  @IsOptional() @Field('1 is the highest; absent: the lowest.', 2) @IsInt() @Min(1) @Max(99) impact?: number
  @IsOptional() @Field('1 is the highest; absent: the lowest.', 2) @IsInt() @Min(1) @Max(99) urgency?: number
  @IsOptional() @IsId('Absent: the assignment rules decide.', 'Group 70') assignmentGroup?: string
  @IsOptional() @IsAudience({ kind: 'public' }) audience?: Audience
}

/** Fields to change: absent stays, null clears. */
export class ChangeDetailsDto extends Reasoned {
  @IsOptional() @IsString() @Length(1, 500) title?: string
  @IsOptional() @Nullable() @IsString() @Length(0, TEXT_LENGTH) description?: string | null
  @IsOptional() @Nullable() @IsId('Caller.', 'caller-2403') caller?: string | null
  @IsOptional() @Nullable() @IsId('Affected user.', 'caller-2404') affectedUser?: string | null
  @IsOptional() @Nullable() @IsId('How it came in.', 'phone') contactType?: string | null
  @IsOptional() @Nullable() @IsId('Business service.', 'E-mail') service?: string | null
  @IsOptional() @Nullable() @IsId('Configuration item.', 'mail-01') primaryCi?: string | null
  @IsOptional() @Nullable() @IsId('Location.', 'Location 143') location?: string | null
  @IsOptional() @Nullable() @IsId('Vendor.', 'code 8s') vendor?: string | null
  @IsOptional() @Nullable() @IsInstant() detectedAt?: string | null
  @IsOptional() @Field('Merged one by one; null removes one.') @IsObject() customFields?: Record<
    string,
    unknown
  >
}

export class CategorizeDto extends Reasoned {
  @IsOptional() @Nullable() @IsId('Category.', 'Category 55') category?: string | null
  @IsOptional() @Nullable() @IsId('Subcategory.', 'Subcategory 170') subcategory?: string | null
  @IsOptional() @Nullable() @IsId('Symptom.', 'Symptom 72') symptom?: string | null
}

export class PrioritizeDto extends Reasoned {
  @IsOptional() @Field('1 is the highest.', 1) @IsInt() @Min(1) @Max(99) impact?: number
  @IsOptional() @Field('1 is the highest.', 2) @IsInt() @Min(1) @Max(99) urgency?: number
}

export class OverridePriorityDto {
  @Field('1 is the highest.', 1) @IsInt() @Min(1) @Max(99) priority!: number
  @Field('Why another priority than the matrix gives.', 'The board is waiting')
  @IsString()
  @Length(1, 2_000)
  reason!: string
}

export class AssignDto extends Reasoned {
  @IsOptional() @Nullable() @IsId('Group; null takes it out of every queue.', 'Group 70') group?:
    | string
    | null
  @IsOptional() @Nullable() @IsId('Person; null puts it back into the group’s queue.', 'agent') person?:
    | string
    | null
}

export class HoldDto extends Reasoned {
  @Field(
    'Code from the list of hold reasons in force. As `holdReason` it is not the reason why you write.',
    'awaiting-caller',
  )
  @IsString()
  @Length(1, ID_LENGTH)
  holdReason!: string

  @IsOptional()
  @Field('Mandatory for some reasons; the caller sees it when he is waited for.', 'Which printer?')
  @IsString()
  @Length(1, TEXT_LENGTH)
  comment?: string
  @IsOptional() @Field('Wakes by itself then.', '2030-05-12T08:00:00Z') @IsInstant() until?: string
}

export class EscalateDto extends Reasoned {
  @Field('`functional`: another group takes over; `hierarchical`: a manager is informed.', 'functional')
  @IsIn(['functional', 'hierarchical'])
  kind!: 'functional' | 'hierarchical'

  @IsOptional() @IsId('For functional escalation.', 'Group 24') group?: string
  @IsOptional() @IsId('For hierarchical escalation; absent: the group’s manager.', 'lead') informed?: string
}

export class TextDto extends Reasoned {
  @Field('The text.', 'Restarted the spooler') @IsString() @Length(1, TEXT_LENGTH) text!: string
}

export class CommentDto extends TextDto {
  @Field('Told the callers of its children, too; for the desk only.', false)
  @IsOptional()
  @IsBoolean()
  forChildren?: boolean
}

export class LinkDto extends Reasoned {
  @Field('How the incident relates to the target.', 'has-problem')
  @IsIn(LINK_RELATIONS as readonly string[] as string[])
  relation!: LinkRelation
  @IsId('Kind of the target.', 'problem') targetType!: string
  @IsId('Number or name of the target; it need not exist yet.', 'PRB0000002') target!: string
}

export class ApplyKnowledgeDto extends Reasoned {
  @IsId('Number of the article.', 'KB0000012') article!: string
  @Field('Revision that was used.', 3) @IsInt() @Min(0) @Max(1_000_000) revision!: number
}

export class PersonDto extends Reasoned {
  @IsId('Person.', 'caller-2403') person!: string
}

export class ResolveDto extends Reasoned {
  @IsId('Closing code.', 'code 5') code!: string
  @Field('What was done.', 'Spooler restarted') @IsString() @Length(1, TEXT_LENGTH) notes!: string
  @IsOptional()
  @Field('When the service worked again.', '2016-05-10T09:40:00Z')
  @IsInstant()
  serviceRestoredAt?: string
}

export class CancelDto extends Reasoned {
  @IsId('Why it is no incident.', 'not-an-incident') code!: string
  @IsOptional() @IsString() @Length(1, TEXT_LENGTH) notes?: string
}

export class MergeDto extends Reasoned {
  @Field('Number of the incident that goes on.', 'INC0000002') @Matches(RECORD_NUMBER) survivor!: string
}

export class ProposeMajorDto extends Reasoned {
  @Field('Why it is more than an incident.', 'Nobody can log in')
  @IsString()
  @Length(1, TEXT_LENGTH)
  because!: string
}

export class PromoteMajorDto extends Reasoned {
  @IsId('Who manages it.', 'lead') manager!: string
  @IsOptional() @IsId('Who tells people about it.', 'agent') communications?: string
  @IsOptional() @IsId('Who leads the resolution.', 'agent') resolver?: string
  @IsOptional()
  @Field('When the first update is promised; absent: as the settings say.', '2030-05-12T08:00:00Z')
  @IsInstant()
  nextUpdateAt?: string
}

export class MajorRoleDto extends Reasoned {
  @Field('Role.', 'manager')
  @IsIn(MAJOR_INCIDENT_ROLES as readonly string[] as string[])
  role!: MajorIncidentRole
  @IsId('Person.', 'lead') person!: string
}

export class MajorUpdateDto extends Reasoned {
  @Field('How it stands.', 'The cause is found; we restart the servers one by one.')
  @IsString()
  @Length(1, TEXT_LENGTH)
  text!: string
  @Field('`internal` ones are not for requesters.', 'public')
  @IsIn(['public', 'internal'])
  visibility!: 'public' | 'internal'
  @IsOptional()
  @Nullable()
  @Field('When the next one is promised; absent: as the settings say; null: none is.', '2030-05-12T08:00:00Z')
  @IsInstant()
  nextUpdateAt?: string | null
}

export class MajorReviewDto extends Reasoned {
  @Field('In a few words.', 'A full disk stopped the mail for two hours.')
  @IsString()
  @Length(1, TEXT_LENGTH)
  summary!: string
  @IsOptional() @IsString() @Length(1, TEXT_LENGTH) wentWell?: string
  @IsOptional() @IsString() @Length(1, TEXT_LENGTH) wentBadly?: string
  @IsOptional() @IsString() @Length(1, TEXT_LENGTH) rootCause?: string
  @IsOptional()
  @Field('What is to be done.', ['Watch the disk'])
  @IsString({ each: true })
  @Length(1, 2_000, { each: true })
  @ArrayMaxSize(100)
  actions?: string[]
}

export class ParentDto extends Reasoned {
  @Field('Number of the incident that it is to follow.', 'INC0000002') @Matches(RECORD_NUMBER) parent!: string
}

export class PageDto extends Reasoned {
  @IsOptional() @IsId('Whose people on call; absent: of the group that has it.', 'Group 70') group?: string
}

export class BulkItem {
  @Field('Verb as in the path, or `open`.', 'assign') @IsString() @Length(1, 50) verb!: string
  @IsOptional() @Field('Absent for `open`.', 'INC0000001') @Matches(RECORD_NUMBER) number?: string
  @IsOptional()
  @Field('As the verb’s own endpoint takes it.', { group: 'Group 70' })
  @IsObject()
  body?: Record<string, unknown>
  @IsOptional() @Field('Revision that you have seen.', 4) @IsInt() @Min(0) ifMatch?: number
}

export class BulkDto {
  @Field('Carried out in order for each record, and each by itself: one that is refused stops no other.')
  @ValidateNested({ each: true })
  @Type(() => BulkItem)
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  items!: BulkItem[]
}

export class BulkByFilterDto {
  @Field(
    'AIP-160, as lists take it, but never an empty one; what you may not see it does not find.',
    'category = "Mail" AND state = "New"',
  )
  @IsString()
  @Length(1, 4_000)
  filter!: string
  @Field('Verb as in the path of one incident.', 'assign') @IsString() @Length(1, 50) verb!: string
  @IsOptional()
  @Field('As the verb’s own endpoint takes it.', { group: 'Group 70' })
  @IsObject()
  body?: Record<string, unknown>
  @IsOptional()
  @Field('How many it should find, as a preview said; with another number nothing is done.', 12)
  @IsInt()
  @Min(0)
  expected?: number
  @IsOptional()
  @Field(
    'The records that it should find, as a preview named them; with others nothing is done, were they as many.',
    '12-9f86d081884c7d659a2feaa0c55ad015',
  )
  @Matches(/^\d{1,4}-[0-9a-f]{32}$/)
  selection?: string
  @IsOptional() @Field('Only say what it finds.', true) @IsBoolean() preview?: boolean
}
