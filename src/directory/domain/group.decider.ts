import { isAtDesk, type PersonStanding, personStanding } from '#libs/access'
import {
  type Decider,
  type Fact,
  type FieldError,
  fact,
  InvalidInput,
  NotFound,
  type RecordedEvent,
  Refused,
} from '#libs/event-sourcing'
import { changedFields, withChanges } from './changed-fields.js'
import type { GroupEvent, GroupRegistered, OnCallContactsSet } from './directory.events.js'
import { checkId, checkName, RESERVED_GROUP_ID } from './directory-id.js'
import type {
  AddMember,
  ChangeGroup,
  GroupCommand,
  RegisterGroup,
  SetOnCallContacts,
} from './group.commands.js'

export type GroupState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'registered'
      readonly profile: GroupRegistered['data']
      readonly members: ReadonlySet<string>
      /** Null: nobody is on call. */
      readonly onCall: OnCallContactsSet['data'] | null
    }
type Registered = Exclude<GroupState, { status: 'unknown' }>

export interface GroupFacts {
  /** Asked for AddMember only. */
  person: Fact<PersonStanding>
  /** Asked when one is named. */
  manager?: Fact<PersonStanding>
  /** Of each one who is to be on call. */
  [contact: Contact]: Fact<PersonStanding>
}

type Contact = `contact ${string}`
const contact = (id: string): Contact => `contact ${id}`

const standingOf = (person: string) => fact(`person-${person}`, personStanding)

/** Assignment groups and who belongs to them. */
export const groupDecider: Decider<GroupState, GroupCommand, GroupEvent, GroupFacts> = {
  streamPrefix: 'group-',
  initial: { status: 'unknown' },
  facts(command) {
    switch (command.type) {
      case 'RegisterGroup':
      case 'ChangeGroup': {
        const { manager } = command.data
        return manager == null ? {} : { manager: standingOf(manager) }
      }
      case 'AddMember':
        return { person: standingOf(command.data.person) }
      case 'SetOnCallContacts':
        return Object.fromEntries(command.data.contacts.map((id) => [contact(id), standingOf(id)]))
      default:
        return {}
    }
  },
  decide,
  evolve,
}

function decide(command: GroupCommand, state: GroupState, facts: GroupFacts): readonly GroupEvent[] {
  if (command.type === 'RegisterGroup') return register(command, state, facts)
  const group = registered(command, state)
  switch (command.type) {
    case 'ChangeGroup':
      return change(command, group, facts)
    case 'AddMember':
      return addMember(command, group, facts.person.value)
    case 'RemoveMember': {
      const { person } = command.data
      return group.members.has(person) ? [{ type: 'MemberRemoved', data: { person } }] : []
    }
    case 'SetOnCallContacts':
      return setOnCallContacts(command, group, facts)
    default: {
      const unknown: never = command
      throw new Error(`no such command: ${JSON.stringify(unknown)}`)
    }
  }
}

function registered(command: GroupCommand, state: GroupState): Registered {
  if (state.status === 'registered') return state
  throw new NotFound(
    'DIRECTORY.GROUP_UNKNOWN',
    `The directory knows no group "${command.id}": register it first`,
  )
}

function register(command: RegisterGroup, state: GroupState, facts: GroupFacts): readonly GroupEvent[] {
  const { name, manager } = command.data
  checkId(command.id ?? '')
  checkNotReserved(command.id)
  checkName(name)
  if (state.status === 'unknown') {
    checkManager(manager, facts)
    return [{ type: 'GroupRegistered', data: { name, manager } }]
  }
  if (Object.keys(changedFields(state.profile, { name, manager })).length > 0) {
    throw new Refused(
      'DIRECTORY.GROUP_EXISTS',
      `Group "${command.id}" is registered already: change it instead`,
    )
  }
  return []
}

/** @throws InvalidInput `DIRECTORY.ID_RESERVED` */
function checkNotReserved(id: string | undefined): void {
  if (id !== RESERVED_GROUP_ID) return
  throw new InvalidInput(
    'DIRECTORY.ID_RESERVED',
    `A group can’t have the id "${RESERVED_GROUP_ID}", by which everybody asks for the own queue: choose another`,
    [{ pointer: '/id', message: 'is reserved' }],
  )
}

function change(command: ChangeGroup, group: Registered, facts: GroupFacts): readonly GroupEvent[] {
  const { name, manager } = command.data
  if (name !== undefined) checkName(name)
  const data = changedFields(group.profile, { name, manager })
  checkManager(data.manager, facts)
  return Object.keys(data).length > 0 ? [{ type: 'GroupChanged', data }] : []
}

/**
 * What only the manager may decide would wait for nobody.
 * @throws InvalidInput `DIRECTORY.MANAGER_UNKNOWN`; Refused `DIRECTORY.PERSON_INACTIVE`
 */
function checkManager(manager: string | null | undefined, facts: GroupFacts): void {
  if (manager == null) return
  const { exists, active } = facts.manager!.value
  if (!exists)
    throw new InvalidInput(
      'DIRECTORY.MANAGER_UNKNOWN',
      `The directory knows no "${manager}": register the person first (POST /people)`,
      [{ pointer: '/manager', message: `the directory knows no "${manager}"` }],
    )
  if (!active) throw inactive(manager)
}

function inactive(person: string): Refused {
  return new Refused('DIRECTORY.PERSON_INACTIVE', `"${person}" is deactivated: reactivate the person first`)
}

function addMember(command: AddMember, group: Registered, standing: PersonStanding): readonly GroupEvent[] {
  const { person } = command.data
  if (group.members.has(person)) return []
  if (!standing.exists) {
    throw new NotFound(
      'DIRECTORY.PERSON_UNKNOWN',
      `The directory knows no "${person}": register the person first (POST /people)`,
    )
  }
  if (!standing.active) throw inactive(person)
  return [{ type: 'MemberAdded', data: { person } }]
}

/** A day, and ten times: nobody answers a call later than that. */
const MOST_MINUTES = 1_440
const MOST_ROUNDS = 10

function setOnCallContacts(
  { data: { contacts, acknowledgeWithinMinutes, rounds } }: SetOnCallContacts,
  { onCall }: Registered,
  facts: GroupFacts,
): readonly GroupEvent[] {
  const errors = [
    ...rangeErrors('/acknowledgeWithinMinutes', acknowledgeWithinMinutes, MOST_MINUTES),
    ...rangeErrors('/rounds', rounds, MOST_ROUNDS),
    ...contacts.flatMap((id, index) => contactErrors(id, index, contacts, facts)),
  ]
  if (errors.length > 0)
    throw new InvalidInput('DIRECTORY.ON_CALL_MALFORMED', 'The list of contacts is not well formed', errors)
  const same =
    contacts.length === 0
      ? onCall === null
      : onCall !== null &&
        onCall.acknowledgeWithinMinutes === acknowledgeWithinMinutes &&
        onCall.rounds === rounds &&
        onCall.contacts.length === contacts.length &&
        onCall.contacts.every((id, index) => id === contacts[index])
  return same
    ? []
    : [{ type: 'OnCallContactsSet', data: { contacts: [...contacts], acknowledgeWithinMinutes, rounds } }]
}

function rangeErrors(pointer: string, value: number, highest: number): FieldError[] {
  return Number.isInteger(value) && value >= 1 && value <= highest
    ? []
    : [{ pointer, message: `must be a whole number from 1 to ${highest}` }]
}

function contactErrors(
  id: string,
  index: number,
  contacts: readonly string[],
  facts: GroupFacts,
): FieldError[] {
  const pointer = `/contacts/${index}`
  if (contacts.indexOf(id) < index) return [{ pointer, message: 'stands twice: rounds ask again' }]
  const standing = facts[contact(id)]?.value
  if (!standing?.exists) return [{ pointer, message: `the directory knows no "${id}"` }]
  if (!standing.active) return [{ pointer, message: `"${id}" has left` }]
  // Nobody else can be told of the incident that the call is about.
  return isAtDesk(standing.roles)
    ? []
    : [{ pointer, message: `"${id}" has no role at the desk: grant one first` }]
}

function evolve(state: GroupState, event: RecordedEvent<GroupEvent>): GroupState {
  if (event.type === 'GroupRegistered') {
    return { status: 'registered', profile: event.data, members: new Set(), onCall: null }
  }
  if (state.status === 'unknown') return state
  switch (event.type) {
    case 'GroupChanged':
      return { ...state, profile: withChanges(state.profile, event.data) }
    case 'MemberAdded':
      return { ...state, members: new Set(state.members).add(event.data.person) }
    case 'MemberRemoved': {
      const members = new Set(state.members)
      members.delete(event.data.person)
      return { ...state, members }
    }
    case 'OnCallContactsSet': {
      const { contacts, acknowledgeWithinMinutes, rounds } = event.data
      return {
        ...state,
        onCall: contacts.length === 0 ? null : { contacts, acknowledgeWithinMinutes, rounds },
      }
    }
    default:
      return state
  }
}
