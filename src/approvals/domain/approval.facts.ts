import { type GroupStanding, groupStanding, type Role } from '#libs/access'
import { type Fact, type FactQuestion, type FactQuestions, fact, type StreamFold } from '#libs/event-sourcing'
import type { DelegationGranted, PersonEvent } from '../../directory/domain/directory.events.js'
import type { ApprovalPoliciesPublished } from '../../settings/domain/settings.events.js'
import type { ApprovalCommand, RequestApproval } from './approval.commands.js'
import type { Approver } from './approval.events.js'
import { unanswered } from './approval.round.js'
import type { ApprovalRecord } from './approval.state.js'
import {
  type ApprovalPolicy,
  DEFAULT_APPROVAL_POLICIES,
  groupsAsked,
  namedBy,
  policyFor,
} from './defaults.js'

export interface Policies {
  readonly version: number
  readonly policies: readonly ApprovalPolicy[]
}
export interface PersonRights {
  readonly active: boolean
  /** Event ids of the grants that stand, by role and who gave it. */
  readonly grants: ReadonlyMap<`${'own' | 'idp'}/${Role}`, string>
  /** All that he ever granted; `revoked`: and has taken back. */
  readonly delegations: readonly (DelegationGranted['data'] & { readonly revoked?: true })[]
}

/** What decisions about approvals ask of other streams. */
export interface ApprovalFacts {
  /** Asked when approval is asked. */
  policies: Fact<Policies>
  [group: GroupFact]: Fact<GroupStanding>
  [candidate: CandidateFact]: Fact<PersonRights>
  /** Who answers, and on whose behalf. */
  answerer: Fact<PersonRights>
  delegator: Fact<PersonRights>
}
type GroupFact = `group ${string}`
export const groupFact = (id: string): GroupFact => `group ${id}`
type CandidateFact = `candidate ${string}`
export const candidateFact = (id: string): CandidateFact => `candidate ${id}`

const policiesInForce: StreamFold<Policies, ApprovalPoliciesPublished> = {
  initial: { version: 0, policies: DEFAULT_APPROVAL_POLICIES },
  evolve: (known, event) => (event.type === 'ApprovalPoliciesPublished' ? event.data : known),
}

const standingOfGroup = (id: string) => fact(`group-${id}`, groupStanding)

const personRights: StreamFold<PersonRights, PersonEvent> = {
  initial: { active: false, grants: new Map(), delegations: [] },
  evolve(person, event) {
    switch (event.type) {
      case 'PersonRegistered':
      case 'PersonReactivated':
        return { ...person, active: true }
      case 'PersonDeactivated':
        return { ...person, active: false, grants: new Map() }
      case 'RoleGranted': {
        const { role, source } = event.data
        return { ...person, grants: new Map(person.grants).set(`${origin(source)}/${role}`, event.id) }
      }
      case 'RoleRevoked': {
        const grants = new Map(person.grants)
        grants.delete(`${origin(event.data.source)}/${event.data.role}`)
        return { ...person, grants }
      }
      case 'DelegationGranted':
        return { ...person, delegations: [...person.delegations, event.data] }
      case 'DelegationRevoked': {
        const { delegationId } = event.data
        const delegations = person.delegations.map((one) =>
          one.delegationId === delegationId ? { ...one, revoked: true as const } : one,
        )
        return { ...person, delegations }
      }
      default:
        return person
    }
  },
}

const origin = (source: string): 'own' | 'idp' => (source === 'idp' ? 'idp' : 'own')

export function facts(
  command: ApprovalCommand,
  record: ApprovalRecord,
): Partial<FactQuestions<ApprovalFacts>> {
  switch (command.type) {
    case 'RequestApproval':
      return record.status === 'unborn'
        ? { policies: fact('settings-approval-policies', policiesInForce) }
        : {}
    case 'GrantApproval':
    case 'RejectApproval': {
      const { onBehalfOf } = command.data
      const answerer = fact(`person-${command.metadata.actor}`, personRights)
      const seat = seatOf(onBehalfOf ?? command.metadata.actor, record)
      return {
        answerer,
        ...(onBehalfOf !== undefined && { delegator: fact(`person-${onBehalfOf}`, personRights) }),
        ...(seat?.group !== undefined && { [groupFact(seat.group)]: standingOfGroup(seat.group) }),
      }
    }
    case 'ReviewSeats':
      return record.status === 'open' ? standingOf(unanswered(record)) : {}
    default:
      return {}
  }
}

/** Of each seat whether it is still held. */
function standingOf(seats: readonly Approver[]): Partial<FactQuestions<ApprovalFacts>> {
  const people = seats.map(({ person }) => person)
  const groups = [...new Set(seats.flatMap(({ group: id }) => id ?? []))]
  return {
    ...questions(people, candidateFact, (id) => fact(`person-${id}`, personRights)),
    ...questions(groups, groupFact, standingOfGroup),
  }
}

/** The seat that somebody was given as it was asked; undefined: none. */
export function seatOf(person: string, record: ApprovalRecord): Approver | undefined {
  return record.status === 'unborn' ? undefined : record.asked.approvers.find((one) => one.person === person)
}

/** The groups that the policy names, and then whether those that they stand for are still there. */
export function furtherFacts(
  command: ApprovalCommand,
  record: ApprovalRecord,
  known: Partial<ApprovalFacts>,
): Partial<FactQuestions<ApprovalFacts>> {
  if (command.type !== 'RequestApproval' || record.status !== 'unborn' || !known.policies) return {}
  const policy = policyOf(command, known.policies.value)
  if (policy === undefined) return {}
  const groups = groupsAsked(policy, command.data.group)
  const unknown = groups.filter((id) => known[groupFact(id)] === undefined)
  if (unknown.length > 0) return questions(unknown, groupFact, standingOfGroup)
  const people = candidates(policy, command, known).map(({ person }) => person)
  return questions(people, candidateFact, (id) => fact(`person-${id}`, personRights))
}

function questions(
  ids: readonly string[],
  name: (id: string) => string,
  question: (id: string) => FactQuestion<unknown>,
): Partial<FactQuestions<ApprovalFacts>> {
  return Object.fromEntries(ids.map((id) => [name(id), question(id)])) as Partial<
    FactQuestions<ApprovalFacts>
  >
}

export function policyOf(
  { data: { subject, changeType, risk } }: RequestApproval,
  { policies }: Policies,
): ApprovalPolicy | undefined {
  return policyFor(policies, { subjectType: subject.type, changeType, risk })
}

/** Those whom the policy names, as far as the groups that it names are known. */
export function candidates(
  policy: ApprovalPolicy,
  { data }: RequestApproval,
  known: Partial<ApprovalFacts>,
): readonly Approver[] {
  return namedBy(policy, data.group, (id) => known[groupFact(id)]?.value)
}
