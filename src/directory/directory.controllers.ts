import { Body, Controller, Get, Inject, Param, Post, Put, Query } from '@nestjs/common'
import type { Role } from '#libs/access'
import { Answer, Context, createApiToken, Endpoint, RequestContext } from '#libs/platform'
import { DESK_PEOPLE } from '#projections/access'
import { CommandSender } from '../http/command-sender.js'
import { toUtc } from '../http/instants.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import { Directory } from './directory.js'
import { listGroups, listPeople, readGroup, readPerson } from './directory.queries.js'
import { RegisterGroup, SetOnCallContacts } from './domain/group.commands.js'
import { IssueApiToken, RegisterPerson } from './domain/person.commands.js'
import {
  GroupPage,
  GroupParams,
  GroupsQuery,
  GroupView,
  IssuedToken,
  IssueTokenDto,
  OnCallDto,
  PeoplePage,
  PeopleQuery,
  PersonParams,
  PersonView,
  RegisterGroupDto,
  RegisterPersonDto,
} from './dto/directory.dto.js'

const ADMINISTRATORS: readonly Role[] = ['administrator']
/** Memberships give rights, a place among those on call gives none: who leads a team may plan it. */
const ON_CALL_PLANNERS: readonly Role[] = ['team-lead', 'administrator']

@Controller('people')
export class PeopleController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
    @Inject(Directory) private readonly directory: Directory,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Register a person or a program',
    roles: ADMINISTRATORS,
    body: RegisterPersonDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async register(
    @Body() body: RegisterPersonDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const [{ id, ...data }, reason] = splitReason(body)
    const wish = { target: 'person-', method: 'POST', route: '/people', params: {}, body, reason }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new RegisterPerson(id, data, metadata),
    )
    return receiptAnswer(receipt, { location: `/people/${encodeURIComponent(id)}` })
  }

  @Get()
  @Endpoint({
    summary: 'List people and programs, with roles and groups',
    description: 'As they are now. Filters ask for one role or group: `roles:"agent"`, `groups:"Network"`.',
    roles: DESK_PEOPLE,
    query: PeopleQuery,
    answer: PeoplePage,
  })
  list(@Query() query: PeopleQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listPeople, { ...query, principal })
  }

  @Get(':id')
  @Endpoint({
    summary: 'Read a person with roles and groups',
    roles: DESK_PEOPLE,
    params: PersonParams,
    answer: PersonView,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag'],
  })
  read(@Param() { id }: PersonParams, @Context() context: RequestContext): Promise<Answer> {
    const groups = [...this.directory.groupsOf(id)].sort()
    return this.queries.answer(readPerson, { id, groups }, context)
  }

  @Post(':id/issue-token')
  @Endpoint({
    summary: 'Issue an API token: it is shown this once',
    description: 'Not repeatable: a lost answer means a lost token. Revoke it and issue another.',
    roles: ADMINISTRATORS,
    params: PersonParams,
    body: IssueTokenDto,
    answer: IssuedToken,
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async issueToken(
    @Param() params: PersonParams,
    @Body() body: IssueTokenDto,
    @Context() context: RequestContext,
  ): Promise<Answer<IssuedToken>> {
    const { token, tokenId, hash } = createApiToken()
    const { label, expiresAt, reason } = body
    const wish = {
      target: `person-${params.id}`,
      method: 'POST',
      route: '/people/{id}/issue-token',
      params,
      body,
      reason,
    }
    const data = { tokenId, hash, label, expiresAt: expiresAt && toUtc(expiresAt) }
    const { revision, position } = await this.sender.send(
      context,
      wish,
      (metadata) => new IssueApiToken(params.id, data, metadata),
    )
    return new Answer({ token, tokenId, revision, position }, { etag: revision, position })
  }
}

@Controller('groups')
export class GroupsController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Register a group',
    roles: ADMINISTRATORS,
    body: RegisterGroupDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async register(
    @Body() body: RegisterGroupDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const [{ id, ...data }, reason] = splitReason(body)
    const wish = { target: 'group-', method: 'POST', route: '/groups', params: {}, body, reason }
    const receipt = await this.sender.send(context, wish, (metadata) => new RegisterGroup(id, data, metadata))
    return receiptAnswer(receipt, { location: `/groups/${encodeURIComponent(id)}` })
  }

  @Get()
  @Endpoint({
    summary: 'List groups: who manages them, and who is on call',
    description: 'As they are now. Filters ask for a member, too: `members:"ann"`.',
    roles: DESK_PEOPLE,
    query: GroupsQuery,
    answer: GroupPage,
  })
  list(@Query() query: GroupsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listGroups, { ...query, principal })
  }

  @Get(':id')
  @Endpoint({
    summary: 'Read a group with its members',
    roles: DESK_PEOPLE,
    params: GroupParams,
    answer: GroupView,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag'],
  })
  read(@Param() { id }: GroupParams, @Context() context: RequestContext): Promise<Answer> {
    return this.queries.answer(readGroup, { id }, context)
  }

  @Put(':id/on-call')
  @Endpoint({
    summary: 'Who is asked when the group is called, and in which order',
    roles: ON_CALL_PLANNERS,
    params: GroupParams,
    body: OnCallDto,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async setOnCall(
    @Param() params: GroupParams,
    @Body() body: OnCallDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const [data, reason] = splitReason(body)
    const wish = {
      target: `group-${params.id}`,
      method: 'PUT',
      route: '/groups/{id}/on-call',
      params,
      body,
      reason,
    }
    return receiptAnswer(
      await this.sender.send(context, wish, (metadata) => new SetOnCallContacts(params.id, data, metadata)),
    )
  }
}
