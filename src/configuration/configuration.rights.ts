import { grantFor, isSystemId, type Principal, type Role } from '#libs/access'
import { Forbidden } from '#libs/event-sourcing'
import type { TakeBaseline } from './domain/baseline.decider.js'
import type { CiCommand, CiNameCommand } from './domain/ci.commands.js'
import type { RecordDiscoveryRun } from './domain/discovery.decider.js'
import type { RelationCommand } from './domain/relation.commands.js'
import type { ReviewCommand } from './domain/review.decider.js'

/** Whoever works on the estate says what was done; whether it was allowed is judged afterwards, by its change. */
export const CONFIGURATION_WRITERS: readonly Role[] = [
  'agent',
  'team-lead',
  'change-manager',
  'service',
  'administrator',
]
/** What is said of the past changes answers about the past: few may. */
export const BACK_DATERS: readonly Role[] = ['change-manager', 'administrator']
/** Programs find out what is there; an administrator may try what one would say. */
export const DISCOVERERS: readonly Role[] = ['service', 'change-manager', 'administrator']
/** A person decides. */
export const RECONCILERS: readonly Role[] = ['agent', 'team-lead', 'change-manager', 'administrator']
export const BASELINE_TAKERS: readonly Role[] = ['change-manager', 'administrator']

type ConfigurationCommand =
  | CiCommand
  | CiNameCommand
  | RelationCommand
  | RecordDiscoveryRun
  | ReviewCommand
  | TakeBaseline

/** Who may send which command. Names are reserved and given up by whoever registers or renames. */
const RIGHTS: { readonly [Type in ConfigurationCommand['type']]: readonly Role[] } = {
  RegisterCi: CONFIGURATION_WRITERS,
  ChangeCi: CONFIGURATION_WRITERS,
  RenameCi: CONFIGURATION_WRITERS,
  ReclassifyCi: CONFIGURATION_WRITERS,
  RetireCi: CONFIGURATION_WRITERS,
  ObserveCi: CONFIGURATION_WRITERS,
  CorrectCi: BACK_DATERS,
  ReconcileCi: DISCOVERERS,
  // Only the program itself
  ApplyProposedValues: [],
  AbandonCiNaming: CONFIGURATION_WRITERS,
  ReserveCiName: CONFIGURATION_WRITERS,
  ReleaseCiName: CONFIGURATION_WRITERS,
  RelateCi: CONFIGURATION_WRITERS,
  UnrelateCi: CONFIGURATION_WRITERS,
  CorrectRelation: BACK_DATERS,
  RecordDiscoveryRun: DISCOVERERS,
  OpenReconciliationReview: DISCOVERERS,
  ResolveReconciliationReview: RECONCILERS,
  TakeBaseline: BASELINE_TAKERS,
}

/**
 * The grant that allows a command; the program itself needs none.
 * @throws Forbidden `CONFIGURATION.FORBIDDEN`
 */
export function configurationGrant(principal: Principal, command: { type: string }): string | undefined {
  const roles = RIGHTS[command.type as ConfigurationCommand['type']]
  const grant = grantFor(principal, roles)
  if (grant !== undefined || isSystemId(principal.id)) return grant
  throw new Forbidden('CONFIGURATION.FORBIDDEN', `${command.type} needs one of the roles ${roles.join(', ')}`)
}
