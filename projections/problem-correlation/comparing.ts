import type { ViewTransaction } from '#libs/projections-runtime'
import { link } from './belonging.js'
import { iso, standing } from './candidates.js'
import { type Fingerprint, numberIn, timeIn } from './fingerprints.js'
import {
  type CorrelatedIncident,
  type CorrelationSettings,
  INCIDENTS,
  isAbsent,
  linksOf,
  type Subject,
} from './linking.js'
import { ALL, backgroundOf, kinOf, TOTALS, type Totals, wantLists } from './lists.js'
import { fingerprintsOf, firstFingerprintsOf, NO_FINGERPRINT, versionsOf } from './pages.js'
import { byChance, Comparer } from './similarity.js'
import { everyKeyOf, type Traits } from './traits.js'
import { firstVersion, newestVersion } from './versions.js'

/**
 * Who is compared with whom: a pair as both stood when the later one was opened, whichever of them the log tells of first. So one that
 * is told of late, or changed late, may be what later ones are linked to.
 */

/** Those that were opened before an incident, as they were then; and the later ones, as they were opened. */
export interface Near {
  earlier: readonly Fingerprint[]
  later: readonly Fingerprint[]
}

/** @param others as they were when it was opened */
export function near(
  others: readonly Fingerprint[],
  { time, number }: Traits,
  { windowMilliseconds }: CorrelationSettings,
): Near {
  const earlier: Fingerprint[] = []
  const later: Fingerprint[] = []
  for (const other of others) {
    if (other === NO_FINGERPRINT) continue
    const gap = timeIn(other) - time
    if (Math.abs(gap) > windowMilliseconds) continue
    if (gap < 0 || (gap === 0 && numberIn(other) < number)) earlier.push(other)
    else if (gap > 0 || numberIn(other) !== number) later.push(other)
  }
  return { earlier, later }
}

/** Compares an incident, as it was opened, with all who are near: links it to earlier ones, and later ones to it. */
export function compareWithAll(
  view: ViewTransaction,
  subject: Subject & { ordinal: number },
  settings: CorrelationSettings,
): void {
  const { traits } = subject
  const kin = kinOf(view, subject, settings)
  const { earlier, later } = near(fingerprintsOf(view, kin, traits.time), traits, settings)
  linkTo(view, subject, earlier, settings)
  linkLater(view, subject, later, settings, linkedToIt(view, traits.number, traits.time))
}

/** Whether the log may tell of incidents that were opened at a time or since. */
export function mayBeLate(view: ViewTransaction, at: number): boolean {
  return (view.get<Totals>(TOTALS, ALL)?.last ?? 0) > at
}

/** Links an incident as it was opened to earlier ones. */
export function linkTo(
  view: ViewTransaction,
  subject: Subject,
  earlier: readonly Fingerprint[],
  settings: CorrelationSettings,
): void {
  const links = linksOf(view, subject, earlier, settings)
  if (links.length > 0 || subject.links !== undefined) link(view, subject.traits.number, links)
}

/** Links those later ones anew that an incident may be close to, and those that were linked to it. */
export function linkLater(
  view: ViewTransaction,
  { traits, fingerprint, keys }: Subject,
  later: readonly Fingerprint[],
  settings: CorrelationSettings,
  linked: readonly string[] = [],
): void {
  if (later.length === 0 && linked.length === 0) return
  const background = backgroundOf((collection, id) => view.get(collection, id))
  const comparer = new Comparer(traits, background, settings.parameters, { fingerprint, keys })
  const least = settings.threshold + byChance(background.incidents)
  const close = later.filter((other) => comparer.mostBits(other) >= least).map(numberIn)
  for (const number of new Set([...linked, ...close])) relink(view, number, settings)
}

/** Compares an incident anew, as it was opened, with those that are earlier. */
export function relink(view: ViewTransaction, number: string, settings: CorrelationSettings): void {
  const incident = view.get<CorrelatedIncident>(INCIDENTS, number)
  if (incident?.ordinal === undefined || isAbsent(incident)) return
  const { ordinal, traits: now, first: traits = now, links } = incident
  const keys = everyKeyOf(traits)
  wantLists(view, traits, keys)
  const kin = kinOf(view, { traits, ordinal, keys }, settings)
  const { earlier } = near(fingerprintsOf(view, kin, traits.time), traits, settings)
  const fingerprint = firstVersion(versionsOf(view, ordinal)) as Fingerprint
  linkTo(view, { traits, fingerprint, keys, links }, earlier, settings)
}

/** What an incident has become says something of those that were opened since, which are there only if it is told of late. */
export function relinkLater(
  view: ViewTransaction,
  { traits, ordinal, candidate }: CorrelatedIncident,
  at: number,
  settings: CorrelationSettings,
): void {
  if (ordinal === undefined || !mayBeLate(view, at - 1)) return
  const keys = everyKeyOf(traits)
  wantLists(view, traits, keys)
  const kin = kinOf(view, { traits, ordinal, keys }, settings, at)
  const later = firstFingerprintsOf(view, kin).filter(
    (other) => other !== NO_FINGERPRINT && timeIn(other) >= at,
  )
  const fingerprint = newestVersion(versionsOf(view, ordinal))
  const linked = candidate === undefined ? [] : linkedToIt(view, traits.number, at)
  linkLater(view, { traits, fingerprint, keys }, later, settings, linked)
}

/** Numbers of those that are linked to an incident and were opened at a time or since. */
export function linkedToIt(view: ViewTransaction, number: string, since: number): readonly string[] {
  const incident = view.get<CorrelatedIncident>(INCIDENTS, number)
  const candidate = incident?.candidate === undefined ? undefined : standing(view, incident.candidate)
  if (candidate === undefined || Date.parse(candidate.lastSeenAt) < since) return []
  const from = iso(since)
  return candidate.members
    .filter(({ openedAt, linkedTo, alsoLinkedTo }) => {
      if (openedAt < from) return false
      return linkedTo === number || (alsoLinkedTo?.includes(number) ?? false)
    })
    .map((member) => member.number)
}
