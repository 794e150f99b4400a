import type { RecordedEvent } from '#libs/event-sourcing'
import { defineView } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type { ApprovalEvent } from '../../src/approvals/domain/approval.events.js'
import type {
  AuditDataRead,
  AuditEvent,
  Disposition,
  FindingDisposed,
} from '../../src/audit/domain/audit.events.js'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import type { CiEvent } from '../../src/configuration/domain/configuration.events.js'
import type { DirectoryEvent, GroupEvent, PersonEvent } from '../../src/directory/domain/directory.events.js'
import type { SettingsEvent } from '../../src/settings/domain/settings.events.js'
import { wholeFor } from '../access.js'
import { AuthorityFindings } from './authority-findings.js'
import { ChangeFindings, COMMITS } from './change-findings.js'
import { groundTold } from './entitlement.js'
import { ANSWERS, APPROVALS, EntitlementFindings, GROUNDS } from './entitlement-findings.js'
import { AUDIT_QUESTIONS, type AuditFinding, FINDING_VERSIONS, FINDINGS, FindingBook } from './finding.js'
import {
  AUDITED_CHANGES,
  CLASSES,
  IN_FORCE,
  ITEMS,
  MODIFICATIONS,
  ModificationFindings,
} from './modification-findings.js'

type Audited = AuditEvent | GroupEvent | ChangeEvent | CiEvent | ApprovalEvent | PersonEvent | SettingsEvent

const inside = { columns: {}, indexes: [], ...wholeFor(['auditor', 'administrator']) }

/** What auditors ask, answered as events come; nothing is taken back, what was put right says so. */
export const auditFindings = defineView<Audited>({
  name: 'audit_findings',
  version: 9,
  pace: 'unhurried',
  from: ['change-', 'ci-', 'approval-', 'person-', 'group-', 'settings-', 'finding-', 'auditread-'],
  collections: {
    [FINDINGS]: {
      columns: {
        question: oneOf(AUDIT_QUESTIONS),
        recordType: oneOf<AuditFinding['recordType']>({
          change: true,
          'configuration-item': true,
          person: true,
          group: true,
          setting: true,
          audit: true,
        }),
        record: 'string',
        change: 'string',
        at: 'timestamp',
        persons: 'strings',
        standing: 'boolean',
        disposition: oneOf<Disposition>({ justified: true, deficiency: true }),
        position: 'string',
      },
      indexes: [['at'], ['question', 'at'], ['change', 'at'], ['record', 'at']],
      checked: ['recordType', 'standing', 'disposition', 'position'],
      ...wholeFor(['auditor', 'administrator']),
    },
    [FINDING_VERSIONS]: inside,
    [COMMITS]: {
      columns: { at: 'timestamp', position: 'string' },
      indexes: [['at']],
      checked: ['position'],
      ...wholeFor(['auditor', 'administrator']),
    },
    [AUDITED_CHANGES]: inside,
    [ITEMS]: inside,
    [MODIFICATIONS]: inside,
    [APPROVALS]: inside,
    [ANSWERS]: inside,
    [GROUNDS]: inside,
    [CLASSES]: inside,
  },
  reads(event) {
    const { stream } = event
    if (isChange(stream)) return [{ collection: AUDITED_CHANGES, ids: [stream.slice('change-'.length)] }]
    if (isCi(stream)) {
      const change = 'change' in event.data ? event.data.change : undefined
      const named = typeof change === 'string' ? [{ collection: AUDITED_CHANGES, ids: [change] }] : []
      return [{ collection: ITEMS, ids: [stream] }, { collection: CLASSES, ids: [IN_FORCE] }, ...named]
    }
    if (stream.startsWith('approval-')) return [{ collection: APPROVALS, ids: [stream] }]
    if (stream.startsWith('finding-'))
      return [{ collection: FINDINGS, ids: [stream.slice('finding-'.length)] }]
    const ground = groundTold(event as RecordedEvent<DirectoryEvent>)?.ground
    return ground === undefined ? [] : [{ collection: GROUNDS, ids: [ground] }]
  },
  fold(event, view) {
    const book = new FindingBook(view, event)
    const modifications = new ModificationFindings(book)
    const authority = new AuthorityFindings(book)
    const entitlement = new EntitlementFindings(book)
    const { stream, type } = event
    if (isChange(stream))
      new ChangeFindings(book, modifications).ofChange(event as RecordedEvent<ChangeEvent>)
    else if (isCi(stream)) modifications.ofItem(event as RecordedEvent<CiEvent>)
    else if (stream.startsWith('approval-')) entitlement.ofApproval(event as RecordedEvent<ApprovalEvent>)
    else if (stream.startsWith('person-')) {
      authority.ofPerson(event as RecordedEvent<PersonEvent>)
      entitlement.ofDirectory(event as RecordedEvent<PersonEvent>)
    } else if (stream.startsWith('group-')) {
      authority.ofGroup(event as RecordedEvent<GroupEvent>)
      entitlement.ofDirectory(event as RecordedEvent<GroupEvent>)
    } else if (type === 'FindingDisposed') authority.disposed(event as RecordedEvent<FindingDisposed>)
    else if (type === 'AuditDataRead') authority.read(event as RecordedEvent<AuditDataRead>)
    else authority.ofSettings(event as RecordedEvent<SettingsEvent>)
  },
})

const isChange = (stream: string) => stream.startsWith('change-')
const isCi = (stream: string) => stream.startsWith('ci-')
