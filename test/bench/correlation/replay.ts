import type { DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import type { ViewTransaction } from '#libs/projections-runtime'
import {
  type CorrelatedIncident,
  type CorrelationSettings,
  INCIDENTS,
} from '#projections/problem-correlation/linking'
import {
  type CorrelationEvent,
  problemCorrelationBy,
} from '#projections/problem-correlation/problem-correlation'
import type { IncidentEvent } from '../../../src/incidents/domain/incident.events.js'
import type { Row } from './incident-log.js'

/** The view in memory, fed with the events that rows of the log are, one after another. */
export class Replay {
  readonly #documents = new Map<string, Map<string, object>>()
  readonly #known = new Map<string, Row>()
  readonly #view
  #position = 0

  constructor(settings: CorrelationSettings) {
    this.#view = problemCorrelationBy(settings)
  }

  /** A document of the view. */
  readonly get = <Document extends object>(collection: string, id: string): Document | undefined =>
    this.#documents.get(collection)?.get(id) as Document | undefined

  documents<Document extends object>(collection: string): readonly Document[] {
    return [...(this.#documents.get(collection)?.values() ?? [])] as Document[]
  }

  /** Every incident, with the last row of it. */
  get rows(): ReadonlyMap<string, Row> {
    return this.#known
  }

  incident(number: string): CorrelatedIncident | undefined {
    return this.get<CorrelatedIncident>(INCIDENTS, number)
  }

  add(row: Row): void {
    const before = this.#known.get(row.number)
    this.#known.set(row.number, row)
    for (const event of eventsOf(row, before)) this.fold(`incident-${row.number}`, event, row.at)
  }

  fold(stream: string, event: DomainEvent, at: number, commandId = `${stream} ${at}`): void {
    this.#position++
    const position = String(this.#position).padStart(20, '0')
    const metadata = { commandId, occurredAt: new Date(at).toISOString() }
    this.#view.fold(
      { ...event, stream, position, metadata } as RecordedEvent<CorrelationEvent>,
      this.#transaction,
    )
  }

  readonly #transaction: ViewTransaction = {
    get: this.get,
    put: (collection, id, document) => this.#collection(collection).set(id, document),
    delete: (collection, id) => this.#collection(collection).delete(id),
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

/** What a row says that the one before did not, as an import records it; link and closing columns are not told. */
function eventsOf(row: Row, before: Row | undefined): IncidentEvent[] {
  const { category, subcategory, symptom, location, openedBy, primaryCi, group } = row
  const events: IncidentEvent[] = []
  if (before === undefined) {
    const fields = { title: '', category, subcategory, symptom, location, openedBy, primaryCi }
    const openedAt = new Date(row.openedAt).toISOString()
    events.push({ type: 'IncidentOpened', data: { ...fields, openedAt, audience: { kind: 'public' } } })
  } else {
    const change = <Field extends keyof Row>(field: Field) => ({
      from: (before[field] ?? null) as string | null,
      to: (row[field] ?? null) as string | null,
    })
    const differs = (...fields: (keyof Row)[]) => fields.some((field) => row[field] !== before[field])
    if (differs('category', 'subcategory', 'symptom'))
      events.push({
        type: 'IncidentCategorized',
        data: {
          category: change('category'),
          subcategory: change('subcategory'),
          symptom: change('symptom'),
        },
      })
    if (differs('location', 'openedBy', 'primaryCi'))
      events.push({
        type: 'IncidentDetailsChanged',
        data: {
          changes: {
            location: change('location'),
            openedBy: change('openedBy'),
            primaryCi: change('primaryCi'),
          },
        },
      })
  }
  if (group !== before?.group)
    events.push({
      type: 'AssignedToGroup',
      data: { group: group ?? null, previousGroup: before?.group ?? null, previousPerson: null },
    })
  return events
}
