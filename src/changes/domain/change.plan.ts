import { canonicalHash, canonicalJson } from '#libs/event-sourcing'
import type { Plan, PlanChanges, PlanDocument } from './change.events.js'
import type { ChangeType } from './defaults.js'

/** Every field of a plan that an approval may be bound to. */
export const PLAN_FIELDS = [
  'type',
  'title',
  'description',
  'implementation',
  'backout',
  'test',
  'window',
  'affectedCis',
  'proposedValues',
] as const satisfies readonly (keyof Plan | 'type')[]
export type PlanField = (typeof PLAN_FIELDS)[number]

/** A plan with the path that it takes. */
export interface TypedPlan extends Plan {
  readonly type: ChangeType | 'configuration-commit'
}

/** Only these fields; one that is not set says so, so that setting it later makes another document. */
export function materialOf(plan: TypedPlan, fields: readonly string[]): Readonly<Record<string, unknown>> {
  const all = plan as unknown as Record<string, unknown>
  return Object.fromEntries(fields.map((field) => [field, all[field] ?? null]))
}

/** What an approval is bound to. */
export interface Bond {
  readonly document: PlanDocument
  /** SHA-256 (hex) of its canonical JSON (RFC 8785). */
  readonly hash: string
  readonly materialFields: readonly string[]
}

/** Whether the approval would be about this plan, too: the same document, were it made of this one. */
export function isBoundTo({ document, hash, materialFields }: Bond, plan: TypedPlan): boolean {
  return canonicalHash({ ...document, plan: materialOf(plan, materialFields) }) === hash
}

/** Which of these fields differ, with before and after. */
export function differences(before: TypedPlan, after: TypedPlan): PlanChanges {
  const changes: Record<string, { from: unknown; to: unknown }> = {}
  for (const field of PLAN_FIELDS) {
    const [from, to] = [before[field] ?? null, after[field] ?? null]
    if (canonicalJson(from) !== canonicalJson(to)) changes[field] = { from, to }
  }
  return changes as PlanChanges
}

/** The plan after these changes. */
export function withChanges(plan: TypedPlan, changes: PlanChanges): TypedPlan {
  const after: Record<string, unknown> = { ...plan }
  for (const [field, change] of Object.entries(changes)) {
    if (change === undefined) continue
    if (change.to === null) delete after[field]
    else after[field] = change.to
  }
  return after as unknown as TypedPlan
}
