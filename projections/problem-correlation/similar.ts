import type { CorrelatedIncident } from './linking.js'
import { backgroundOf, type Lookup, listedWith, listReads, type Reads } from './lists.js'
import { COMPARED_NO_MORE, fingerprintsOf, PAGES, pagesOf } from './pages.js'
import { Comparer, mostAlike, surprise, USUAL_PARAMETERS } from './similarity.js'

/** Reads documents of the view. */
export type Load = (reads: Reads) => Promise<Lookup>

/**
 * Whom an incident is most like of all who stand in its lists, the best first. One whose traits speak against it on the whole is none,
 * whatever else there is. Reads a bounded number of documents, in two goes.
 * @returns their numbers, bits beyond chance ({@link surprise}), and what they agree in
 */
export async function mostSimilar({ traits }: Pick<CorrelatedIncident, 'traits'>, load: Load, most: number) {
  const lookup = await load(listReads(traits))
  const ordinals = listedWith(lookup, traits)
  const pages = await load(pagesOf(ordinals).map((id) => ({ collection: PAGES, id })))
  const others = fingerprintsOf({ get: pages }, ordinals).filter((other) => other !== COMPARED_NO_MORE)
  const background = backgroundOf(lookup)
  const comparer = new Comparer(traits, background, USUAL_PARAMETERS)
  return mostAlike(others, comparer)
    .filter(({ bits, number }) => bits > 0 && number !== traits.number)
    .slice(0, most)
    .map(({ number, bits, fingerprint }) => ({
      number,
      bits: surprise(bits, background.incidents),
      compare: () => comparer.compare(fingerprint),
    }))
}
