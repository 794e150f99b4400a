import type { Audience } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import { LOG_START } from '#libs/event-sourcing'
import { appendEvents, InMemoryEventStore } from '#libs/testing'
import { publishedTopics } from './topics.js'

const PUBLIC: Audience = { kind: 'public' }
const PARTICIPANTS: Audience = { kind: 'participants' }
const NETWORK: Audience = { kind: 'groups', groups: ['network'] }

describe('Topics', () => {
  let log: InMemoryEventStore
  beforeEach(() => {
    log = new InMemoryEventStore()
  })

  const stream = (n: number) => `incident-INC000000${n}`
  const open = (n: number, audience: Audience) =>
    appendEvents(log, stream(n), [{ type: 'IncidentOpened', data: { title: `Incident ${n}`, audience } }])
  const comment = (n: number, text: string) =>
    appendEvents(log, stream(n), [{ type: 'CommentAdded', data: { text } }])
  const restrict = (n: number, audience: Audience, previous: Audience) =>
    appendEvents(log, stream(n), [{ type: 'AudienceChanged', data: { audience, previous } }])

  /** What leaves of the log, read in batches as a publisher does. */
  async function leaving(batchSize: number, topic = topicOf()): Promise<string[]> {
    const told: string[] = []
    let after = LOG_START
    for (;;) {
      const page = await log.readAll({ after, limit: batchSize, prefixes: topic.from })
      const outgoing = await topic.outgoing(page.events, log, page.end)
      told.push(...outgoing.map(({ data }) => textOf(data)))
      after = page.position
      if (page.end) return told
    }
  }

  function topicOf() {
    const [topic] = publishedTopics({ namespace: 'acme', partitions: 3, logId: log.logId })
    return topic!
  }
  const textOf = (data: unknown) => {
    const { title, text } = data as { title?: string; text?: string }
    return String(title ?? text)
  }

  it('are one for each process, with the namespace before its name', () => {
    const topics = publishedTopics({ namespace: 'acme', partitions: 3, logId: 'log' })
    expect(topics.map(({ settings, from }) => ({ ...settings, from }))).toEqual([
      { name: 'acme.itsm.incident.events.v1', partitions: 3, from: ['incident-'] },
      { name: 'acme.itsm.approval.events.v1', partitions: 3, from: ['approval-'] },
      {
        name: 'acme.itsm.configuration.events.v1',
        partitions: 3,
        from: ['ci-', 'relation-', 'baseline-'],
      },
      { name: 'acme.itsm.change.events.v1', partitions: 3, from: ['change-'] },
      { name: 'acme.itsm.problems.events.v1', partitions: 3, from: ['problem-', 'candidate-'] },
      { name: 'acme.itsm.audit.events.v1', partitions: 3, from: ['judgement-'] },
    ])
  })

  it('do not tell which numbers were given to whom', async () => {
    const reserved = { series: 'incident-', first: 1, last: 50 }
    await appendEvents(log, 'numbers-incident', [{ type: 'NumberBlockReserved', data: reserved }])
    await open(1, PUBLIC)
    expect(await leaving(10)).toEqual(['Incident 1'])
  })

  it('carry CloudEvents without reasons', async () => {
    await appendEvents(log, stream(1), [{ type: 'IncidentOpened', data: { title: 'x', audience: PUBLIC } }], {
      reason: 'for colleagues',
    })
    const { events } = await log.readAll({ after: LOG_START, limit: 1 })
    const [event] = await topicOf().outgoing(events, log, true)
    const { id, position } = events[0] as RecordedEvent
    expect(event).toMatchObject({
      specversion: '1.0',
      id,
      source: `/ledgerdesk/${log.logId}/incident`,
      type: 'org.ledgerdesk.itsm.incident.IncidentOpened.v1',
      partitionkey: stream(1),
      sequence: position,
      data: { title: 'x', audience: PUBLIC },
    })
    expect(event?.reason).toBeUndefined()
  })

  it.each([1, 2, 1000])('carry public records only, in batches of %i', async (batchSize) => {
    await open(1, PUBLIC)
    await open(2, PARTICIPANTS)
    await open(3, NETWORK)
    for (const n of [1, 2, 3]) await comment(n, `comment ${n}`)
    expect(await leaving(batchSize)).toEqual(['Incident 1', 'comment 1'])
  })

  it.each([1, 2, 1000])(
    'keep back what waited when its record was restricted, in batches of %i',
    async (batchSize) => {
      await open(1, PUBLIC)
      await comment(1, 'before')
      await open(2, PUBLIC)
      await restrict(1, PARTICIPANTS, PUBLIC)
      await comment(1, 'after')
      expect(await leaving(batchSize)).toEqual(['Incident 2'])
    },
  )

  it.each([1, 2, 1000])(
    'keep the same back when they are asked again, in batches of %i',
    async (batchSize) => {
      const topic = topicOf()
      await open(1, PUBLIC)
      await open(2, PUBLIC)
      await comment(1, 'first')
      expect(await leaving(batchSize, topic)).toEqual(['Incident 1', 'Incident 2', 'first'])
      await restrict(1, PARTICIPANTS, PUBLIC)
      await comment(2, 'second')
      expect(await leaving(batchSize, topic)).toEqual(['Incident 2', 'second'])
      expect(await leaving(batchSize, topic)).toEqual(['Incident 2', 'second'])
    },
  )

  it.each([1, 2, 1000])(
    'keep back what was written under a restriction that was lifted, in batches of %i',
    async (batchSize) => {
      await open(1, PARTICIPANTS)
      await comment(1, 'under restriction')
      await restrict(1, PUBLIC, PARTICIPANTS)
      await comment(1, 'free')
      expect(await leaving(batchSize)).toEqual(['free'])
    },
  )

  it('carry what comes between two restrictions when it is asked for in time', async () => {
    const topic = topicOf()
    const told: string[] = []
    let after = LOG_START
    const follow = async () => {
      const page = await log.readAll({ after, limit: 100 })
      after = page.position
      for (const { data } of await topic.outgoing(page.events, log, page.end)) told.push(textOf(data))
    }
    await open(1, PUBLIC)
    await follow()
    await restrict(1, NETWORK, PUBLIC)
    await comment(1, 'restricted')
    await follow()
    await restrict(1, PUBLIC, NETWORK)
    await comment(1, 'public again')
    await follow()
    expect(told).toEqual(['Incident 1', 'public again'])
  })

  it('would carry all of it if nobody looked at audiences (counter-proof)', async () => {
    await open(1, PARTICIPANTS)
    await comment(1, 'secret')
    const { events } = await log.readAll({ after: LOG_START, limit: 10 })
    const asPublic = events.map((event) =>
      event.type === 'IncidentOpened' ? { ...event, data: { title: 'Incident 1', audience: PUBLIC } } : event,
    )
    expect((await topicOf().outgoing(asPublic, log, true)).map(({ data }) => textOf(data))).toEqual([
      'Incident 1',
      'secret',
    ])
  })

  it('carry what became of configuration items, without steps on the way and what an import brought along', async () => {
    const topics = publishedTopics({ namespace: 'acme', partitions: 3, logId: log.logId })
    const configuration = topics.find(({ from }) => from.includes('ci-'))
    const ci = { class: 'server', name: 'db-01' }
    await appendEvents(log, 'ci-CI0000001', [
      { type: 'CiProposed', data: ci },
      { type: 'CiRegistered', data: { ...ci, attributes: {}, irregular: 'X', sourceFields: { a: 'b' } } },
      { type: 'CiSourceValuesRecorded', data: { source: 'nmap', values: {} } },
    ])
    const { events } = await log.readAll({ after: LOG_START, limit: 10 })
    const outgoing = (await configuration?.outgoing(events, log, true)) ?? []
    expect(outgoing.map(({ type, data }) => [type, data])).toEqual([
      ['org.ledgerdesk.itsm.ci.CiRegistered.v1', { ...ci, attributes: {} }],
    ])
  })

  it('carry what is done by a change and on which approval, not how', async () => {
    const topics = publishedTopics({ namespace: 'acme', partitions: 3, logId: log.logId })
    const changes = topics.find(({ from }) => from.includes('change-'))
    const opened = { type: 'normal', title: 'Release', affectedCis: ['CI0000001'] }
    await appendEvents(log, 'change-CHG0000001', [
      { type: 'ChangeOpened', data: { ...opened, implementation: 'how', proposedValues: [] } },
      { type: 'ChangeWorkNoteAdded', data: { text: 'note' } },
    ])
    const { events } = await log.readAll({ after: LOG_START, limit: 10 })
    const outgoing = (await changes?.outgoing(events, log, true)) ?? []
    expect(outgoing.map(({ type, data }) => [type, data])).toEqual([
      ['org.ledgerdesk.itsm.change.ChangeOpened.v1', opened],
    ])
  })

  it('carry public changes and approvals only, as they are now', async () => {
    const open = (n: number, data: object = {}) =>
      appendEvents(log, `change-CHG000000${n}`, [
        { type: 'ChangeOpened', data: { type: 'normal', title: `Change ${n}`, affectedCis: [], ...data } },
      ])
    await open(1)
    await open(2, { audience: NETWORK })
    await open(3)
    await appendEvents(log, 'change-CHG0000003', [
      { type: 'ChangeAudienceChanged', data: { audience: NETWORK, previous: PUBLIC, approvals: ['a3'] } },
    ])
    await appendEvents(log, 'approval-a3', [
      { type: 'ApprovalRequested', data: { title: 'Change 3', audience: PUBLIC } },
      { type: 'ApprovalAudienceChanged', data: { audience: NETWORK, previous: PUBLIC } },
    ])
    const topics = publishedTopics({ namespace: 'acme', partitions: 3, logId: log.logId })
    const told = (prefix: string) =>
      leaving(10, topics.find(({ from }) => from.includes(prefix as 'change-'))!)
    expect(await told('change-')).toEqual(['Change 1'])
    expect(await told('approval-')).toEqual([])
  })

  it('carry what was decided of candidates with their problems, without incidents and restricted problems', async () => {
    const topics = publishedTopics({ namespace: 'acme', partitions: 3, logId: log.logId })
    const problems = topics.find(({ from }) => from.includes('candidate-'))
    const seen = { title: 'Secret', score: 7, memberCount: 2, incidents: ['INC0000001'] }
    await appendEvents(log, 'candidate-INC0000001', [{ type: 'ProblemCandidateAccepted', data: seen }])
    const opened = { title: 'Mail', affectedCis: [], origin: 'reactive' }
    for (const [number, data] of [
      ['PRB0000001', opened],
      ['PRB0000002', { ...opened, audience: { kind: 'participants' } }],
    ] as const)
      await appendEvents(log, `problem-${number}`, [
        { type: 'ProblemOpened', data },
        { type: 'ProblemClosed', data: {} },
      ])
    const { events } = await log.readAll({ after: LOG_START, limit: 10 })
    const outgoing = (await problems?.outgoing(events, log, true)) ?? []
    expect(outgoing.map(({ type, data }) => [type, data])).toEqual([
      ['org.ledgerdesk.itsm.candidate.ProblemCandidateAccepted.v1', { score: 7, memberCount: 2 }],
      ['org.ledgerdesk.itsm.problem.ProblemOpened.v1', opened],
      ['org.ledgerdesk.itsm.problem.ProblemClosed.v1', {}],
    ])
  })

  it('take nothing of people, groups and settings', async () => {
    await appendEvents(log, 'person-ann', [{ type: 'PersonRegistered', data: { name: 'Ann' } }])
    await open(1, PUBLIC)
    expect(await leaving(10)).toEqual(['Incident 1'])
  })
})
