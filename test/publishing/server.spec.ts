import { randomUUID } from 'node:crypto'
import {
  describeWithKafka,
  header,
  KAFKA_BROKERS,
  kafkaClient,
  readTopic,
} from '../../libs/event-publisher/kafka/kafka-broker.fixture.js'
import { eventually } from '../../libs/testing/eventually.js'
import { topicName } from '../../src/topics.js'
import { expectOk } from '../faults/server/api.js'
import { DataFolder } from '../faults/server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from '../faults/server/ledgerdesk-process.js'
import { issueTokens, type Tokens } from '../faults/server/people.js'

const LONG = 120_000

describeWithKafka('A server that publishes', () => {
  const namespace = `spec-${randomUUID().slice(0, 8)}`
  const topic = topicName(namespace, 'incident')
  const ledgerdesk = new Ledgerdesk({
    LEDGERDESK_NAMESPACE: namespace,
    LEDGERDESK_KAFKA_BROKERS: KAFKA_BROKERS.join(','),
    LEDGERDESK_KAFKA_PARTITIONS: '3',
  })
  const folder = new DataFolder()
  let server: ServerProcess
  let tokens: Tokens
  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    server = await ledgerdesk.serve(folder.path)
  }, LONG)
  afterAll(async () => {
    await ledgerdesk.dispose()
    folder.dispose()
  })

  const open = (title: string, to = server) =>
    expectOk(to.url, {
      token: tokens.agents[0]!,
      path: '/incidents',
      body: { title, audience: { kind: 'public' } },
    })
  const onTopic = async () => (await readTopic(kafkaClient(), topic)).flat()
  const metrics = async () => (await fetch(`${server.url}/metrics`)).text()
  const published = (events: number) =>
    eventually(
      `${events} published`,
      async () => (await metrics()).includes(`published_events_total{topic="${topic}"} ${events}\n`),
      30_000,
    )

  it(
    'puts what it records on the topic, and tells how it stands',
    async () => {
      const { body, position } = await open('Printer on fire')
      await published(2)
      const messages = await onTopic()
      // Opened, and given a priority.
      expect(messages.map((message) => String(message.key))).toEqual(Array(2).fill(`incident-${body.id}`))
      expect(header(messages[1]!, 'position')).toBe(position)
      const text = await metrics()
      expect(text).toContain(`ledgerdesk_published_events_total{topic="${topic}"} 2`)
      expect(text).toContain(`ledgerdesk_publisher_lag_seconds{topic="${topic}"} 0`)
      expect(text).toContain(`ledgerdesk_publisher_state{topic="${topic}",state="following"} 1`)
      expect(text).toContain(`ledgerdesk_publisher_state{topic="${topic}",state="retrying"} 0`)
    },
    LONG,
  )

  it(
    'is seen from the command line, with its lag',
    async () => {
      const list = await ledgerdesk.run(folder.path, 'publisher', 'list')
      expect(list).toMatchObject({ code: 0, stderr: '' })
      expect(list.stdout).toMatch(new RegExp(`${topic} +3 +2 +\\d{20} +0\\.0 s +\\S*/${server.pid}\\.`))
      const lag = await ledgerdesk.run(folder.path, 'publisher', 'lag', '--limit', '0.5')
      expect(lag).toMatchObject({ code: 0, stdout: expect.stringContaining(`${topic}\t0.000\n`) })
    },
    LONG,
  )

  it(
    'is not behind by an event that belongs on no topic',
    async () => {
      const person = ['token', 'create', '--person', 'late', '--role', 'agent']
      expect(await ledgerdesk.run(folder.path, ...person)).toMatchObject({ code: 0 })
      const lag = await ledgerdesk.run(folder.path, 'publisher', 'lag', '--limit', '0')
      expect(lag).toMatchObject({ code: 0, stdout: expect.stringContaining(`${topic}\t0.000\n`) })
      expect((await ledgerdesk.run(folder.path, 'publisher', 'list')).stdout).toContain(' 0.0 s ')
    },
    LONG,
  )

  it(
    'publishes anew after a reset, and knows no other topic',
    async () => {
      expect(await ledgerdesk.run(folder.path, 'publisher', 'reset', 'incidents')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`There is no topic "incidents"; there are: ${topic}`),
      })
      await open('Second')
      await published(4)
      expect(await ledgerdesk.run(folder.path, 'publisher', 'reset', topic)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('stop all publishers first'),
      })
      await server.stop()
      expect(await ledgerdesk.run(folder.path, 'publisher', 'reset', topic)).toMatchObject({ code: 0 })
      const away = await ledgerdesk.run(folder.path, 'publisher', 'lag', '--limit', '0.5')
      expect(away).toMatchObject({ code: 1, stdout: expect.stringMatching(/\t\d+\.\d{3}\n$/) })
      expect((await ledgerdesk.run(folder.path, 'publisher', 'list')).stdout).toContain('not made yet')
      server = await ledgerdesk.serve(folder.path)
      await published(4)
      expect(await onTopic()).toHaveLength(4)
    },
    LONG,
  )

  it(
    'answers commands while the broker is away, and is ready',
    async () => {
      const alone = await ledgerdesk.serve(folder.path, { LEDGERDESK_KAFKA_BROKERS: '127.0.0.1:1' })
      await open('Nobody listens', alone)
      await eventually(
        'told',
        async () => (await (await fetch(`${alone.url}/metrics`)).text()).includes('state="retrying"} 1'),
        LONG,
      )
      const readiness = await fetch(`${alone.url}/health/ready`)
      expect(readiness.status).toBe(200)
      expect(await readiness.json()).toMatchObject({
        status: 'degraded',
        checks: { topics: expect.stringContaining('BROKER.UNAVAILABLE') },
      })
      expect(await alone.stop()).toBe(0)
    },
    LONG,
  )
})
