import type { RecordedEvent } from '#libs/event-sourcing'
import type {
  ApprovalEvent,
  ApprovalGranted,
  ApprovalRejected,
} from '../../src/approvals/domain/approval.events.js'
import type { AuditDataRead, FindingDisposed } from '../../src/audit/domain/audit.events.js'
import type { GroupEvent, PersonEvent, RoleRevoked } from '../../src/directory/domain/directory.events.js'
import type { CiClassesPublished, SettingsEvent } from '../../src/settings/domain/settings.events.js'
import { type AuditFinding, FINDINGS, type FindingBook } from './finding.js'
import { CLASSES, CLASSES_DOCUMENT } from './modification-findings.js'

export const APPROVALS = 'audit_approvals'
export const ANSWERERS = 'audit_answerers'

interface ApprovalKnown {
  change: string
}
/** Answers of one person, the latest {@link MOST_KEPT}, with the roles that they still rest on. */
interface AnswererKnown {
  answers: readonly {
    approval: string
    change: string
    at: string
    event: string
    roles: readonly string[]
  }[]
}
const MOST_KEPT = 500

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

/** Who may allow what: approvers and their rights, changes of rights and rules, and what auditors do themselves. */
export class AuthorityFindings {
  constructor(private readonly book: FindingBook) {}

  ofApproval(event: RecordedEvent<ApprovalEvent>): void {
    if (event.type === 'ApprovalRequested')
      this.book.view.put(APPROVALS, event.stream, {
        change: event.data.subject.number,
      } satisfies ApprovalKnown)
    else if (event.type === 'ApprovalGranted' || event.type === 'ApprovalRejected') this.#answered(event)
  }

  #answered({ stream, id, data, metadata }: RecordedEvent<ApprovalGranted | ApprovalRejected>): void {
    const change = this.book.view.get<ApprovalKnown>(APPROVALS, stream)?.change
    if (change === undefined) return
    const answer = {
      approval: stream.slice('approval-'.length),
      change,
      at: metadata.occurredAt,
      event: id,
      roles: data.roles.map(({ role }) => role),
    }
    if (answer.roles.length === 0) this.#notEntitled(data.approver, answer)
    const answerer = `person-${data.approver}`
    const { answers } = this.book.view.get<AnswererKnown>(ANSWERERS, answerer) ?? { answers: [] }
    this.book.view.put(ANSWERERS, answerer, {
      answers: [...answers, answer].slice(-MOST_KEPT),
    } satisfies AnswererKnown)
  }

  /** What is recorded of rights now may be of a time before somebody answered. */
  ofPerson(event: RecordedEvent<PersonEvent>): void {
    const { type, stream, data, metadata } = event
    const person = stream.slice('person-'.length)
    const rights = rightsIn(event)
    if (rights !== undefined) this.#rulesChanged('person', person, rights, 'to' in data ? data.to : person)
    if (type !== 'RoleRevoked' && type !== 'PersonDeactivated') return
    const known = this.book.view.get<AnswererKnown>(ANSWERERS, stream)
    if (known === undefined) return
    const lost = type === 'RoleRevoked' ? (data as RoleRevoked['data']).role : undefined
    let touched = false
    const answers = known.answers.map((answer) => {
      const roles = lost === undefined ? [] : answer.roles.filter((role) => role !== lost)
      if (answer.at < metadata.occurredAt || roles.length === answer.roles.length) return answer
      touched = true
      if (roles.length === 0) this.#notEntitled(person, answer)
      return { ...answer, roles }
    })
    if (touched) this.book.view.put(ANSWERERS, stream, { answers } satisfies AnswererKnown)
  }

  #notEntitled(person: string, { change, approval, event }: AnswererKnown['answers'][number]): void {
    const events = [...new Set([event, this.book.event.id])]
    this.book.found('approver-not-entitled', change, {
      persons: [person],
      key: event,
      events,
      details: [approval],
    })
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
      this.book.view.put(CLASSES, CLASSES_DOCUMENT.id, {
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
