import type { RecordedEvent } from '#libs/event-sourcing'
import type { AuditDataRead, FindingDisposed } from '../../src/audit/domain/audit.events.js'
import type { GroupEvent, PersonEvent } from '../../src/directory/domain/directory.events.js'
import type { CiClassesPublished, SettingsEvent } from '../../src/settings/domain/settings.events.js'
import { type AuditFinding, FINDINGS, type FindingBook } from './finding.js'
import { CLASSES, IN_FORCE } from './modification-findings.js'

/** Which rules decide who may allow what: to change them is an auditor's question of its own. */
const RULES: ReadonlySet<string> = new Set(
  [
    'approval-policies',
    'ci-classes',
    'ci-relation-types',
    'ci-reconciliation',
    'change',
    'change-risk',
    'priority-matrix',
    'maintenance-windows',
    'blackout-windows',
  ].map((name) => `settings-${name}`),
)
const CLASSES_STREAM = 'settings-ci-classes'

/** Who may allow what: changes of rights and rules, and what auditors do themselves. */
export class AuthorityFindings {
  constructor(private readonly book: FindingBook) {}

  /** Who may do what, and who answers for whom. */
  ofPerson(event: RecordedEvent<PersonEvent>): void {
    const { stream, data } = event
    const person = stream.slice('person-'.length)
    const rights = rightsIn(event)
    if (rights !== undefined) this.#rulesChanged('person', person, rights, 'to' in data ? data.to : person)
  }

  /** Who is in a group, and who leads it, decides who is asked. */
  ofGroup({ type, stream, data }: RecordedEvent<GroupEvent>): void {
    const group = stream.slice('group-'.length)
    if (type === 'MemberAdded' || type === 'MemberRemoved')
      this.#rulesChanged(
        'group',
        group,
        [type === 'MemberAdded' ? 'joined' : 'left', data.person],
        data.person,
      )
    else if ((type === 'GroupChanged' || type === 'GroupRegistered') && data.manager !== undefined) {
      const { manager } = data
      this.#rulesChanged('group', group, ['manager', manager ?? 'nobody'], manager ?? undefined)
    }
  }

  ofSettings({ stream, data }: RecordedEvent<SettingsEvent>): void {
    if (stream === CLASSES_STREAM)
      this.book.view.put(CLASSES, IN_FORCE, {
        classes: (data as CiClassesPublished['data']).classes,
      })
    if (RULES.has(stream))
      this.#rulesChanged('setting', stream.slice('settings-'.length), [
        `version ${(data as { version: number }).version}`,
      ])
  }

  /** What a reviewer said last stands; what was said before is in the log. */
  disposed({ stream, data, metadata }: RecordedEvent<FindingDisposed>): void {
    const id = stream.slice('finding-'.length)
    const known = this.book.view.get<AuditFinding>(FINDINGS, id)
    if (known === undefined) return
    const { disposition, comment } = data
    const events = [...known.events, this.book.event.id]
    this.book.replace({ ...known, disposition, comment, reviewer: metadata.actor, events })
  }

  read({ id, data, metadata }: RecordedEvent<AuditDataRead>): void {
    const { what, query, rows, form } = data
    this.book.put(`audit-data-read/${id}`, {
      ...this.book.now('audit-data-read'),
      recordType: 'audit',
      record: what,
      persons: [metadata.actor],
      details: [form, `${rows} rows`, ...(query === '' ? [] : [query])],
    })
  }

  /** @param whom it concerns: neither he nor who did it is to judge it */
  #rulesChanged(
    recordType: 'person' | 'group' | 'setting',
    record: string,
    details: readonly string[],
    whom?: string,
  ): void {
    const { id, metadata } = this.book.event
    this.book.put(`rights-or-rules-changed/${id}`, {
      ...this.book.now('rights-or-rules-changed'),
      recordType,
      record,
      persons: [...new Set([metadata.actor, ...(whom === undefined ? [] : [whom])])],
      details,
    })
  }
}

/** What an event does to the rights of a person, in words; undefined: nothing. */
function rightsIn({ type, data }: PersonEvent): readonly string[] | undefined {
  switch (type) {
    case 'RoleGranted':
      return ['granted', data.role]
    case 'RoleRevoked':
      return ['revoked', data.role]
    case 'DelegationGranted':
      return ['delegated to', data.to]
    case 'DelegationRevoked':
      return ['delegates no more to', data.to]
    case 'PersonDeactivated':
      return ['deactivated']
    case 'PersonReactivated':
      return ['reactivated']
    default:
      return undefined
  }
}
