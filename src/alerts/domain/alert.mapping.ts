import type {
  AlertMapping,
  AlertRule,
  LabelMatcher,
  PriorityMatrix,
} from '../../settings/domain/settings.events.js'
import type { Labels, WantedIncident } from './alert.events.js'

/** What a mapping is asked about. */
export interface Described {
  key: string
  labels: Labels
  annotations: Labels
  startsAt: string
  firing: number
  truncated: number
}

/** A pattern meets no more of a value than this, so that its time stays small whatever the value. */
const MATCHED_LENGTH = 256
const LONGEST = { title: 200, name: 200, description: 20_000 } as const

/**
 * The incident that an alert becomes: for each field the first rule that fits and says it decides.
 * `rules`: names of those that had a say.
 */
export function mapped(
  mapping: AlertMapping,
  alert: Described,
  matrix: PriorityMatrix,
): { incident: WantedIncident; rules: readonly string[] } {
  const fitting = mapping.rules.filter(({ when }) => when.every((matcher) => holds(matcher, alert.labels)))
  const heard = new Set<string>()
  const decided = <Field extends Exclude<keyof AlertRule, 'name' | 'when'>>(
    field: Field,
  ): AlertRule[Field] => {
    const rule = fitting.find((candidate) => candidate[field] !== undefined)
    if (rule) heard.add(rule.name)
    return rule?.[field]
  }
  const named = (field: 'category' | 'subcategory' | 'service' | 'primaryCi') =>
    inOneLine(rendered(decided(field), alert), LONGEST.name)
  const { labels, key, startsAt } = alert
  const incident: WantedIncident = {
    title:
      inOneLine(rendered(decided('title'), alert), LONGEST.title) ??
      inOneLine(labels.alertname ?? '', LONGEST.title) ??
      inOneLine(key, LONGEST.title) ??
      'Alert',
    description: describedAt(rendered(decided('description'), alert), alert),
    group: decided('group'),
    ...levelsIn(matrix, decided('impact'), decided('urgency')),
    category: named('category'),
    subcategory: named('subcategory'),
    service: named('service'),
    primaryCi: named('primaryCi'),
    detectedAt: startsAt,
  }
  return { incident, rules: mapping.rules.flatMap(({ name }) => (heard.has(name) ? [name] : [])) }
}

const compiled = new WeakMap<LabelMatcher, RegExp>()

function holds(matcher: LabelMatcher, labels: Labels): boolean {
  const value = labels[matcher.label] ?? ''
  if (matcher.matches === undefined) return value === matcher.equals
  let pattern = compiled.get(matcher)
  if (pattern === undefined) {
    pattern = new RegExp(`^(?:${matcher.matches})$`, 'u')
    compiled.set(matcher, pattern)
  }
  return pattern.test(value.slice(0, MATCHED_LENGTH))
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g

/** A template with its places filled: `{{annotations.summary | labels.alertname}}` is the first of them that says something. */
export function rendered(
  template: string | undefined,
  { labels, annotations }: Pick<Described, 'labels' | 'annotations'>,
): string {
  if (template === undefined) return ''
  const valueAt = (path: string): string => {
    const [, kind, name = ''] = /^\s*(labels|annotations)\.(.*?)\s*$/.exec(path) ?? []
    const values = kind === 'labels' ? labels : kind === 'annotations' ? annotations : {}
    return Object.hasOwn(values, name) ? (values[name] ?? '') : ''
  }
  return template.replaceAll(
    PLACEHOLDER,
    (_, paths: string) =>
      paths
        .split('|')
        .map(valueAt)
        .find((value) => value.trim() !== '') ?? '',
  )
}

/** Undefined: it says nothing. */
function inOneLine(text: string, longest: number): string | undefined {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
  return line === '' ? undefined : cut(line, longest)
}

/** What the annotations say, and which alert it was. */
function describedAt(text: string, { labels, firing, truncated }: Described): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const lines = [
    text.trim(),
    pairs.length > 0 ? `Labels: ${pairs.join(', ')}` : '',
    firing > 1 ? `${firing} alerts of the group fire.` : '',
    truncated > 0 ? `The sender left out ${truncated} more.` : '',
  ]
  return cut(lines.filter((line) => line !== '').join('\n\n'), LONGEST.description)
}

/** Never between the halves of a character. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  const end = /[\uD800-\uDBFF]/.test(text.charAt(longest - 1)) ? longest - 1 : longest
  return text.slice(0, end)
}

/**
 * Places that the matrix in force has a priority for: one that became smaller since the mapping was published, or that has
 * empty cells, must not keep an alert from becoming an incident. Undefined is the lowest place.
 */
function levelsIn(
  { impacts, urgencies, cells }: PriorityMatrix,
  impact: number = impacts.length,
  urgency: number = urgencies.length,
): Pick<WantedIncident, 'impact' | 'urgency'> {
  const wanted = { impact: Math.min(impact, impacts.length), urgency: Math.min(urgency, urgencies.length) }
  const filled = cells.flatMap((row, i) =>
    row.flatMap((priority, j) => (priority === null ? [] : [{ impact: i + 1, urgency: j + 1 }])),
  )
  const distance = (level: typeof wanted) =>
    Math.abs(level.impact - wanted.impact) + Math.abs(level.urgency - wanted.urgency)
  // The earliest of equals, that is the more urgent
  return filled.reduce(
    (nearest, level) => (distance(level) < distance(nearest) ? level : nearest),
    filled[0] ?? wanted,
  )
}
