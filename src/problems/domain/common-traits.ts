import type { Audience } from '#libs/access'

/** What a problem takes from the incidents that it is made from. Absent: they have nothing there in common. */
export interface CommonTraits {
  /** The most frequent one. */
  category?: string
  /** What more than half of them have. */
  subcategory?: string
  symptom?: string
  service?: string
  /** The primary item of more than half of them, by number or name, as they name it. */
  affectedCis?: readonly string[]
  /** Both of the incident with the highest priority, by the matrix: an override is of that incident alone. */
  impact?: number
  urgency?: number
}

/** What is looked at of an incident. */
export interface IncidentTraits {
  state: string
  audienceKind: Audience['kind']
  category?: string
  subcategory?: string
  symptom?: string
  service?: string
  primaryCi?: string
  impact?: number
  urgency?: number
  priority?: number
  /** By the matrix, where the priority was overridden. */
  derivedPriority?: number
}

/** What was canceled was no incident, and what has become restricted says nothing in a problem that everybody at the desk sees. */
export function commonTraits(all: readonly IncidentTraits[]): CommonTraits {
  const incidents = all.filter(({ state, audienceKind }) => state !== 'Canceled' && audienceKind === 'public')
  const item = ofMost(incidents, 'primaryCi')
  const traits: CommonTraits = {
    category: mostFrequent(incidents, 'category')?.value,
    subcategory: ofMost(incidents, 'subcategory'),
    symptom: ofMost(incidents, 'symptom'),
    service: ofMost(incidents, 'service'),
    affectedCis: item === undefined ? undefined : [item],
    ...mostUrgentLevels(incidents),
  }
  return Object.fromEntries(Object.entries(traits).filter(([, value]) => value !== undefined))
}

type Trait = 'category' | 'subcategory' | 'symptom' | 'service' | 'primaryCi'

/** Of several that are as frequent, the one that came first. */
function mostFrequent(incidents: readonly IncidentTraits[], trait: Trait) {
  const counts = new Map<string, number>()
  for (const { [trait]: value } of incidents)
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  const [most] = [...counts].sort(([, one], [, other]) => other - one)
  return most && { value: most[0], count: most[1] }
}

function ofMost(incidents: readonly IncidentTraits[], trait: Trait): string | undefined {
  const most = mostFrequent(incidents, trait)
  return most !== undefined && most.count * 2 > incidents.length ? most.value : undefined
}

function mostUrgentLevels(incidents: readonly IncidentTraits[]): Pick<CommonTraits, 'impact' | 'urgency'> {
  const prioritized = incidents.flatMap(({ impact, urgency, priority, derivedPriority = priority }) =>
    impact === undefined || urgency === undefined || derivedPriority === undefined
      ? []
      : [{ impact, urgency, priority: derivedPriority }],
  )
  const [first] = prioritized.sort((one, other) => one.priority - other.priority)
  return first === undefined ? {} : { impact: first.impact, urgency: first.urgency }
}
