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
import { afterEvent, type ChangeKnown, UNKNOWN_CHANGE } from '../../src/audit/domain/audited-change.js'
import {
  controlledAttributes,
  isUnauthorised,
  type Modification,
  type Verdict,
  verdictOn,
} from '../../src/audit/domain/verdicts.js'
import type { ChangeEvent, ChangeLink } from '../../src/changes/domain/change.events.js'
import type { CiEvent } from '../../src/configuration/domain/configuration.events.js'
import type { GroupEvent, PersonEvent, RoleRevoked } from '../../src/directory/domain/directory.events.js'
import { DEFAULT_CI_CLASSES } from '../../src/settings/domain/ci-defaults.js'
import type { CiClass, CiClassesPublished, SettingsEvent } from '../../src/settings/domain/settings.events.js'
import { wholeFor } from '../access.js'

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
  recordType: 'change' | 'configuration-item' | 'person' | 'group' | 'setting' | 'audit'
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
/** What is known of each change, by its number: {@link ChangeKnown}. */
export const AUDITED_CHANGES = 'audit_changes'
const ITEMS = 'audit_items'
const MODIFICATIONS = 'audit_modifications'
const APPROVALS = 'audit_approvals'
const ANSWERERS = 'audit_answerers'
const CLASSES = 'audit_classes'

interface ItemKnown {
  class: string
  /** Modifications of it that name no change, the latest {@link MOST_KEPT}, until one that is linked late allows them. */
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
/** Of items that name a change. */
export const MOST_ITEMS = 2_000

type Audited = AuditEvent | GroupEvent | ChangeEvent | CiEvent | ApprovalEvent | PersonEvent | SettingsEvent

/** Which rules decide who may allow what: to change them is an auditor's question of its own. */
const RULES: ReadonlySet<string> = new Set(
  [
    'approval-policies',
    'ci-classes',
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
  version: 2,
  from: ['change-', 'ci-', 'approval-', 'person-', 'group-', 'settings-', 'finding-', 'auditread-'],
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
    [AUDITED_CHANGES]: inside,
    [ITEMS]: inside,
    [MODIFICATIONS]: inside,
    [APPROVALS]: inside,
    [ANSWERERS]: inside,
    [CLASSES]: inside,
  },
  reads(event) {
    const { stream } = event
    if (isChange(stream)) return [{ collection: AUDITED_CHANGES, id: stream.slice('change-'.length) }]
    if (isCi(stream)) {
      const change = 'change' in event.data ? event.data.change : undefined
      const named = typeof change === 'string' ? [{ collection: AUDITED_CHANGES, id: change }] : []
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
    else if (event.stream.startsWith('group-')) findings.ofGroup(event as RecordedEvent<GroupEvent>)
    else if (event.type === 'FindingDisposed') findings.disposed(event as RecordedEvent<FindingDisposed>)
    else if (event.type === 'AuditDataRead') findings.read(event as RecordedEvent<AuditDataRead>)
    else findings.ofSettings(event as RecordedEvent<SettingsEvent>)
  },
})

const CLASSES_DOCUMENT = { collection: CLASSES, id: 'in-force' }
const isChange = (stream: string) => stream.startsWith('change-')
const isCi = (stream: string) => stream.startsWith('ci-')

/** What one event adds to the findings. */
class Findings {
  constructor(
    private readonly view: ViewTransaction,
    private readonly event: RecordedEvent,
  ) {}

  ofChange(event: RecordedEvent<ChangeEvent>): void {
    const number = event.stream.slice('change-'.length)
    const before = this.view.get<ChangeKnown>(AUDITED_CHANGES, number) ?? UNKNOWN_CHANGE
    const known = afterEvent(before, event)
    if (known !== before) this.view.put(AUDITED_CHANGES, number, known)
    // A source tells neither of approval nor of outcome: nothing can be asked of it
    if (known.type === 'configuration-commit') return
    if (event.type === 'ChangeLinked') this.#linkedLate(number, known, event.data.link)
    if (event.type === 'ChangeUnlinked') this.#unlinked(number, known, event.data.link)
    this.#lifecycle(number, known, event)
    if (known === before) return
    this.#duties(number, known)
    if (movesVerdicts(before, known)) for (const id of known.modifications) this.#judge(id, known, number)
  }

  #lifecycle(change: string, known: ChangeKnown, { type, data }: RecordedEvent<ChangeEvent>): void {
    const emergency = known.type === 'emergency'
    if (type === 'ImplementedBeforeApproval') {
      this.#found('started-before-approval', change, { persons: [data.implementer] })
      this.#found('emergency-not-ratified', change, { details: [`by ${data.ratifyBy}`] })
    } else if (type === 'ChangeStateObserved' && data.to === 'Implement' && !known.approved) {
      this.#found('started-before-approval', change)
      if (emergency) this.#found('emergency-not-ratified', change)
    } else if (type === 'ChangeApprovalVoided' && data.from === 'Scheduled') {
      this.#found('approval-voided-by-edit', change, { details: data.fields, key: `${data.round}` })
    } else if (type === 'ChangeRatified')
      this.#putRight('emergency-not-ratified', change, data.late ? ['ratified late'] : [])
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
  #duties(change: string, { requester, involved, approvers, implementer }: ChangeKnown): void {
    const asking = requester === undefined ? involved : [requester, ...involved]
    const approving = asking.find((person) => approvers.includes(person))
    const both = [
      approving !== undefined && ['requester-approves', approving],
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
    this.#names(stream.slice('ci-'.length), data)
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

  /** Of a commit of a source, which may touch the whole estate, no list is kept. */
  #names(item: string, data: object): void {
    const number = 'change' in data ? data.change : undefined
    if (typeof number !== 'string') return
    const known = this.view.get<ChangeKnown>(AUDITED_CHANGES, number) ?? UNKNOWN_CHANGE
    if (known.type === 'configuration-commit' || known.items.includes(item)) return
    if (known.items.length > MOST_ITEMS) return
    this.view.put(AUDITED_CHANGES, number, { ...known, items: [...known.items, item] } satisfies ChangeKnown)
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
    const known = change === undefined ? undefined : this.view.get<ChangeKnown>(AUDITED_CHANGES, change)
    if (known?.type === 'configuration-commit') return
    const modification = {
      id,
      ci: stream.slice('ci-'.length),
      at: metadata.occurredAt,
      actor: metadata.actor,
      change,
      byProgram: metadata.channel === 'policy',
      values,
      verdicts: [],
    }
    this.view.put(MODIFICATIONS, id, modification satisfies ModificationKnown)
    if (change !== undefined) {
      const named = known ?? UNKNOWN_CHANGE
      this.view.put(AUDITED_CHANGES, change, {
        ...named,
        modifications: latest([...named.modifications, id]),
      })
    } else if (item !== undefined)
      this.view.put(ITEMS, stream, { ...item, unlinked: latest([...item.unlinked, id]) })
    this.#judge(id, known, change)
  }

  /**
   * A verdict that differs from the last one stands beside it. What one change authorises no other one takes back.
   * @param number of the change that it is judged by
   */
  #judge(id: string, change: ChangeKnown | undefined, number: string | undefined): Verdict | undefined {
    const modification = this.view.get<ModificationKnown>(MODIFICATIONS, id)
    if (modification === undefined) return undefined
    const last = modification.verdicts.at(-1)
    if (last?.verdict === 'authorised' && number !== undefined && last.change !== number) return undefined
    const verdict = verdictOn(modification, change)
    if (last?.verdict === verdict && last.change === number) return verdict
    const judged: JudgedVerdict = { verdict, event: this.event.id, position: this.event.position }
    if (number !== undefined) judged.change = number
    const known = { ...modification, verdicts: [...modification.verdicts, judged] }
    this.view.put(MODIFICATIONS, id, known satisfies ModificationKnown)
    this.#tell(known, judged)
    return verdict
  }

  #tell(
    { id, ci, at, actor, values, verdicts }: ModificationKnown,
    { verdict, change }: JudgedVerdict,
  ): void {
    const standing = isUnauthorised(verdict)
    const key = `modification-outside-change/${id}`
    const known = this.#known(key)
    if (known === undefined && !standing) return
    const events = [...(known?.events ?? []), id, ...verdicts.map(({ event }) => event)]
    this.#put(key, {
      ...(known ?? this.#now('modification-outside-change')),
      recordType: 'configuration-item',
      record: ci,
      change,
      at,
      persons: [actor],
      events: [...new Set(events)],
      standing,
      verdicts,
      details: Object.keys(values).sort(),
    })
  }

  /** What was done to an item without a change is judged by each that is linked to it afterwards, until one allows it. */
  #linkedLate(number: string, change: ChangeKnown, { targetType, target }: ChangeLink): void {
    const item = this.#itemOf(targetType, target)
    if (item === undefined || item.unlinked.length === 0) return
    const allowed = item.unlinked.filter((id) => this.#judge(id, change, number) === 'authorised')
    const modifications = latest([...new Set([...change.modifications, ...item.unlinked])])
    this.view.put(AUDITED_CHANGES, number, { ...change, modifications } satisfies ChangeKnown)
    const unlinked = item.unlinked.filter((id) => !allowed.includes(id))
    this.view.put(ITEMS, `ci-${target}`, { ...item, unlinked } satisfies ItemKnown)
  }

  /** What was judged by it because of the link has no change again. */
  #unlinked(number: string, change: ChangeKnown, { targetType, target }: ChangeLink): void {
    const item = this.#itemOf(targetType, target)
    if (item === undefined) return
    const freed = change.modifications.filter((id) => {
      const modification = this.view.get<ModificationKnown>(MODIFICATIONS, id)
      return modification?.ci === target && modification.change === undefined
    })
    for (const id of freed) this.#judge(id, undefined, undefined)
    const modifications = change.modifications.filter((id) => !freed.includes(id))
    this.view.put(AUDITED_CHANGES, number, { ...change, modifications } satisfies ChangeKnown)
    const unlinked = latest([...new Set([...item.unlinked, ...freed])])
    this.view.put(ITEMS, `ci-${target}`, { ...item, unlinked } satisfies ItemKnown)
  }

  #itemOf(targetType: string, ci: string): ItemKnown | undefined {
    return targetType === 'configuration-item' ? this.view.get<ItemKnown>(ITEMS, `ci-${ci}`) : undefined
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
      this.#rulesChanged(
        'person',
        person,
        [type === 'RoleGranted' ? 'granted' : 'revoked', data.role],
        person,
      )
    if (type === 'DelegationGranted') this.#rulesChanged('person', person, ['delegated to', data.to], data.to)
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
    else if (type === 'GroupChanged' && data.manager !== undefined) {
      const { manager } = data
      this.#rulesChanged('group', group, ['manager', manager ?? 'nobody'], manager ?? undefined)
    }
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

  /** @param whom it concerns: neither he nor who did it is to judge it */
  #rulesChanged(
    recordType: 'person' | 'group' | 'setting',
    record: string,
    details: readonly string[],
    whom?: string,
  ): void {
    const { id, metadata } = this.event
    this.#put(`rights-or-rules-changed/${id}`, {
      ...this.#now('rights-or-rules-changed'),
      recordType,
      record,
      persons: [...new Set([metadata.actor, ...(whom === undefined ? [] : [whom])])],
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

  #putRight(question: AuditQuestion, change: string, more: readonly string[] = []): void {
    const id = `${question}/${change}`
    const known = this.#known(id)
    if (!known?.standing) return
    const events = [...known.events, this.event.id]
    this.#put(id, { ...known, standing: false, events, details: [...known.details, ...more] })
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

const latest = (ids: readonly string[]) => ids.slice(-MOST_KEPT)

/** What a verdict depends on; a change that only moves on moves none. */
const DECIDING = [
  'type',
  'approved',
  'ratified',
  'affectedCis',
  'proposedValues',
  'startedAt',
  'endedAt',
] as const satisfies readonly (keyof ChangeKnown)[]
function movesVerdicts(before: ChangeKnown, after: ChangeKnown): boolean {
  return DECIDING.some((field) => before[field] !== after[field])
}

function findingId(key: string): string {
  return derivedId('finding', key)
}
