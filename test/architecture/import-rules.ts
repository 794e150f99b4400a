import type { Import } from './imports.js'

/**
 * The libs from the bottom up: each may import those before it. What only tests need stands last; specs, contract suites
 * and fixtures may import it from anywhere.
 */
const LIBS = [
  'event-sourcing',
  'record-tasks',
  'record-files',
  'duplicates',
  'custom-fields',
  'business-time',
  'durable-files',
  'time-limit',
  'random-numbers',
  'access',
  'event-store',
  'mongodb',
  'read-store',
  'blob-store',
  'transparency-log',
  'projections-runtime',
  'event-publisher',
  'query-handling',
  'command-handling',
  'platform',
  'testing',
]

/** Pure functions of their arguments, so a rule may use them: JSON Schema, and comparing values. */
const PURE_PACKAGES = ['ajv', 'ajv-formats', 'node:util']

const DOMAIN_LIBS = [
  'event-sourcing',
  'record-tasks',
  'record-files',
  'duplicates',
  'custom-fields',
  'business-time',
  'access',
]
const PROJECTION_LIBS = [...DOMAIN_LIBS, 'projections-runtime', 'read-store']

/** They put the program together, so they may know all of it: what stands right below `src`, threads, all events' schemas. */
const COMPOSITION = /^src\/([^/]+$|runtime\/|cli\/|event-schemas\/)/
/** What the endpoints of all processes have in common; knows none of them. */
const RIM = /^src\/http\//
/**
 * They serve every process and are none themselves, or feed another (alerts), so they may also name commands and ids: never
 * deciders or handlers.
 */
const CROSS_CUTTING = /^src\/(alerts|audit|subscriptions|analytics|imports|notifications)\//
const NAMED_BY_CROSS_CUTTING = /^src\/[^/]+\/domain\/([^/]+\.(events|commands|import)|directory-id)$/

/** Where a record stands after an event: whoever tells of it, to people or in a read model, tells the same. */
const STATES = /^src\/[^/]+\/domain\/[\w-]+\.states$/

/** Why this import is not allowed; undefined: it is. */
export function violation(stated: Import): string | undefined {
  const { from } = stated
  if (isTestCode(from) && isForTests(stated.to)) return undefined
  if (/^src\/[^/]+\/domain\//.test(from)) return domainViolation(stated)
  if (from.startsWith('src/') && stated.to.startsWith('libs/testing/'))
    return 'the program needs nothing that is for tests only'
  if (COMPOSITION.test(from)) return undefined
  if (from.startsWith('src/')) return processViolation(stated)
  if (from.startsWith('projections/')) return projectionViolation(stated)
  return from.startsWith('libs/') ? libViolation(stated) : undefined
}

function domainViolation({ from, to, typeOnly }: Import): string | undefined {
  if (to.startsWith(`${processOf(from)}/domain/`)) return undefined
  if (isEvents(to)) return typeOnly ? undefined : "only the types of another process's events"
  if (/^src\/[^/]+\/domain\/defaults$/.test(to) || STATES.test(to)) return undefined
  if (to.startsWith('src/')) return 'a domain knows no other part of the program'
  if (to.startsWith('projections/')) return 'a domain knows no read model'
  if (to.startsWith('libs/')) {
    const isPolicy = /\.policies(\.spec)?$/.test(from)
    const allowed = isPolicy ? [...DOMAIN_LIBS, 'projections-runtime'] : DOMAIN_LIBS
    return allowed.includes(libOf(to)) ? undefined : `a domain uses only ${allowed.join(', ')}`
  }
  return PURE_PACKAGES.includes(to) ? undefined : 'a domain is pure: no framework, no driver, no I/O'
}

function processViolation({ from, to, typeOnly }: Import): string | undefined {
  if (!to.startsWith('src/') || to.startsWith(`${processOf(from)}/`) || to === 'src/event-catalog')
    return undefined
  if (RIM.test(from)) return 'the rim knows no process'
  if (RIM.test(to) || (CROSS_CUTTING.test(from) && NAMED_BY_CROSS_CUTTING.test(to))) return undefined
  if (isEvents(to)) return typeOnly ? undefined : "only the types of another process's events"
  return 'processes talk through events and policies only'
}

/** What a modification is judged by: who records verdicts and who lists them must not differ. */
const VERDICTS = /^src\/audit\/domain\/(verdicts|audited-change|audited-item)$/
/** What holds as long as no version of a setting was published: such a log has no event that says so. */
const SETTING_DEFAULTS = /^src\/settings\/domain\/[\w-]*defaults$/

function projectionViolation({ from, to, typeOnly }: Import): string | undefined {
  if (SETTING_DEFAULTS.test(to) || VERDICTS.test(to) || STATES.test(to)) return undefined
  if (isEvents(to)) return typeOnly ? undefined : 'only the types of events'
  if (to.startsWith('src/')) return 'a projection knows events, no process'
  if (to.startsWith('projections/')) {
    const shared = to.split('/').length === 2 && to !== 'projections/registry'
    const own = to.startsWith(`${from.split('/').slice(0, 2).join('/')}/`)
    return shared || own || /^projections\/registry(\.spec)?$/.test(from)
      ? undefined
      : "no other projection's definition"
  }
  if (to.startsWith('libs/')) {
    return PROJECTION_LIBS.includes(libOf(to))
      ? undefined
      : `a projection uses only ${PROJECTION_LIBS.join(', ')}`
  }
  return PURE_PACKAGES.includes(to) ? undefined : 'a projection is pure: no framework, no driver, no I/O'
}

function libViolation({ from, to }: Import): string | undefined {
  if (to.startsWith('src/') || to.startsWith('projections/'))
    return 'libs know nothing of what is built on them'
  if (!to.startsWith('libs/')) return undefined
  const own = LIBS.indexOf(libOf(from))
  const other = LIBS.indexOf(libOf(to))
  if (own < 0 || other < 0)
    return 'a lib has its place in the order of libs (test/architecture/import-rules.ts)'
  if (libOf(from) === 'business-time' && other !== own && !isTestCode(from))
    return 'business-time depends on nothing else of ours'
  return other <= own ? undefined : `${libOf(from)} stands below ${libOf(to)}`
}

function isTestCode(file: string): boolean {
  return /(\.(spec|contract|fixture)$|\/testing\/)/.test(file)
}

function isForTests(target: string): boolean {
  return (
    target.startsWith('libs/testing/') ||
    target.startsWith('projections/testing/') ||
    // Chance made repeatable: tests of what is pure may have it, the pure may not
    target.startsWith('libs/random-numbers/') ||
    target.startsWith('node:') ||
    target === 'fast-check'
  )
}

function isEvents(file: string): boolean {
  return /^src\/[^/]+\/domain\/[^/]+\.events$/.test(file)
}

function processOf(file: string): string {
  return file.split('/').slice(0, 2).join('/')
}

function libOf(file: string): string {
  return file.split('/')[1] ?? ''
}
