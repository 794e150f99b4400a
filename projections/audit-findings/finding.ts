import { derivedId, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { ViewTransaction } from '#libs/projections-runtime'
import type { Disposition } from '../../src/audit/domain/audit.events.js'
import type { Verdict } from '../../src/audit/domain/verdicts.js'

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

/** What a finding was like until something was added to it: with it, it can be told as it stood at any position. */
export interface FindingVersions {
  /** In the order of `until`: the position of what changed it. */
  versions: readonly { until: Position; finding: AuditFinding }[]
}

export const FINDINGS = 'audit_findings'
/** By the finding's id, once it was changed: {@link FindingVersions}. */
export const FINDING_VERSIONS = 'audit_finding_versions'

/** What is said of a change besides. */
interface Told {
  /** When it happened, where that was told later: ISO 8601. */
  at?: string
  persons?: readonly string[]
  details?: readonly string[]
  events?: readonly string[]
  /** Tells findings of one question about one change apart. */
  key?: string
}

/** Writes findings, each under an id of what it is about, and keeps what they were like before. */
export class FindingBook {
  constructor(
    readonly view: ViewTransaction,
    readonly event: RecordedEvent,
  ) {}

  /** Finds something in a change. */
  found(question: AuditQuestion, change: string, { key, ...fields }: Told = {}): void {
    const id = [question, change, ...(key === undefined ? [] : [key])].join('/')
    const known = this.known(id)
    const events = known ? [...known.events, this.event.id] : [this.event.id]
    this.put(id, {
      ...(known ?? this.now(question)),
      record: change,
      change,
      events,
      standing: true,
      ...fields,
    })
  }

  /** What was found in a change is as it should be since. */
  putRight(
    question: AuditQuestion,
    change: string,
    { key, details = [] }: Pick<Told, 'key' | 'details'> = {},
  ): void {
    const id = [question, change, ...(key === undefined ? [] : [key])].join('/')
    const known = this.known(id)
    if (!known?.standing) return
    const events = [...known.events, this.event.id]
    this.put(id, { ...known, standing: false, events, details: [...known.details, ...details] })
  }

  /** A finding that this event gives rise to. */
  now(question: AuditQuestion): Omit<AuditFinding, 'id'> {
    const { id, position, metadata } = this.event
    const { occurredAt: at, actor } = metadata
    const of = { recordType: 'change', record: '', standing: true } as const
    return { question, ...of, at, position, persons: [actor], events: [id], details: [] }
  }

  known(key: string): AuditFinding | undefined {
    return this.view.get<AuditFinding>(FINDINGS, findingId(key))
  }

  put(key: string, finding: Omit<AuditFinding, 'id'>): void {
    this.replace({ ...finding, id: findingId(key) })
  }

  replace(finding: AuditFinding): void {
    const { id } = finding
    const before = this.view.get<AuditFinding>(FINDINGS, id)
    if (before !== undefined) this.#keep(before)
    this.view.put(FINDINGS, id, finding)
  }

  #keep(before: AuditFinding): void {
    const { position: until } = this.event
    const { versions } = this.view.get<FindingVersions>(FINDING_VERSIONS, before.id) ?? { versions: [] }
    // What one event does in two steps was never seen in between
    if (before.position === until || versions.at(-1)?.until === until) return
    const kept: FindingVersions = { versions: [...versions, { until, finding: before }] }
    this.view.put(FINDING_VERSIONS, before.id, kept)
  }
}

/** What a finding was like at a position; undefined: nothing had been told of it. */
export function findingAt(
  position: Position,
  finding: AuditFinding,
  { versions }: FindingVersions = { versions: [] },
): AuditFinding | undefined {
  if (finding.position > position) return undefined
  return versions.find(({ until }) => until > position)?.finding ?? finding
}

function findingId(key: string): string {
  return derivedId('finding', key)
}
