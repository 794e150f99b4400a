import {
  ArrayMaxSize,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator'
import { ROLES, type Role } from '#libs/access'
import { Conforms, Field, IsInstant, Nullable } from '#libs/platform'
import { FreshnessQuery, listing } from '../../http/listing.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import { closed, instant, integer, ListedRow, listOf, Page, text } from '../../http/record-view.js'

const ID = /^(?!system:)\P{C}{1,200}$/u

export class PersonParams {
  @Field('Directory id of a person, or `service:<name>`.', 'agent')
  @Matches(ID)
  id!: string
}

export class GroupParams {
  @Field('Directory id of a group.', 'Group 70')
  @Matches(ID)
  id!: string
}

export class RegisterPersonDto extends Reasoned {
  @Field('Directory id; `service:<name>` for programs.', 'jane.roe') @Matches(ID) id!: string
  @Field('A program, or somebody.', 'person') @IsIn(['person', 'service']) kind!: 'person' | 'service'
  @Field('Name.', 'Jane Roe') @IsString() @Length(1, 200) name!: string
  @IsOptional() @Field('E-mail address.', 'jane.roe@example.org') @IsEmail() email?: string
  @IsOptional() @Field('Directory id of the manager.', 'lead') @Matches(ID) manager?: string
}

export class ChangePersonDto extends Reasoned {
  @IsOptional() @IsString() @Length(1, 200) name?: string
  @IsOptional() @Nullable() @IsEmail() email?: string | null
  @IsOptional() @Nullable() @Matches(ID) manager?: string | null
}

export class IdentityDto extends Reasoned {
  @Field('Issuer, as in the provider’s tokens.', 'https://login.example.org')
  @IsUrl({ require_tld: false, protocols: ['https', 'http'], require_protocol: true })
  issuer!: string

  @Field('Subject, as in the provider’s tokens.', '7d0f1c1e') @IsString() @Length(1, 255) subject!: string
}

export class RoleDto extends Reasoned {
  @Field('Role.', 'agent') @IsIn(ROLES as readonly string[] as string[]) role!: Role
}

export class IssueTokenDto extends Reasoned {
  @Field('What it is for.', 'monitoring') @IsString() @Length(1, 200) label!: string
  @IsOptional() @Field('Absent: does not expire.', '2030-01-01T00:00:00Z') @IsInstant() expiresAt?: string
}

export class TokenDto extends Reasoned {
  @Field('Id of the token: the part between `ldk_` and the next `_`.', '00112233445566aa')
  @Matches(/^[0-9a-f]{16}$/)
  tokenId!: string
}

export class DelegationDto extends Reasoned {
  @Field('Directory id of who answers.', 'ben') @Matches(ID) to!: string
  @IsOptional() @Field('Absent: now.', '2026-07-01T00:00:00+02:00') @IsInstant() from?: string
  @Field('Does not belong to it; within a year.', '2026-07-15T00:00:00+02:00') @IsInstant() until!: string
}

export class DelegationIdDto extends Reasoned {
  @Field('Id of the delegation, as the person’s page has it.', '00000000-0000-5000-8000-000000000000')
  @Matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  delegationId!: string
}

export class IssuedToken {
  @Field('The token: shown this once, kept nowhere.', `ldk_00112233445566aa_${'x'.repeat(43)}`)
  @IsString()
  token!: string

  @Matches(/^[0-9a-f]{16}$/) tokenId!: string
  @IsInt() revision!: number
  @Matches(/^\d{20}$/) position!: string
}

export class RegisterGroupDto extends Reasoned {
  @Field('Directory id.', 'Group 70') @Matches(ID) id!: string
  @Field('Name.', 'Network operations') @IsString() @Length(1, 200) name!: string
  @IsOptional() @Field('Directory id of the manager.', 'lead') @Matches(ID) manager?: string
}

export class ChangeGroupDto extends Reasoned {
  @IsOptional() @IsString() @Length(1, 200) name?: string
  @IsOptional() @Nullable() @Matches(ID) manager?: string | null
}

export class MemberDto extends Reasoned {
  @Field('Directory id of a person.', 'agent') @Matches(ID) person!: string
}

export class OnCallDto extends Reasoned {
  @Field('Directory ids, in the order in which they are asked; none: nobody is on call.', ['agent', 'lead'])
  @Matches(ID, { each: true })
  @ArrayMaxSize(50)
  contacts!: string[]

  @Field('How long each has to answer.', 10) @IsInt() @Min(1) @Max(1_440) acknowledgeWithinMinutes!: number
  @Field('How often all are asked.', 2) @IsInt() @Min(1) @Max(10) rounds!: number
}

/** A person as the directory knows her now. */
export class PersonView {
  @IsString() id!: string
  @IsIn(['person', 'service']) kind!: 'person' | 'service'
  @IsString() name!: string
  @IsOptional() @IsString() email?: string
  @IsOptional() @IsString() manager?: string
  @IsIn(['active', 'inactive']) status!: 'active' | 'inactive'
  @Field('Roles, on whose account soever.')
  @IsIn(ROLES as readonly string[] as string[], { each: true })
  roles!: Role[]
  @IsString({ each: true }) groups!: string[]
  @Field('Who answers for her, now or later, when approval is asked.')
  @Conforms(() =>
    listOf(closed({ delegationId: text, to: text, from: instant, until: instant, scope: text })),
  )
  delegations!: object[]
  @IsInt() revision!: number
}

/** What the list of people takes. */
export class PeopleQuery extends listing(
  FreshnessQuery,
  'status = "active" AND roles:"agent" AND groups:"Network"',
  'name',
) {}

/** A row of the list of people. */
export class PersonRow extends ListedRow {
  @IsString() id!: string
  @IsIn(['person', 'service']) kind!: 'person' | 'service'
  @IsString() name!: string
  @IsOptional() @Field('In lower case.') @IsString() email?: string
  @IsOptional() @IsString() manager?: string
  @IsIn(['active', 'inactive']) status!: 'active' | 'inactive'
  @Field('Roles, on whose account soever.')
  @IsIn(ROLES as readonly string[] as string[], { each: true })
  roles!: Role[]
  @IsString({ each: true }) groups!: string[]
}

export class PeoplePage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/PersonRow' }),
    () => [PersonRow],
  )
  items!: PersonRow[]
}

const onCall = () => closed({ contacts: listOf(text), acknowledgeWithinMinutes: integer, rounds: integer })

/** A group as the directory knows it now. */
export class GroupView {
  @IsString() id!: string
  @IsString() name!: string
  @IsOptional() @IsString() manager?: string
  @IsString({ each: true }) members!: string[]
  @IsOptional()
  @Field('Who is asked when the group is called; absent: nobody.')
  @Conforms(onCall)
  onCall?: object
  @IsInt() revision!: number
}

/** What the list of groups takes. */
export class GroupsQuery extends listing(FreshnessQuery, 'members:"ann" OR manager = "ann"', 'name') {}

/** A row of the list of groups. */
export class GroupRow extends ListedRow {
  @IsString() id!: string
  @IsString() name!: string
  @IsOptional() @IsString() manager?: string
  @Field('Who they are, the group itself tells.') @IsInt() memberCount!: number
  @IsOptional()
  @Field('Who is asked when the group is called; absent: nobody.')
  @Conforms(onCall)
  onCall?: object
}

export class GroupPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/GroupRow' }),
    () => [GroupRow],
  )
  items!: GroupRow[]
}
