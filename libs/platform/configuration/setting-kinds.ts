import { ROLES, type Role } from '#libs/access'

/** One environment variable: how it is read, and what is said of it. */
export interface Setting<Value> {
  /** Name without the prefix. */
  readonly name: string
  /** What may be given, in words. */
  readonly allowed: string
  /** As it would be written; undefined: optional, no default. */
  readonly default: string | undefined
  readonly description: string
  readonly example: string
  /** Its value is told to nobody. */
  readonly secret?: boolean
  /** @throws Error with nothing but the reason when the text is not allowed */
  readonly parse: (text: string) => Value
}

type Words = Pick<Setting<unknown>, 'name' | 'description' | 'example' | 'secret'> & { default?: string }

/** As code in Markdown. */
export function code(text: string): string {
  return `\`${text}\``
}

function refuse(): never {
  throw new Error('not allowed')
}

/** Any text, or what a pattern lets through. */
export function text(words: Words & { allowed?: string; pattern?: RegExp }): Setting<string> {
  const { allowed = 'any text', pattern, ...rest } = words
  const parse = (given: string): string => (pattern && !pattern.test(given) ? refuse() : given)
  return { default: undefined, ...rest, allowed, parse }
}

/** Yes or no. */
export function flag(words: Words & { default: 'true' | 'false' }): Setting<boolean> {
  const { parse, ...rest } = choice(['true', 'false'], words)
  return { ...rest, parse: (given) => parse(given) === 'true' }
}

/** One of some words. */
export function choice<const Choices extends readonly string[]>(
  choices: Choices,
  words: Words & { default?: Choices[number] },
): Setting<Choices[number]> {
  const parse = (given: string): Choices[number] => choices.find((known) => known === given) ?? refuse()
  return { default: undefined, ...words, allowed: choices.map(code).join(', '), parse }
}

/** A whole number within limits, both included. */
export function integer(least: number, most: number, words: Words): Setting<number> {
  const parse = (given: string): number => {
    const value = Number(given)
    return /^\d+$/.test(given) && value >= least && value <= most ? value : refuse()
  }
  return { default: undefined, ...words, allowed: `an integer from ${least} to ${most}`, parse }
}

const UNITS: Record<string, number> = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** A number of bytes, plain or with a unit. */
export function size(words: Words): Setting<number> {
  const parse = (given: string): number => {
    const [, amount, unit = ''] = /^(\d{1,12}) ?(B|KiB|MiB|GiB)?$/.exec(given) ?? refuse()
    const bytes = Number(amount) * (UNITS[unit] ?? refuse())
    return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : refuse()
  }
  return { default: undefined, ...words, allowed: 'bytes, plain or with B, KiB, MiB or GiB', parse }
}

/** Items with commas between them. */
export function list(words: Words & { allowed: string; pattern: RegExp }): Setting<readonly string[]> {
  const { pattern, ...rest } = words
  const parse = (given: string): string[] => {
    const items = given.split(',').map((item) => item.trim())
    return items.every((item) => pattern.test(item)) ? items : refuse()
  }
  return { default: undefined, ...rest, parse }
}

/** Group → roles; a group may stand several times. The last `=` of a pair parts them. */
export function roleMap(words: Words): Setting<ReadonlyMap<string, readonly Role[]>> {
  const parse = (given: string): Map<string, Role[]> => {
    const roles = new Map<string, Role[]>()
    for (const pair of given.split(',').filter((text) => text.trim() !== '')) {
      const [, group = '', name] = /^\s*(\S.*?)\s*=\s*([a-z-]+)\s*$/.exec(pair) ?? refuse()
      roles.set(group, [...(roles.get(group) ?? []), ROLES.find((role) => role === name) ?? refuse()])
    }
    return roles
  }
  return {
    default: undefined,
    ...words,
    allowed: `group=role, with commas between them; roles are ${ROLES.join(', ')}`,
    parse,
  }
}

/** Name → secrets as https://www.standardwebhooks.com writes them: `whsec_` and the base64 of 24 to 64 bytes. */
export function secrets(words: Words): Setting<ReadonlyMap<string, readonly string[]>> {
  const parse = (given: string): Map<string, string[]> => {
    const byName = new Map<string, string[]>()
    for (const pair of given.split(',').filter((text) => text.trim() !== '')) {
      const [, name = '', secret = '', key = ''] =
        /^\s*([a-z0-9-]+)=(whsec_([A-Za-z0-9+/]+={0,2}))\s*$/.exec(pair) ?? refuse()
      const bytes = Buffer.from(key, 'base64').length
      if (bytes < 24 || bytes > 64) refuse()
      byName.set(name, [...(byName.get(name) ?? []), secret])
    }
    return byName
  }
  return {
    default: undefined,
    ...words,
    allowed: 'name=secret, with commas between them; a secret is `whsec_` and the base64 of 24 to 64 bytes',
    parse,
  }
}

/** Tokens and keys travel over it, so plain http is for this machine only. */
export function url(words: Words): Setting<string> {
  const parse = (given: string): string => {
    const { protocol, hostname } = new URL(given)
    const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
    return protocol === 'https:' || (protocol === 'http:' && local) ? given : refuse()
  }
  return { default: undefined, ...words, allowed: 'an https URL (http for this machine only)', parse }
}

/** May be left out: then it is undefined. */
export function optional<Value>(setting: Setting<Value>): Setting<Value | undefined> {
  return { ...setting, allowed: `${setting.allowed}; optional` }
}
