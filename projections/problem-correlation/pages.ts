import type { ViewTransaction } from '#libs/projections-runtime'
import type { Fingerprint } from './fingerprints.js'
import { firstVersion, type Versions, versionAt } from './versions.js'

/**
 * Fingerprints of incidents, in all their versions, by their ordinal: how many had been entered before. Those that are entered one after
 * another stand on one page, so that few documents are written and, since what is alike is often near in time, few are read.
 */
export const PAGES = 'correlation_pages'

const PER_PAGE = 16

interface Page {
  /** In the order of ordinals. */
  incidents: readonly Versions[]
}

const ids: string[] = []

/** Made once: a text of its own for each time that it is looked for would have to be hashed each time. */
function pageOf(ordinal: number): string {
  const page = Math.floor(ordinal / PER_PAGE)
  let id = ids[page]
  if (id === undefined) {
    id = String(page)
    ids[page] = id
  }
  return id
}

/** @param ordinal the next one */
export function addVersions(view: ViewTransaction, ordinal: number, versions: Versions): void {
  const before = ordinal % PER_PAGE === 0 ? [] : incidentsOn(view, pageOf(ordinal))
  view.put(PAGES, pageOf(ordinal), { incidents: [...before, versions] } satisfies Page)
}

/** @param ordinal of one that stands there */
export function changeVersions(
  view: ViewTransaction,
  ordinal: number,
  change: (versions: Versions) => Versions,
): void {
  const incidents = incidentsOn(view, pageOf(ordinal))
  const versions = incidents[ordinal % PER_PAGE] as Versions
  const next = change(versions)
  if (next === versions) return
  view.put(PAGES, pageOf(ordinal), { incidents: incidents.with(ordinal % PER_PAGE, next) } satisfies Page)
}

export function versionsOf(view: ViewTransaction, ordinal: number): Versions {
  return incidentsOn(view, pageOf(ordinal))[ordinal % PER_PAGE] as Versions
}

function incidentsOn(view: ViewTransaction, page: string): readonly Versions[] {
  return view.get<Page>(PAGES, page)?.incidents ?? []
}

/** Ids of the pages on which they stand, each once. */
export function pagesOf(ordinals: readonly number[]): readonly string[] {
  return [...new Set(ordinals.map(pageOf))]
}

/** Stands for one that takes part in nothing. */
export const NO_FINGERPRINT: Fingerprint = ''

/** Of each of them, in their order, as it was at a time (milliseconds since 1970): of later ones, as they were opened. */
export function fingerprintsOf(
  pages: Pages,
  ordinals: readonly number[],
  at = Number.POSITIVE_INFINITY,
): readonly Fingerprint[] {
  return ofEach(pages, ordinals, (versions) => versionAt(versions, at))
}

/** Of each of them, in their order, as it was opened. */
export function firstFingerprintsOf(pages: Pages, ordinals: readonly number[]): readonly Fingerprint[] {
  return ofEach(pages, ordinals, firstVersion)
}

/** Where pages are read. */
type Pages = Pick<ViewTransaction, 'getMany'>

function ofEach(
  pages: Pages,
  ordinals: readonly number[],
  pick: (versions: Versions) => Fingerprint | undefined,
): readonly Fingerprint[] {
  const found = pages.getMany<Page>(PAGES, ordinals.map(pageOf))
  return ordinals.map((ordinal, i) => {
    const versions = found[i]?.incidents[ordinal % PER_PAGE]
    return (versions === undefined ? undefined : pick(versions)) ?? NO_FINGERPRINT
  })
}
