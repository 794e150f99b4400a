import { isDeepStrictEqual } from 'node:util'
import type { DomainEvent, EventMetadata, Position, RecordedEvent } from '#libs/event-sourcing'
import { EventFactory, InMemoryView } from '#libs/testing'
import type { ApprovalEvent } from '../../src/approvals/domain/approval.events.js'
import type { AuditEvent } from '../../src/audit/domain/audit.events.js'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import type { CiEvent } from '../../src/configuration/domain/configuration.events.js'
import type { GroupEvent, PersonEvent } from '../../src/directory/domain/directory.events.js'
import type { SettingsEvent } from '../../src/settings/domain/settings.events.js'
import { auditFindings } from './audit-findings.js'
import { COMMITS } from './change-findings.js'
import { type AuditFinding, FINDING_VERSIONS, FINDINGS, type FindingVersions, findingAt } from './finding.js'

export const CHANGE = 'CHG0000001'
export const CI = 'CI0000001'
export const at = (hour: number, minute = 0) =>
  `2026-03-02T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00.000Z`

export type Told =
  | GroupEvent
  | AuditEvent
  | ChangeEvent
  | CiEvent
  | ApprovalEvent
  | PersonEvent
  | SettingsEvent
type Hints = Partial<EventMetadata>

/** Tells events one after another, and what auditors find in them. */
export class AuditLog {
  readonly #events = new EventFactory()
  /** All findings after each event, by its position. */
  readonly #seen = new Map<Position, readonly AuditFinding[]>()
  readonly #view = new InMemoryView()

  tell<E extends Told>(stream: string, event: E, metadata: Hints = {}): RecordedEvent<E> {
    const recorded = this.#events.in(stream).event(event as DomainEvent, metadata)
    auditFindings.fold(recorded as never, this.#view)
    this.#seen.set(recorded.position, this.findings)
    return recorded as RecordedEvent<E>
  }
  change = (event: ChangeEvent, metadata?: Hints) => this.tell(`change-${CHANGE}`, event, metadata)
  ci = (event: CiEvent, metadata?: Hints) => this.tell(`ci-${CI}`, event, metadata)
  person = (id: string, event: PersonEvent, metadata?: Hints) => this.tell(`person-${id}`, event, metadata)

  get findings(): AuditFinding[] {
    return this.#view.all<AuditFinding>(FINDINGS)
  }
  get commits(): object[] {
    return this.#view.all(COMMITS)
  }
  /** Positions at which findings are told otherwise, looked back from the end, than they were seen then. */
  toldOtherwise(
    versionsOf = (id: string) => this.#view.get<FindingVersions>(FINDING_VERSIONS, id),
  ): Position[] {
    const then = (position: Position) =>
      this.findings.flatMap((finding) => findingAt(position, finding, versionsOf(finding.id)) ?? [])
    return [...this.#seen]
      .filter(([position, seen]) => !isDeepStrictEqual(then(position), seen))
      .map(([position]) => position)
  }
  get questions(): string[] {
    return this.findings.map(({ question, standing }) => `${question}${standing ? '' : ', put right'}`)
  }
}
