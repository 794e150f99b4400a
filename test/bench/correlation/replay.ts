import { FoldedView } from '../../../projections/problem-correlation/folded-view.fixture.js'
import type { IncidentEvent } from '../../../src/incidents/domain/incident.events.js'
import type { Row } from './incident-log.js'

/** The view in memory, fed with the events that rows of the log are, one after another. */
export class Replay extends FoldedView {
  readonly #known = new Map<string, Row>()

  /** Every incident, with the last row of it. */
  get rows(): ReadonlyMap<string, Row> {
    return this.#known
  }

  add(row: Row): void {
    const before = this.#known.get(row.number)
    this.#known.set(row.number, row)
    for (const event of eventsOf(row, before)) this.fold(`incident-${row.number}`, event, row.at)
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
