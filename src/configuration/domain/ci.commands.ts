import { Command } from '#libs/event-sourcing'
import type { Attributes, AttributeValue } from './configuration.events.js'

/** What allowed a modification (the number of a change), and which source said so. */
interface Because {
  change?: string
  source?: string
}
/** null takes an attribute away; what is left out stays. */
export type WishedAttributes = Readonly<Record<string, AttributeValue | null>>

/** Without an id: a number is taken, then the name is reserved, then the CI is registered under it. */
export class RegisterCi extends Command<
  'RegisterCi',
  { class: string; name: string; attributes?: Attributes } & Because
> {
  readonly type = 'RegisterCi'
}

export class ChangeCi extends Command<'ChangeCi', { attributes: WishedAttributes } & Because> {
  readonly type = 'ChangeCi'
}

/**
 * What a change that was done has proposed: where it is not possible, that is recorded, and nothing else is. `base`: what these
 * attributes were when it was approved, and must be still; absent: nothing was promised.
 */
export class ApplyProposedValues extends Command<
  'ApplyProposedValues',
  { change: string; attributes: WishedAttributes; base?: WishedAttributes }
> {
  readonly type = 'ApplyProposedValues'
}

export class RenameCi extends Command<'RenameCi', { name: string } & Because> {
  readonly type = 'RenameCi'
}

/** `attributes`: what changes with the class, since what the new class does not have must go. */
export class ReclassifyCi extends Command<
  'ReclassifyCi',
  { class: string; attributes?: WishedAttributes } & Pick<Because, 'change'>
> {
  readonly type = 'ReclassifyCi'
}

export class RetireCi extends Command<'RetireCi', Because> {
  readonly type = 'RetireCi'
}

/** A source reports it, and says nothing else. */
export class ObserveCi extends Command<'ObserveCi', { source?: string; run?: string }> {
  readonly type = 'ObserveCi'
}

/**
 * How it was from `metadata.occurredAt` on: the one command whose time may lie before what is recorded. `enteredAt` is
 * the time of the command itself.
 */
export class CorrectCi extends Command<
  'CorrectCi',
  {
    name?: string
    status?: 'live' | 'retired'
    attributes?: WishedAttributes
    until?: string
    enteredAt: string
  } & Pick<Because, 'change'>
> {
  readonly type = 'CorrectCi'
}

/** What a source says of it: applied as far as the source is believed. `routine`: a run says it, as it does every time. */
export class ReconcileCi extends Command<
  'ReconcileCi',
  { source: string; run?: string; name?: string; attributes: Attributes; routine?: boolean }
> {
  readonly type = 'ReconcileCi'
}

/** Whoever wants the name gave up waiting for this operation. */
export class AbandonCiNaming extends Command<'AbandonCiNaming', { operation: string }> {
  readonly type = 'AbandonCiNaming'
}

export type CiCommand =
  | RegisterCi
  | ChangeCi
  | ApplyProposedValues
  | RenameCi
  | ReclassifyCi
  | RetireCi
  | ObserveCi
  | CorrectCi
  | ReconcileCi
  | AbandonCiNaming

/** After these a CI may bear a name that it did not bear before. */
export const NAMING_COMMANDS = [RegisterCi, RenameCi, ReclassifyCi, CorrectCi] as const
export type NamingCommand = RegisterCi | RenameCi | ReclassifyCi | CorrectCi

/** The rest. */
export const PLAIN_CI_COMMANDS = [
  ChangeCi,
  ApplyProposedValues,
  RetireCi,
  ObserveCi,
  ReconcileCi,
  AbandonCiNaming,
] as const

export class ReserveCiName extends Command<
  'ReserveCiName',
  { class: string; name: string; ci: string; operation: string }
> {
  readonly type = 'ReserveCiName'
}

export class ReleaseCiName extends Command<'ReleaseCiName', { operation: string }> {
  readonly type = 'ReleaseCiName'
}

export type CiNameCommand = ReserveCiName | ReleaseCiName
export const CI_NAME_COMMANDS = [ReserveCiName, ReleaseCiName] as const
