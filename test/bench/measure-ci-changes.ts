import { copyOf, projectedEstate } from './data-folders.js'
import { openingBody, seeded } from './opening.js'
import type { Options } from './options.js'
import type { Report } from './report.js'
import { startLedgerdesk } from './servers.js'
import { latencies } from './statistics.js'

const ITEMS = 1_000
const CHANGES = 500
const WARM_UP = 100

/** Recording the change of an item against opening an incident, in turn, so that what else the machine does falls on both. */
export async function measureCiChanges(report: Report, options: Options): Promise<void> {
  const estate = copyOf(await projectedEstate(ITEMS, 1, options.seed), 'ci-changes')
  const server = await startLedgerdesk(estate)
  const random = seeded(options.seed)
  const timed = async (path: string, body: object): Promise<number> => {
    const headers = { authorization: `Bearer ${estate.agentToken}`, 'content-type': 'application/json' }
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
  try {
    await server.idle()
    const changes: number[] = []
    const openings: number[] = []
    for (let n = 0; n < WARM_UP + CHANGES; n++) {
      const number = `CI${5_000_000 + (random() % ITEMS)}`
      const change = await timed(`/configuration-items/${number}/change`, {
        attributes: { ramGigabytes: 16 + n },
      })
      const opening = await timed('/incidents', openingBody(random))
      if (n < WARM_UP) continue
      changes.push(change)
      openings.push(opening)
    }
    const [change, opening] = [latencies(changes).p50, latencies(openings).p50]
    const add = (what: string, value: number, unit: string, target?: { atMost: number }) =>
      report.add({ section: 'cmdb', what, value, unit, target })
    add('recording the change of an item: p50', change, 'ms')
    add('opening an incident: p50', opening, 'ms')
    add('ratio of these', change / opening, '', { atMost: 1 })
  } finally {
    await server.stop()
  }
}
