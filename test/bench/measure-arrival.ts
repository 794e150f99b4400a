import { topicName } from '../../src/topics.js'
import type { Arrival } from './arrival.js'
import { brokers, dropTopics, NO_BROKER, PARTITIONS } from './kafka.js'
import type { Options } from './options.js'
import { runProgram } from './programs.js'
import type { Report } from './report.js'
import { deploy, missingFor, SHAPES } from './shapes.js'
import type { Latencies } from './statistics.js'
import { median } from './statistics.js'

/** Processes of each shape: in a scale-out no projector runs beside them. */
const ROLES = { embedded: ['all'], 'scale-out': ['publisher', 'api'] } as const
/** Far below what either shape takes: it is how long one takes that is asked. */
const COMMANDS_PER_SECOND = 50

export async function measureArrival(
  report: Report,
  { runs, seconds, warmUpSeconds }: Options,
): Promise<void> {
  const addresses = brokers()
  if (addresses.length === 0) return console.error(`  left out: ${NO_BROKER}`)
  const settings = {
    KAFKA_BROKERS: addresses.join(','),
    KAFKA_PARTITIONS: String(PARTITIONS),
    KAFKA_REPLICATION: '1',
  }
  for (const shape of SHAPES) {
    const missing = missingFor(shape)
    if (missing) {
      console.error(`  ${shape} is left out: ${missing}`)
      continue
    }
    const { start, dispose, namespace, agentToken: token } = await deploy(shape)
    const servers = await Promise.all(ROLES[shape].map((role) => start(role, settings)))
    const results: Latencies[] = []
    try {
      const { url } = servers.at(-1)!
      const topic = topicName(namespace, 'incident')
      for (let run = 0; run < runs; run++) {
        const given: Arrival = {
          url,
          token,
          brokers: addresses,
          topic,
          commandsPerSecond: COMMANDS_PER_SECOND,
          warmUpSeconds,
          seconds,
        }
        results.push(await runProgram<Latencies>('arrival', given))
      }
    } finally {
      for (const server of servers) await server.stop()
      await dropTopics(addresses, namespace)
      await dispose()
    }
    for (const figure of ['p50', 'p99'] as const) {
      const values = results.map((result) => result[figure])
      const what = `${shape}: answer to consumer at ${COMMANDS_PER_SECOND} commands/s, ${figure}`
      report.add({ section: 'arrival', what, value: median(values), unit: 'ms', runs: values })
    }
  }
}
