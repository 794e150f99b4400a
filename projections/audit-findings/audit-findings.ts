import { derivedId, type Position, type RecordedEvent } from '#libs/event-sourcing'
import { defineView, type ViewTransaction } from '#libs/projections-runtime'
import type {
  ApprovalEvent,
  ApprovalGranted,
  ApprovalRejected,
} from '../../src/approvals/domain/approval.events.js'
import type {
  AuditDataRead,
  AuditEvent,
  Disposition,
  FindingDisposed,
} from '../../src/audit/domain/audit.events.js'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import type { CiEvent } from '../../src/configuration/domain/configuration.events.js'
import type { PersonEvent, RoleRevoked } from '../../src/directory/domain/directory.events.js'
import { DEFAULT_CI_CLASSES } from '../../src/settings/domain/ci-defaults.js'
import type { CiClass, CiClassesPublished, SettingsEvent } from '../../src/settings/domain/settings.events.js'
import { wholeFor } from '../access.js'
import { afterEvent, type ChangeKnown, UNKNOWN_CHANGE } from './change-known.js'
import { controlledAttributes, type Modification, type Verdict, verdictOn } from './modifications.js'

/** What auditors ask of changes, and who may allow them. */
export const AUDIT_QUESTIONS = [
  'modification-outside-change',
  'started-before-approval',
  'approval-voided-by-edit',
  'duties-not-separated',
  'approver-not-entitled',
  'emergency-not-ratified',
  'emergency-not-reviewed',
  'failed-not-reviewed',
  'rights-or-rules-changed',
  'audit-data-read',
] as const
export type AuditQuestion = (typeof AUDIT_QUESTIONS)[number]

/** A verdict on a modification, and the event that gave rise to it: later ones stand beside earlier ones. */
export interface JudgedVerdict {
  verdict: Verdict
  change?: string
  event: string
  position: Position
}

/** One answer to a question. */
export interface AuditFinding {
  /** Of the question and what it is about: the same after a rebuild. */
  id: string
  question: AuditQuestion
  recordType: 'change' | 'configuration-item' | 'person' | 'setting' | 'audit'
  /** Number or name of the record. */
  record: string
  change?: string
  /** When it happened, ISO 8601; and the position of what told it first. */
  at: string
  position: Position
  /** Who is behind it, or has two duties. */
  persons: readonly string[]
  /** Ids of the events behind it, in their order. */
  events: readonly string[]
  /** False: put right since. It stays a finding. */
  standing: boolean
  verdicts?: readonly JudgedVerdict[]
  /** Of what is told: fields, rules broken, roles, versions. */
  details: readonly string[]
  /** What was said of it last, and by whom. */
  disposition?: Disposition
  reviewer?: string
  comment?: string
}

export const FINDINGS = 'audit_findings'
const CHANGES = 'audit_changes'
const ITEMS = 'audit_items'
const MODIFICATIONS = 'audit_modifications'
const APPROVALS = 'audit_approvals'
const ANSWERERS = 'audit_answerers'
const CLASSES = 'audit_classes'

interface ItemKnown {
  class: string
  /** Findings about modifications of it that name no change, the latest {@link MOST_KEPT}: one may be linked late. */
  unlinked: readonly string[]
}
interface ModificationKnown extends Modification {
  verdicts: readonly JudgedVerdict[]
}
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

type Audited = AuditEvent | ChangeEvent | CiEvent | ApprovalEvent | PersonEvent | SettingsEvent

/** Which rules decide who may allow what: to change them is an auditor's question of its own. */
const RULES: ReadonlySet<string> = new Set(
  [
    'approval-policies',
    'change',
    'change-risk',
    'priority-matrix',
    'maintenance-windows',
    'blackout-windows',
  ].map((name) => `settings-${name}`),
)
const CLASSES_STREAM = 'settings-ci-classes'

const inside = { columns: {}, indexes: [], ...wholeFor(['auditor', 'administrator']) }

/** What auditors ask, answered as events come; nothing is taken back, what was put right says so. */
export const auditFindings = defineView<Audited>({
  name: 'audit_findings',
  version: 1,
  from: ['change-', 'ci-', 'approval-', 'person-', 'settings-', 'finding-', 'auditread-'],
  collections: {
    [FINDINGS]: {
      columns: {
        question: 'string',
        recordType: 'string',
        record: 'string',
        change: 'string',
        at: 'timestamp',
        persons: 'strings',
        standing: 'boolean',
        disposition: 'string',
      },
      indexes: [['at'], ['question', 'at'], ['change', 'at'], ['record', 'at']],
      checked: ['recordType', 'standing', 'disposition'],
      ...wholeFor(['auditor', 'administrator']),
    },
    [CHANGES]: inside,
    [ITEMS]: inside,
    [MODIFICATIONS]: inside,
    [APPROVALS]: inside,
    [ANSWERERS]: inside,
    [CLASSES]: inside,
  },
  reads(event) {
    const { stream } = event
    if (isChange(stream)) return [{ collection: CHANGES, id: stream.slice('change-'.length) }]
    if (isCi(stream)) {
      const change = 'change' in event.data ? event.data.change : undefined
      const named = typeof change === 'string' ? [{ collection: CHANGES, id: change }] : []
      return [{ collection: ITEMS, id: stream }, CLASSES_DOCUMENT, ...named]
    }
    if (stream.startsWith('approval-')) return [{ collection: APPROVALS, id: stream }]
    if (stream.startsWith('finding-')) return [{ collection: FINDINGS, id: stream.slice('finding-'.length) }]
    return stream.startsWith('person-') ? [{ collection: ANSWERERS, id: stream }] : []
  },
  fold(event, view) {
    const findings = new Findings(view, event)
    if (isChange(event.stream)) findings.ofChange(event as RecordedEvent<ChangeEvent>)
    else if (isCi(event.stream)) findings.ofItem(event as RecordedEvent<CiEvent>)
    else if (event.stream.startsWith('approval-')) findings.ofApproval(event as RecordedEvent<ApprovalEvent>)
    else if (event.stream.startsWith('person-')) findings.ofPerson(event as RecordedEvent<PersonEvent>)
    else if (event.type === 'FindingDisposed') findings.disposed(event as RecordedEvent<FindingDisposed>)
    else if (event.type === 'AuditDataRead') findings.read(event as RecordedEvent<AuditDataRead>)
    else findings.ofSettings(event as RecordedEvent<SettingsEvent>)
  },
})

const CLASSES_DOCUMENT = { collection: CLASSES, id: 'in-force' }
/** Numbers have no dash: what else begins alike is another kind of record. */
const isChange = (stream: string) => /^change-[^-]+$/.test(stream)
const isCi = (stream: string) => /^ci-[^-]+$/.test(stream)

/** What one event adds to the findings. */
class Findings {
  constructor(
    private readonly view: ViewTransaction,
    private readonly event: RecordedEvent,
  ) {}

  ofChange(event: RecordedEvent<ChangeEvent>): void {
    const number = event.stream.slice('change-'.length)
    const before = this.view.get<ChangeKnown>(CHANGES, number) ?? UNKNOWN_CHANGE
    const known = afterEvent(before, event)
    if (known !== before) this.view.put(CHANGES, number, known)
    // A source tells neither of approval nor of outcome: nothing can be asked of it
    if (known.type === 'configuration-commit') return
    this.#lifecycle(number, known, event)
    if (known === before) return
    this.#duties(number, known)
    for (const id of known.modifications) this.#judge(id, known)
    if (event.type === 'ChangeLinked') this.#linkedLate(number, known, event.data.link)
  }

  #lifecycle(change: string, known: ChangeKnown, { type, data }: RecordedEvent<ChangeEvent>): void {
    const emergency = known.type === 'emergency'
    if (type === 'ImplementedBeforeApproval') {
      this.#found('started-before-approval', change, { persons: [data.implementer] })
      this.#found('emergency-not-ratified', change, { details: [`by ${data.ratifyBy}`] })
    } else if (type === 'ChangeStateObserved' && data.to === 'Implement' && !known.approved) {
      this.#found('started-before-approval', change)
      if (emergency) this.#found('emergency-not-ratified', change)
    } else if (type === 'ChangeApprovalVoided') {
      this.#found('approval-voided-by-edit', change, { details: data.fields, key: `${data.round}` })
    } else if (type === 'ChangeRatified') this.#putRight('emergency-not-ratified', change)
    else if (type === 'ChangeReviewed') {
      this.#putRight('failed-not-reviewed', change)
      this.#putRight('emergency-not-reviewed', change)
    }
    const ended =
      type === 'ImplementationEnded' || (type === 'ChangeStateObserved' && known.endedAt !== undefined)
    if (!ended || known.reviewed) return
    if (known.outcome === 'failed' || known.outcome === 'backed out')
      this.#found('failed-not-reviewed', change, { details: [known.outcome] })
    if (emergency) this.#found('emergency-not-reviewed', change)
  }

  /** Two of the three duties in one hand. */
  #duties(change: string, { requester, approvers, implementer }: ChangeKnown): void {
    const both = [
      requester !== undefined && approvers.includes(requester) && ['requester-approves', requester],
      implementer !== undefined && implementer === requester && ['requester-implements', requester],
      implementer !== undefined && approvers.includes(implementer) && ['approver-implements', implementer],
    ].filter((one) => one !== false) as [rule: string, person: string][]
    if (both.length === 0) return
    const details = both.map(([rule]) => rule)
    const known = this.#known(`duties-not-separated/${change}`)
    if (known?.details.length === details.length) return
    this.#found('duties-not-separated', change, {
      details,
      persons: [...new Set(both.map(([, person]) => person))],
    })
  }

  ofItem(event: RecordedEvent<CiEvent>): void {
    const { stream, type, data } = event
    if (type === 'CiRegistered' || type === 'CiReclassified') {
      const known = this.view.get<ItemKnown>(ITEMS, stream) ?? { class: '', unlinked: [] }
      const ofClass = type === 'CiRegistered' ? data.class : data.after
      this.view.put(ITEMS, stream, { ...known, class: ofClass } satisfies ItemKnown)
    } else if (type === 'CiChanged') {
      const after = Object.entries(data.changes).map(([name, change]) => [name, change.after] as const)
      this.#modified(event, data.change, after)
    } else if (type === 'CiCorrected')
      this.#modified(event, data.change, Object.entries(data.attributes ?? {}))
  }

  #modified(
    { stream, id, metadata }: RecordedEvent<CiEvent>,
    change: string | undefined,
    after: readonly (readonly [string, Modification['values'][string]])[],
  ): void {
    const item = this.view.get<ItemKnown>(ITEMS, stream)
    const classes = this.view.get<{ classes: readonly CiClass[] }>(CLASSES, CLASSES_DOCUMENT.id)?.classes
    const controlled = controlledAttributes(classes ?? DEFAULT_CI_CLASSES, item?.class)
    const values = Object.fromEntries(after.filter(([attribute]) => controlled.has(attribute)))
    if (Object.keys(values).length === 0) return
    const known = change === undefined ? undefined : this.view.get<ChangeKnown>(CHANGES, change)
    if (known?.type === 'configuration-commit') return
    const byProgram = metadata.channel === 'policy'
    const ci = stream.slice('ci-'.length)
    const modification = { id, ci, at: metadata.occurredAt, change, byProgram, values, verdicts: [] }
    this.view.put(MODIFICATIONS, id, modification satisfies ModificationKnown)
    if (change !== undefined) {
      const named = known ?? UNKNOWN_CHANGE
      this.view.put(CHANGES, change, { ...named, modifications: [...named.modifications, id] })
    } else if (item !== undefined)
      this.view.put(ITEMS, stream, { ...item, unlinked: [...item.unlinked, id].slice(-MOST_KEPT) })
    this.#judge(id, known)
  }

  /** A verdict that differs from the last one stands beside it. */
  #judge(id: string, change: ChangeKnown | undefined, number?: string): void {
    const modification = this.view.get<ModificationKnown>(MODIFICATIONS, id)
    if (modification === undefined) return
    const verdict = verdictOn(modification, change)
    const last = modification.verdicts.at(-1)
    const judgedBy = number ?? modification.change
    if (last?.verdict === verdict && last.change === judgedBy) return
    const { position } = this.event
    const judged: JudgedVerdict = { verdict, event: this.event.id, position }
    if (judgedBy !== undefined) judged.change = judgedBy
    const verdicts = [...modification.verdicts, judged]
    this.view.put(MODIFICATIONS, id, {
      ...modification,
      change: judgedBy,
      verdicts,
    } satisfies ModificationKnown)
    const standing = verdict !== 'authorised' && verdict !== 'not-assessable'
    const key = `modification-outside-change/${id}`
    const known = this.#known(key)
    if (known === undefined && !standing) return
    this.#put(key, {
      question: 'modification-outside-change',
      recordType: 'configuration-item',
      record: modification.ci,
      change: judgedBy,
      at: modification.at,
      position: known?.position ?? position,
      persons: known?.persons ?? [this.event.metadata.actor],
      events: [...new Set([id, ...verdicts.map(({ event }) => event)])],
      standing,
      verdicts,
      details: Object.keys(modification.values).sort(),
    })
  }

  /** What was done to an item without a change is judged by the one that is linked to it afterwards. */
  #linkedLate(number: string, known: ChangeKnown, link: { targetType: string; target: string }): void {
    if (link.targetType !== 'configuration-item') return
    const stream = `ci-${link.target}`
    const item = this.view.get<ItemKnown>(ITEMS, stream)
    if (item === undefined || item.unlinked.length === 0) return
    for (const id of item.unlinked) this.#judge(id, known, number)
    this.view.put(ITEMS, stream, { ...item, unlinked: [] } satisfies ItemKnown)
    const modifications = [...known.modifications, ...item.unlinked]
    this.view.put(CHANGES, number, { ...known, modifications } satisfies ChangeKnown)
  }

  ofApproval(event: RecordedEvent<ApprovalEvent>): void {
    if (event.type === 'ApprovalRequested')
      this.view.put(APPROVALS, event.stream, { change: event.data.subject.number } satisfies ApprovalKnown)
    else if (event.type === 'ApprovalGranted' || event.type === 'ApprovalRejected') this.#answered(event)
  }

  #answered({ stream, id, data, metadata }: RecordedEvent<ApprovalGranted | ApprovalRejected>): void {
    const change = this.view.get<ApprovalKnown>(APPROVALS, stream)?.change
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
    const { answers } = this.view.get<AnswererKnown>(ANSWERERS, answerer) ?? { answers: [] }
    this.view.put(ANSWERERS, answerer, {
      answers: [...answers, answer].slice(-MOST_KEPT),
    } satisfies AnswererKnown)
  }

  /** What is recorded of rights now may be of a time before somebody answered. */
  ofPerson(event: RecordedEvent<PersonEvent>): void {
    const { type, stream, data, metadata } = event
    const person = stream.slice('person-'.length)
    if (type === 'RoleGranted' || type === 'RoleRevoked')
      this.#rulesChanged('person', person, [type === 'RoleGranted' ? 'granted' : 'revoked', data.role])
    if (type !== 'RoleRevoked' && type !== 'PersonDeactivated') return
    const known = this.view.get<AnswererKnown>(ANSWERERS, stream)
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
    if (touched) this.view.put(ANSWERERS, stream, { answers } satisfies AnswererKnown)
  }

  #notEntitled(person: string, { change, approval, event }: AnswererKnown['answers'][number]): void {
    const events = [...new Set([event, this.event.id])]
    this.#found('approver-not-entitled', change, {
      persons: [person],
      key: event,
      events,
      details: [approval],
    })
  }

  ofSettings({ stream, data }: RecordedEvent<SettingsEvent>): void {
    if (stream === CLASSES_STREAM)
      this.view.put(CLASSES, CLASSES_DOCUMENT.id, { classes: (data as CiClassesPublished['data']).classes })
    if (RULES.has(stream))
      this.#rulesChanged('setting', stream.slice('settings-'.length), [
        `version ${(data as { version: number }).version}`,
      ])
  }

  /** What a reviewer said last stands; what was said before is in the log. */
  disposed({ stream, data, metadata }: RecordedEvent<FindingDisposed>): void {
    const id = stream.slice('finding-'.length)
    const known = this.view.get<AuditFinding>(FINDINGS, id)
    if (known === undefined) return
    const { disposition, comment } = data
    const events = [...known.events, this.event.id]
    this.view.put(FINDINGS, id, { ...known, disposition, comment, reviewer: metadata.actor, events })
  }

  read({ id, data, metadata }: RecordedEvent<AuditDataRead>): void {
    const { what, query, rows, form } = data
    this.#put(`audit-data-read/${id}`, {
      ...this.#now('audit-data-read'),
      recordType: 'audit',
      record: what,
      persons: [metadata.actor],
      details: [form, `${rows} rows`, ...(query === '' ? [] : [query])],
    })
  }

  #rulesChanged(recordType: 'person' | 'setting', record: string, details: readonly string[]): void {
    const { id, metadata } = this.event
    this.#put(`rights-or-rules-changed/${id}`, {
      ...this.#now('rights-or-rules-changed'),
      recordType,
      record,
      persons: [metadata.actor],
      details,
    })
  }

  #found(
    question: AuditQuestion,
    change: string,
    more: {
      persons?: readonly string[]
      details?: readonly string[]
      events?: readonly string[]
      key?: string
    } = {},
  ): void {
    const { key, ...fields } = more
    const id = [question, change, ...(key === undefined ? [] : [key])].join('/')
    const known = this.#known(id)
    const events = known ? [...known.events, this.event.id] : [this.event.id]
    this.#put(id, {
      ...(known ?? this.#now(question)),
      record: change,
      change,
      events,
      standing: true,
      ...fields,
    })
  }

  #putRight(question: AuditQuestion, change: string): void {
    const id = `${question}/${change}`
    const known = this.#known(id)
    if (known?.standing)
      this.#put(id, { ...known, standing: false, events: [...known.events, this.event.id] })
  }

  #now(question: AuditQuestion): Omit<AuditFinding, 'id'> {
    const { id, position, metadata } = this.event
    const { occurredAt: at, actor } = metadata
    const of = { recordType: 'change', record: '', standing: true } as const
    return { question, ...of, at, position, persons: [actor], events: [id], details: [] }
  }

  #known(key: string): AuditFinding | undefined {
    return this.view.get<AuditFinding>(FINDINGS, findingId(key))
  }

  #put(key: string, finding: Omit<AuditFinding, 'id'>): void {
    const id = findingId(key)
    this.view.put(FINDINGS, id, { ...finding, id } satisfies AuditFinding)
  }
}

function findingId(key: string): string {
  return derivedId('finding', key)
}
