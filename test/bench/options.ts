import { parseArgs } from 'node:util'

/** What a run measures; the letters of `--only`. */
export const SECTIONS = {
  open: 'opening incidents, against a bare handler on the same store',
  beside: 'commands beside four clients that poll the queues, and beside a rebuild',
  visible: 'from an acknowledgement to the queue that shows it',
  pages: 'queue pages and lists under 500 commands a second, by size of the log',
  search: 'searches by size of the log, quiet and beside commands',
  rebuild: 'building all read models, against bare reading and writing; a long history',
  memory: 'resident memory by size of the log',
  desk: 'a desk of people at work, each with a live queue',
  'catch-up': 'reading a log from EventStoreDB into a projection, against the bare client',
  shapes: 'commands in both shapes, against the bare client of the event store',
  publish: 'putting a log on a topic in both shapes, against bare kafkajs',
  alerts: 'a storm of alerts, against bare appends of the same events',
  cmdb: 'configuration items at points of both time axes, by versions per item',
  correlation: 'finding incidents of one cause: folding, and asking what is similar, by size',
  arrival: 'from the answer of a command to a consumer of its topic, in both shapes',
} as const
export type Section = keyof typeof SECTIONS

export interface Options {
  sections: readonly Section[]
  /** Of each figure; the median is told. */
  runs: number
  seconds: number
  warmUpSeconds: number
  seed: number
  /** Incidents in the logs for pages and memory, ascending; the last one for polling. */
  sizes: readonly number[]
  /** Incidents in the log that opening starts from. */
  baseSize: number
  /** Incidents in the log that is rebuilt: a third of its events. */
  rebuildSize: number
  /** Incidents in the log that is read from EventStoreDB. */
  catchUpSize: number
  commandsPerSecond: number
  /** Of the desk: people, commands of all together, and for how long. */
  agents: number
  deskCommandsPerSecond: number
  deskSeconds: number
  /** Configuration items, and versions of each, ascending. */
  items: number
  ciVersions: readonly number[]
  /** Incidents that the correlation folds, ascending. */
  correlationSizes: readonly number[]
  out: string
}

const FULL = {
  runs: 3,
  seconds: 8,
  'warm-up': 8,
  sizes: '20000,200000,1000000',
  'rebuild-size': 333_000,
  'catch-up-size': 30_000,
  agents: 300,
  'desk-rate': 200,
  'desk-seconds': 60,
  items: 100_000,
  'ci-versions': '1,10,50',
  'correlation-sizes': '10000,100000,333000,1000000',
}
const QUICK = {
  runs: 1,
  seconds: 3,
  'warm-up': 2,
  sizes: '5000,20000',
  'rebuild-size': 20_000,
  'catch-up-size': 10_000,
  agents: 30,
  'desk-rate': 50,
  'desk-seconds': 5,
  items: 5_000,
  'ci-versions': '1,10',
  'correlation-sizes': '5000,20000',
}

type Listed = 'sizes' | 'ci-versions' | 'correlation-sizes'
type Counted = Exclude<keyof typeof FULL, Listed>

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: Object.keys(SECTIONS).join(',') },
      runs: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      sizes: { type: 'string' },
      'rebuild-size': { type: 'string' },
      'catch-up-size': { type: 'string' },
      agents: { type: 'string' },
      'desk-rate': { type: 'string' },
      'desk-seconds': { type: 'string' },
      items: { type: 'string' },
      'ci-versions': { type: 'string' },
      'correlation-sizes': { type: 'string' },
      rate: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: '.tmp/bench/result.json' },
    },
  })
  const standard = values.quick ? QUICK : FULL
  const number = (name: Counted): number => whole(values[name] ?? String(standard[name]), name)
  const list = (name: Listed) => (values[name] ?? standard[name]).split(',').map((size) => whole(size, name))
  const sizes = list('sizes')
  return {
    sections: values.only.split(',').map(section),
    runs: number('runs'),
    seconds: number('seconds'),
    warmUpSeconds: number('warm-up'),
    seed: whole(values.seed, 'seed'),
    sizes,
    baseSize: Math.min(...sizes),
    rebuildSize: number('rebuild-size'),
    catchUpSize: number('catch-up-size'),
    commandsPerSecond: whole(values.rate, 'rate'),
    agents: number('agents'),
    deskCommandsPerSecond: number('desk-rate'),
    deskSeconds: number('desk-seconds'),
    items: number('items'),
    ciVersions: list('ci-versions'),
    correlationSizes: list('correlation-sizes'),
    out: values.out,
  }
}

function whole(text: string, name: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} ${text}: give a whole number from 1`)
  return value
}

function section(name: string): Section {
  if (Object.hasOwn(SECTIONS, name)) return name as Section
  const known = Object.entries(SECTIONS).map(([key, what]) => `  ${key}: ${what}`)
  throw new Error(`--only ${name}: there are\n${known.join('\n')}`)
}
