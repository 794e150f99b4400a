import { grantFor, isSystemId, type Principal } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { Forbidden } from '#libs/event-sourcing'
import type { DisposeFinding, JudgeModifications, RecordAuditRead } from './domain/audit.commands.js'
import { auditReadDecider, type Disposed, findingDecider } from './domain/audit.decider.js'
import type { AuditDataRead, FindingDisposed, JudgementEvent } from './domain/audit.events.js'
import { type Judgement, type JudgementFacts, judgementDecider } from './domain/judgement.decider.js'

/** Who judges findings; administrators read them and judge nothing, since much of it is about them. */
export const findingRecords: RecordType<Disposed, DisposeFinding, FindingDisposed, object> = {
  decider: findingDecider,
  rights: (principal) => grantOf(principal, ['auditor']),
}

/** Who reads writes that she has. */
export const auditReadRecords: RecordType<object, RecordAuditRead, AuditDataRead, object> = {
  decider: auditReadDecider,
  rights: (principal, { id }) => {
    if (id !== principal.id)
      throw new Forbidden('AUDIT.FORBIDDEN', 'Everybody answers for her own reading only.')
    return grantOf(principal, AUDIT_READERS)
  },
}

/** Verdicts are the program's own. */
export const judgementRecords: RecordType<Judgement, JudgeModifications, JudgementEvent, JudgementFacts> = {
  decider: judgementDecider,
  rights: (principal) => {
    if (!isSystemId(principal.id))
      throw new Forbidden('AUDIT.FORBIDDEN', 'Modifications are judged by the program.')
    return undefined
  },
}

/** Who sees what auditors ask. */
export const AUDIT_READERS = ['auditor', 'administrator'] as const

function grantOf(principal: Principal, roles: readonly (typeof AUDIT_READERS)[number][]): string | undefined {
  return isSystemId(principal.id) ? undefined : grantFor(principal, roles)
}
