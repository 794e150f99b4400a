import type { DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import type { ViewTransaction } from '#libs/projections-runtime'
import { type Fingerprint, numberIn } from './fingerprints.js'
import { type CorrelatedIncident, type CorrelationSettings, INCIDENTS } from './linking.js'
import { backgroundOf, listedWith } from './lists.js'
import { fingerprintsOf, NO_FINGERPRINT } from './pages.js'
import { type CorrelationEvent, problemCorrelationBy } from './problem-correlation.js'
import type { ScenarioEvent } from './scenario.fixture.js'
import { Comparer, mostAlike, type Parameters } from './similarity.js'
import { everyKeyOf, NOT_IN_IDS, type Traits } from './traits.js'

/** The view in memory. */
export class FoldedView {
  readonly #documents = new Map<string, Map<string, object>>()
  readonly #view
  #position = 0

  constructor(private readonly settings: CorrelationSettings) {
    this.#view = problemCorrelationBy(settings)
  }

  /** A document of the view. */
  readonly get = <Document extends object>(collection: string, id: string): Document | undefined =>
    this.#documents.get(collection)?.get(id) as Document | undefined

  readonly getMany = <Document extends object>(collection: string, ids: readonly string[]) =>
    ids.map((id) => this.get<Document>(collection, id))

  documents<Document extends object>(collection: string): readonly Document[] {
    return [...(this.#documents.get(collection)?.values() ?? [])] as Document[]
  }

  /** Each document of all collections under its name. */
  get all(): Readonly<Record<string, object>> {
    const named = [...this.#documents].flatMap(([collection, documents]) =>
      [...documents].map(([id, document]) => [`${collection}/${id}`, document] as const),
    )
    return Object.fromEntries(named)
  }

  incident(number: string): CorrelatedIncident | undefined {
    return this.get<CorrelatedIncident>(INCIDENTS, number)
  }

  /** Everybody that stands in a list with it. */
  listedWith(asked: Traits): readonly Fingerprint[] {
    const listed = fingerprintsOf(this, listedWith(this.get, everyKeyOf(asked)))
    return listed.filter((other) => other !== NO_FINGERPRINT && numberIn(other) !== asked.number)
  }

  /** Numbers of these, the most alike first. */
  ranked(
    asked: Traits,
    others: readonly Fingerprint[],
    by: Parameters = this.settings.parameters,
  ): readonly string[] {
    const comparer = new Comparer(asked, backgroundOf(this.get), by)
    return mostAlike(others, comparer).map(({ number }) => number)
  }

  foldAll(events: readonly ScenarioEvent[]): this {
    for (const { stream, event, at } of events) this.fold(stream, event, at)
    return this
  }

  fold(stream: string, event: DomainEvent, at: number, commandId = `${stream} ${at}`): void {
    this.#view.fold(this.#recorded({ stream, event, at }, commandId), this.#transaction)
  }

  /** The first of these alone, while the others are ahead in its batch. */
  foldFirst([first, ...others]: readonly [ScenarioEvent, ...ScenarioEvent[]], commandId: string): void {
    const recorded = this.#recorded(first, commandId)
    const following = others.map((other) => this.#recorded(other, commandId))
    this.#view.fold(recorded, { ...this.#transaction, ahead: (distance) => following[distance - 1] })
  }

  #recorded({ stream, event, at }: ScenarioEvent, commandId: string): RecordedEvent<CorrelationEvent> {
    this.#position++
    const position = String(this.#position).padStart(20, '0')
    const metadata = { actor: 'ann', commandId, occurredAt: new Date(at).toISOString() }
    return { ...event, stream, position, metadata } as RecordedEvent<CorrelationEvent>
  }

  readonly #transaction: ViewTransaction = {
    get: this.get,
    getMany: this.getMany,
    want: () => undefined,
    put: (collection, id, document) => {
      if (id.search(NOT_IN_IDS) >= 0)
        throw new TypeError(`${collection}: no store keeps ${JSON.stringify(id)} as it is`)
      this.#collection(collection).set(id, document)
    },
    delete: (collection, id) => this.#collection(collection).delete(id),
    ahead: () => undefined,
  }

  #collection(name: string): Map<string, object> {
    let documents = this.#documents.get(name)
    if (documents === undefined) {
      documents = new Map()
      this.#documents.set(name, documents)
    }
    return documents
  }
}
