import { randomBytes } from 'node:crypto'
import { openEventStore } from '../../src/runtime/stores.js'
import { fill } from './event-servers.js'
import { brokers, dropTopics, NO_BROKER } from './kafka.js'
import type { Options } from './options.js'
import { runProgram } from './programs.js'
import type { Publish, PublishResult } from './publish.js'
import type { Report } from './report.js'
import { deploy, missingFor, SHAPES } from './shapes.js'
import { median } from './statistics.js'

/** The publisher and bare kafkajs in turn, each time on topics of their own. */
export async function measurePublish(report: Report, options: Options): Promise<void> {
  const addresses = brokers()
  if (addresses.length === 0) return console.error(`  left out: ${NO_BROKER}`)
  for (const shape of SHAPES) {
    const missing = missingFor(shape)
    if (missing) {
      console.error(`  ${shape} is left out: ${missing}`)
      continue
    }
    const deployment = await deploy(shape)
    const rates = { publisher: [] as number[], producer: [] as number[] }
    try {
      const events = await fill(await openEventStore(deployment.stores), options.catchUpSize, options.seed)
      for (let run = 0; run < options.runs; run++) {
        for (const by of ['producer', 'publisher'] as const) {
          const namespace = `bench-${randomBytes(4).toString('hex')}`
          const given: Publish = { stores: deployment.stores, brokers: addresses, namespace, events, by }
          rates[by].push((await runProgram<PublishResult>('publish', given)).eventsPerSecond)
          await dropTopics(addresses, namespace)
        }
      }
    } finally {
      await deployment.dispose()
    }
    const add = (what: string, runs: number[], unit: string) =>
      report.add({ section: 'publish', what: `${shape}: ${what}`, value: median(runs), unit, runs })
    add('bare kafkajs', rates.producer, 'events/s')
    add('publisher', rates.publisher, 'events/s')
    add(
      'ratio',
      rates.publisher.map((rate, run) => rate / rates.producer[run]!),
      '',
    )
  }
}
