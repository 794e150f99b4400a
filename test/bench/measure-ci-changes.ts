import { copyOf, projectedEstate } from './data-folders.js'
import type { Estate } from './generate-estate.js'
import { openingBody, seeded } from './opening.js'
import type { Options } from './options.js'
import type { Report } from './report.js'
import { type Server, startLedgerdesk } from './servers.js'
import { latencies } from './statistics.js'

const ITEMS = 1_000
const CHANGES = 500
const WARM_UP = 100

/**
 * What is changed. Where only an approved change may, each of these is found to be unauthorised: that is recorded by itself after the
 * answer, beside the requests that follow.
 */
const CHANGED: Readonly<Record<string, (n: number) => object>> = {
  'recording the change of an item': (n) => ({ location: `Room ${n}` }),
  'the same where it is unauthorised': (n) => ({ ramGigabytes: 16 + n }),
}

/** Recording the change of an item against opening an incident, in turn, so that what else the machine does falls on both. */
export async function measureCiChanges(report: Report, options: Options): Promise<void> {
  const estate = copyOf(await projectedEstate(ITEMS, 1, options.seed), 'ci-changes')
  const server = await startLedgerdesk(estate)
  try {
    for (const [what, attributes] of Object.entries(CHANGED)) {
      await server.idle()
      const { change, opening } = await inTurn(server, estate, attributes)
      const add = (of: string, value: number, unit: string, target?: { atMost: number }) =>
        report.add({ section: 'cmdb', what: `${what}${of}`, value, unit, target })
      add(': p50', change, 'ms')
      add(', opening an incident in turn with it: p50', opening, 'ms')
      add(': ratio of these', change / opening, '', { atMost: 1 })
    }
  } finally {
    await server.stop()
  }
}

/** Of both the middle, in milliseconds. */
async function inTurn(
  server: Server,
  { agentToken, seed }: Estate,
  attributes: (n: number) => object,
): Promise<{ change: number; opening: number }> {
  const random = seeded(seed)
  const headers = { authorization: `Bearer ${agentToken}`, 'content-type': 'application/json' }
  const timed = async (path: string, body: object): Promise<number> => {
    const began = performance.now()
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    const answer = await response.text()
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${answer}`)
    return performance.now() - began
  }
  const changes: number[] = []
  const openings: number[] = []
  for (let n = 0; n < WARM_UP + CHANGES; n++) {
    const number = `CI${5_000_000 + (random() % ITEMS)}`
    const change = await timed(`/configuration-items/${number}/change`, { attributes: attributes(n) })
    const opening = await timed('/incidents', openingBody(random))
    if (n < WARM_UP) continue
    changes.push(change)
    openings.push(opening)
  }
  return { change: latencies(changes).p50, opening: latencies(openings).p50 }
}
