import { type CommandReceipt, FactSource } from '#libs/command-handling'
import {
  type Command,
  type CommandMetadata,
  fact,
  LedgerdeskError,
  laterPosition,
  type Position,
  Unavailable,
} from '#libs/event-sourcing'
import { EventStore } from '#libs/event-store'
import type { RequestContext } from '#libs/platform'
import { identifier } from '#projections/ci-identities/ci-identities'
import { CommandSender } from '../http/command-sender.js'
import { Queries } from '../http/queries.js'
import { matchCis } from './configuration.queries.js'
import { CI_CLASSES, descendants, lineage } from './domain/ci.classes.js'
import { ReconcileCi, RegisterCi } from './domain/ci.commands.js'
import { CI_RECONCILIATION } from './domain/ci.facts.js'
import { bears } from './domain/ci.state.js'
import { ciFold, ciNameDecider, ciNameId } from './domain/ci-name.decider.js'
import type { DiscoveredItem } from './domain/configuration.events.js'
import { RecordDiscoveryRun } from './domain/discovery.decider.js'
import { OpenReconciliationReview, type Review, reviewDecider, reviewId } from './domain/review.decider.js'

/** What a source saw in a run. */
export interface DiscoveryRun {
  source: string
  run: string
  items: readonly DiscoveredItem[]
}

export interface ItemResult {
  outcome: 'registered' | 'reconciled' | 'review' | 'dismissed' | 'refused'
  ci?: string
  review?: string
  code?: string
  detail?: string
  errors?: unknown
}

interface Match {
  readonly candidates: readonly string[]
  readonly rule: readonly string[]
}

/** What becomes of an item. */
type Verdict =
  | { kind: 'register' }
  | { kind: 'reconcile'; ci: string }
  | ({ kind: 'review' } & Match)
  | { kind: 'dismissed' }

/**
 * Takes what a source saw for CIs that are known, or registers it. Which one an item is, the match rules say: one CI is
 * changed, as far as the source is believed; several are a question for a person, and nothing is written to them.
 */
export class Discovery {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
    private readonly store: EventStore,
    private readonly facts: FactSource,
  ) {}

  /** One by one: an item may be the same as one before it. What is refused is told, and the rest goes on. */
  async take(
    told: DiscoveryRun,
    body: object,
    reason: string | undefined,
    context: RequestContext,
  ): Promise<{ results: ItemResult[]; seen: number; position: Position }> {
    let position = await this.store.head()
    const results: ItemResult[] = []
    const send = async (index: number, build: (metadata: CommandMetadata) => Command) => {
      const target = `discovery-${told.source}`
      const wish = {
        target,
        method: 'POST',
        route: '/configuration/discovery',
        params: {},
        body,
        reason,
        index,
      }
      const receipt = await this.sender.send(context, wish, build)
      position = laterPosition(position, receipt.position)
      return receipt
    }
    for (const [index, item] of told.items.entries()) {
      const result = await this.handle(told, item, position, (build) => send(index, build)).catch(refused)
      results.push(result)
    }
    const seen = [...new Set(results.flatMap(({ ci }) => ci ?? []))]
    const { source, run } = told
    await send(told.items.length, (metadata) => new RecordDiscoveryRun(source, { run, seen }, metadata))
    return { results, seen: seen.length, position }
  }

  private async handle(
    { source, run }: DiscoveryRun,
    item: DiscoveredItem,
    position: Position,
    send: (build: (metadata: CommandMetadata) => Command) => Promise<CommandReceipt>,
  ): Promise<ItemResult> {
    const { name, attributes } = item
    const verdict = await this.judge(source, item, position)
    switch (verdict.kind) {
      case 'register': {
        const { id } = await send((metadata) => new RegisterCi(undefined, { ...item, source }, metadata))
        return { outcome: 'registered', ci: id }
      }
      case 'reconcile': {
        const data = { source, run, name, attributes, routine: true }
        await send((metadata) => new ReconcileCi(verdict.ci, data, metadata))
        return { outcome: 'reconciled', ci: verdict.ci }
      }
      case 'review': {
        const review = reviewId(source, item)
        const { candidates, rule } = verdict
        const data = { source, run, item, candidates, rule }
        await send((metadata) => new OpenReconciliationReview(review, data, metadata))
        return { outcome: 'review', review }
      }
      case 'dismissed':
        return { outcome: 'dismissed', review: reviewId(source, item) }
    }
  }

  private async judge(source: string, item: DiscoveredItem, position: Position): Promise<Verdict> {
    const match = await this.match(item, position)
    const [only, another] = match.candidates
    if (only === undefined) return { kind: 'register' }
    if (another === undefined) return { kind: 'reconcile', ci: only }
    const { value } = await this.facts.answer(fact(`reconciliation-${reviewId(source, item)}`, reviewDecider))
    return remembered(value, match)
  }

  /** The first rule that finds anything decides; class and name come last. */
  private async match(item: DiscoveredItem, minPosition: Position): Promise<Match> {
    const { value: classes } = await this.facts.answer(CI_CLASSES)
    const { value } = await this.facts.answer(CI_RECONCILIATION)
    const line = lineage(classes, item.class).map(({ name }) => name)
    for (const { class: ofClass, attributes: rule } of value.reconciliation.matchRules) {
      if (!line.includes(ofClass)) continue
      const wanted = rule.map((name) => [name, name === 'name' ? item.name : item.attributes[name]] as const)
      if (wanted.some(([, said]) => said === undefined)) continue
      const identifiers = wanted.map(([name, said]) => identifier(name, said!))
      const asked = { classes: descendants(classes, ofClass), identifiers, minPosition }
      const candidates = JSON.parse((await this.queries.ask(matchCis, asked)).json) as string[]
      if (candidates.length > 0) return { candidates, rule }
    }
    return { candidates: await this.named(item), rule: ['name'] }
  }

  private async named(item: DiscoveredItem): Promise<readonly string[]> {
    const { value: name } = await this.facts.answer(fact(`ciname-${ciNameId(item)}`, ciNameDecider))
    if (name === null) return []
    const { value: holder } = await this.facts.answer(fact(`ci-${name.ci}`, ciFold))
    return bears(holder, item) ? [name.ci] : []
  }
}

/** What a person decided of these candidates holds; about others she was not asked. */
export function remembered(review: Review, match: Match): Verdict {
  if (review.status !== 'resolved') return { kind: 'review', ...match }
  const { decision, ci, candidates: judged } = review
  const others = match.candidates.filter((candidate) => !judged.includes(candidate))
  if (decision === 'same-as' && ci !== undefined && match.candidates.includes(ci))
    return { kind: 'reconcile', ci }
  if (decision === 'dismissed' && others.length === 0) return { kind: 'dismissed' }
  if (decision !== 'new' || others.length > 1) return { kind: 'review', ...match }
  const [only] = others
  return only === undefined ? { kind: 'register' } : { kind: 'reconcile', ci: only }
}

function refused(error: unknown): ItemResult {
  if (!(error instanceof LedgerdeskError) || error instanceof Unavailable) throw error
  const { code, message: detail, extra } = error
  return { outcome: 'refused', code, detail, ...('errors' in extra && { errors: extra.errors }) }
}
