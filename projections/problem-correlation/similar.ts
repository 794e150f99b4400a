import type { Reading } from '#libs/projections-runtime'
import { CANDIDATES, type Candidate } from './candidates.js'
import { fingerprintOf } from './fingerprints.js'
import type { CorrelatedIncident } from './linking.js'
import { backgroundOf, type Lookup, listedWith, listReads } from './lists.js'
import { fingerprintsOf, NO_FINGERPRINT, PAGES, pagesOf } from './pages.js'
import { Comparer, mostAlike, surprise, USUAL_PARAMETERS } from './similarity.js'
import { everyKeyOf } from './traits.js'

/** Reads documents of the view. */
export type Load = (reads: readonly Reading[]) => Promise<Lookup>

/**
 * Whom an incident is most like of all who stand in its lists, the best first. One whose traits speak against it on the whole is none,
 * whatever else there is. Reads a bounded number of documents, in two goes.
 * @returns their numbers, bits beyond chance ({@link surprise}), and what they agree in
 */
export async function mostSimilar({ traits }: Pick<CorrelatedIncident, 'traits'>, load: Load, most: number) {
  const keys = everyKeyOf(traits)
  const lookup = await load(listReads(traits, keys))
  const ordinals = listedWith(lookup, keys)
  const pages = await load([{ collection: PAGES, ids: pagesOf(ordinals) }])
  const others = fingerprintsOf(
    { getMany: (collection, ids) => ids.map((id) => pages(collection, id)) },
    ordinals,
  ).filter((other) => other !== NO_FINGERPRINT)
  const background = backgroundOf(lookup)
  const comparer = new Comparer(traits, background, USUAL_PARAMETERS, {
    fingerprint: fingerprintOf(traits),
    keys,
  })
  return mostAlike(others, comparer)
    .filter(({ bits, number }) => bits > 0 && number !== traits.number)
    .slice(0, most)
    .map(({ number, bits, fingerprint }) => ({
      number,
      bits: surprise(bits, background.incidents),
      compare: () => comparer.compare(fingerprint),
    }))
}

/** Candidates by the ids under which incidents know them, as they go on: not those of which too little is left to be one. */
export async function candidatesNow(
  ids: readonly (string | undefined)[],
  load: Load,
): Promise<ReadonlyMap<string | undefined, string>> {
  const found = new Map<string, Candidate | undefined>()
  for (let asked = new Set(ids); asked.size > 0; ) {
    const named = [...asked].filter((id) => id !== undefined)
    const lookup = await load([{ collection: CANDIDATES, ids: named }])
    for (const id of named) found.set(id, lookup<Candidate>(CANDIDATES, id))
    const next = named.map((id) => found.get(id)?.mergedInto)
    asked = new Set(next.filter((id) => id !== undefined && !found.has(id)))
  }
  const now = new Map<string, string>()
  for (const id of found.keys()) {
    let candidate = found.get(id)
    while (candidate?.mergedInto !== undefined) candidate = found.get(candidate.mergedInto)
    if (candidate !== undefined && candidate.status !== 'dissolved') now.set(id, candidate.id)
  }
  return now
}
