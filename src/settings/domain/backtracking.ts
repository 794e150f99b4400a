/** What is known of a group, or of the whole pattern, while it is read. */
interface Part {
  /** Something in it may match more or less: `a+`, `b?`, `c{2,}`. */
  varies: boolean
  /** It holds a choice of which the first character does not tell the alternative. */
  ambiguous: boolean
  /** What each alternative begins with; null: not one plain character; undefined: nothing has been read of it. */
  readonly beginnings: (string | null | undefined)[]
}

const CLASS = /\[(?:\\[\s\S]|[^\]\\])*\]/y
const ESCAPE = /\\(?:[pPu]\{[^}]*\}|[\s\S])/y
const BACKREFERENCE = /\\[1-9k]/y
const OPENING = /\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/y
const QUANTIFIER = /(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/y

/**
 * Why a regular expression might take exponential time on an unfortunate text; undefined: it does not. A matcher that
 * goes back does so when a repeated group can match one text in several ways
 * (https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS). To tell exactly is hard, so
 * some harmless patterns are refused as well: in what is repeated nothing may vary in length, and alternatives must
 * begin with different characters. Backreferences are refused altogether.
 *
 * By hand: `safe-regex2` lets `^(a|a)+$` pass, which takes as long as `^(a+)+$`.
 * @param pattern valid for `new RegExp(pattern, 'u')`
 */
export function backtrackingRisk(pattern: string): string | undefined {
  const enclosing: Part[] = []
  let part = newPart()
  /** What a quantifier would repeat: a group, or a single character (undefined). */
  let group: Part | undefined
  let at = 0
  const read = (syntax: RegExp): RegExpExecArray | null => {
    syntax.lastIndex = at
    const found = syntax.exec(pattern)
    if (found) at = syntax.lastIndex
    return found
  }
  while (at < pattern.length) {
    const quantifier = read(QUANTIFIER)
    if (quantifier) {
      const { least, most } = boundsOf(quantifier)
      const risk = most > 1 ? riskOfRepeating(group) : undefined
      if (risk) return risk
      part.varies ||= least !== most
    } else if (read(BACKREFERENCE)) {
      return 'refers back to a group'
    } else if (read(OPENING)) {
      begin(part, null)
      enclosing.push(part)
      part = newPart()
    } else if (pattern[at] === ')') {
      at++
      group = part
      part = enclosing.pop()!
      part.varies ||= group.varies
      part.ambiguous ||= isAmbiguous(group)
    } else if (pattern[at] === '|') {
      at++
      part.beginnings.push(undefined)
    } else {
      group = undefined
      const character = read(ESCAPE)?.[0] ?? read(CLASS)?.[0] ?? pattern[at++]!
      begin(part, plainCharacter(character))
    }
  }
  return undefined
}

function newPart(): Part {
  return { varies: false, ambiguous: false, beginnings: [undefined] }
}

function begin({ beginnings }: Part, character: string | null): void {
  const last = beginnings.length - 1
  if (beginnings[last] === undefined) beginnings[last] = character
}

/** `a`, `\.`; null for what stands for several characters or for none. */
function plainCharacter(atom: string): string | null {
  if (atom.length === 1) return '.^$'.includes(atom) ? null : atom
  return /^\\[^\w\s]$/.test(atom) ? atom.slice(1) : null
}

function isAmbiguous({ ambiguous, beginnings }: Part): boolean {
  if (ambiguous || beginnings.length === 1) return ambiguous
  return beginnings.some((one, index) => one == null || beginnings.indexOf(one) < index)
}

function riskOfRepeating(group: Part | undefined): string | undefined {
  if (group === undefined) return undefined
  if (group.varies) return 'repeats a group in which something is repeated or optional'
  return isAmbiguous(group)
    ? 'repeats a choice whose alternatives do not begin with different characters'
    : undefined
}

function boundsOf([text, least, most]: RegExpExecArray): { least: number; most: number } {
  if (least === undefined)
    return { least: text.startsWith('+') ? 1 : 0, most: text.startsWith('?') ? 1 : Infinity }
  if (most === undefined) return { least: Number(least), most: Number(least) }
  return { least: Number(least), most: most === '' ? Infinity : Number(most) }
}
