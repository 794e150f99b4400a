import type { Hold, IncidentState } from './incident.events.js'

/**
 * One source row as the mapping understood it: the whole record after that update (a snapshot, not a difference).
 * `null`: the source says that it is not set. A field left out (`undefined`) has no column in this source and stays as it is.
 */
export interface ObservedIncident {
  /** The record's state after the row; `undefined`: a state of the source that means nothing here, so it stays. */
  state?: IncidentState
  /** States that the record went through before, as far as it had not been there; the row times them all. */
  through?: readonly IncidentState[]
  hold?: Hold
  title?: string
  description?: string | null
  caller?: string | null
  affectedUser?: string | null
  openedBy?: string | null
  /** ISO 8601: when the source says it was opened, which may be before its first row. */
  openedAt?: string
  contactType?: string | null
  service?: string | null
  primaryCi?: string | null
  category?: string | null
  subcategory?: string | null
  symptom?: string | null
  location?: string | null
  vendor?: string | null
  /** 1 is the highest. */
  impact?: number
  urgency?: number
  /** The source's own priority; when the matrix version gives another, it is recorded as an override. */
  priority?: number | null
  assignmentGroup?: string | null
  assignee?: string | null
  /** Whether a knowledge article was used, of sources that do not say which, or not always. */
  knowledgeUsed?: boolean
  /** The article that was used, by its number in the source. */
  knowledgeArticle?: string | null
  /** External references, kept as links to targets that need not exist here. */
  problem?: string | null
  fixedByChange?: string | null
  causedByChange?: string | null
  /** Closing code and resolver; used when the row resolves. */
  resolution?: { code: string | null; notes: string | null; resolvedBy: string | null }
  /** Value of the source's update counter after this row. */
  updateCounter?: number
  /** All custom fields that the source tells; null: not set. Nobody checks whether they are declared. */
  customFields?: Readonly<Record<string, unknown>>
  /** Every column without a home, by the source's name; `null`: not set. */
  fields: Record<string, string | null>
}
