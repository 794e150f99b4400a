import { type Fact, type FactQuestions, fact, type StreamFold } from '#libs/event-sourcing'
import { DEFAULT_CI_RECONCILIATION } from '../../settings/domain/defaults.js'
import type { CiReconciliation, CiReconciliationPublished } from '../../settings/domain/settings.events.js'
import { CI_CLASSES, type ClassCatalogue } from './ci.classes.js'
import type { CiCommand } from './ci.commands.js'
import { namingOf } from './ci.naming.js'
import type { CiRecord } from './ci.state.js'
import { type CiName, ciFold, ciNameDecider, ciNameId } from './ci-name.decider.js'

/** What decisions about CIs ask of other streams. */
export interface CiFacts {
  classes: Fact<ClassCatalogue>
  reconciliation: Fact<ReconciliationInForce>
  /** For whom the name is reserved that the CI is to bear. */
  reservation: Fact<CiName>
  /** That CI. */
  holder: Fact<CiRecord>
}

export interface ReconciliationInForce {
  readonly version: number
  readonly reconciliation: CiReconciliation
}

const reconciliation: StreamFold<ReconciliationInForce, CiReconciliationPublished> = {
  initial: { version: 0, reconciliation: DEFAULT_CI_RECONCILIATION },
  evolve: (known, event) => (event.type === 'CiReconciliationPublished' ? event.data : known),
}
/** Asks for the match rules and precedence in force. */
export const CI_RECONCILIATION = fact('settings-ci-reconciliation', reconciliation)

/** What else the decision about this command needs to know. */
export function facts(command: CiCommand, record: CiRecord): Partial<FactQuestions<CiFacts>> {
  const naming = namingOf(command, record)
  return {
    ...(naming && { reservation: fact(`ciname-${ciNameId(naming)}`, ciNameDecider) }),
    ...(!['RenameCi', 'RetireCi', 'ObserveCi', 'AbandonCiNaming'].includes(command.type) && {
      classes: CI_CLASSES,
    }),
    ...(['ReconcileCi', 'ChangeCi', 'ReclassifyCi'].includes(command.type) && {
      reconciliation: CI_RECONCILIATION,
    }),
  }
}

/** Before a number is taken: whether the name is free. */
export function furtherFacts(
  command: CiCommand,
  _: CiRecord,
  { reservation }: Partial<CiFacts>,
): Partial<FactQuestions<CiFacts>> {
  const isProposal = command.type === 'RegisterCi' && command.id === undefined
  return isProposal && reservation?.value && !reservation.value.released
    ? { holder: fact(`ci-${reservation.value.ci}`, ciFold) }
    : {}
}
