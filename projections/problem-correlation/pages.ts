import type { ViewTransaction } from '#libs/projections-runtime'
import type { Fingerprint } from './fingerprints.js'
import type { Lookup } from './lists.js'

/**
 * Fingerprints of incidents by their ordinal: how many had been entered before. Those that are entered one after another stand on one
 * page, so that few documents are written and, since what is alike is often near in time, few are read.
 */
export const PAGES = 'correlation_pages'

const PER_PAGE = 64

interface Page {
  /** In the order of ordinals. */
  incidents: readonly Fingerprint[]
}

/** In place of the fingerprint of an incident that takes part no longer. */
export const COMPARED_NO_MORE: Fingerprint = ''

const pageNumber = (ordinal: number): number => Math.floor(ordinal / PER_PAGE)
const pageOf = (ordinal: number): string => idOf(pageNumber(ordinal))

const ids: string[] = []

/** Made once: a text of its own for each time that it is looked for would have to be hashed each time. */
function idOf(page: number): string {
  let id = ids[page]
  if (id === undefined) {
    id = String(page)
    ids[page] = id
  }
  return id
}

/** @param ordinal the next one */
export function addFingerprint(view: ViewTransaction, ordinal: number, fingerprint: Fingerprint): void {
  const before = ordinal % PER_PAGE === 0 ? [] : incidentsOn(view, pageOf(ordinal))
  view.put(PAGES, pageOf(ordinal), { incidents: [...before, fingerprint] } satisfies Page)
}

/** @param ordinal of one that stands there */
export function putFingerprint(view: ViewTransaction, ordinal: number, fingerprint: Fingerprint): void {
  const incidents = incidentsOn(view, pageOf(ordinal)).with(ordinal % PER_PAGE, fingerprint)
  view.put(PAGES, pageOf(ordinal), { incidents } satisfies Page)
}

function incidentsOn(view: { get: Lookup }, page: string): readonly Fingerprint[] {
  return view.get<Page>(PAGES, page)?.incidents ?? []
}

/** Ids of the pages on which they stand. */
export function pagesOf(ordinals: readonly number[]): readonly string[] {
  return [...new Set(ordinals.map(pageNumber))].map(idOf)
}

/** Of each of them, in their order. */
export function fingerprintsOf(view: { get: Lookup }, ordinals: readonly number[]): readonly Fingerprint[] {
  const pages = new Map<number, readonly Fingerprint[]>()
  const found: Fingerprint[] = []
  for (const ordinal of ordinals) {
    const number = pageNumber(ordinal)
    let page = pages.get(number)
    if (page === undefined) {
      page = incidentsOn(view, idOf(number))
      pages.set(number, page)
    }
    found.push(page[ordinal % PER_PAGE] ?? COMPARED_NO_MORE)
  }
  return found
}
