import { Command } from '#libs/event-sourcing'

/** `manager`: id of a person who is registered and active. */
export class RegisterGroup extends Command<'RegisterGroup', { name: string; manager?: string }> {
  readonly type = 'RegisterGroup'
}

/** Fields left out stay; `null` forgets. */
export class ChangeGroup extends Command<'ChangeGroup', { name?: string; manager?: string | null }> {
  readonly type = 'ChangeGroup'
}

export class AddMember extends Command<'AddMember', { person: string }> {
  readonly type = 'AddMember'
}

export class RemoveMember extends Command<'RemoveMember', { person: string }> {
  readonly type = 'RemoveMember'
}

/** Replaces the list; an empty one takes the group off call. */
export class SetOnCallContacts extends Command<
  'SetOnCallContacts',
  { contacts: readonly string[]; acknowledgeWithinMinutes: number; rounds: number }
> {
  readonly type = 'SetOnCallContacts'
}

export type GroupCommand = RegisterGroup | ChangeGroup | AddMember | RemoveMember | SetOnCallContacts

export const GROUP_COMMANDS = [
  RegisterGroup,
  ChangeGroup,
  AddMember,
  RemoveMember,
  SetOnCallContacts,
] as const
