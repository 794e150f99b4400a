import { eventually } from '#libs/testing'
import { Asking } from './asking.js'
import type { Client, Reply } from './client.js'
import { Desk, refusal, succeeded } from './desk.js'

const NOTE = 'canary-note-7f3a'
const FILE = 'canary-file-7f3a'
const HERS = 'canary-hers-7f3a'
const CANARY = /canary-(note|file|hers)-7f3a/

/** Values for every query parameter of a GET; a parameter that is not here fails the test. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  validAt: ['now'],
  asOf: ['head', 'now'],
  minPosition: ['head'],
  pageSize: ['1000'],
  pageToken: [],
  limit: ['1000'],
  after: ['00000000000000000000'],
  types: ['WorkNoteAdded', 'AttachmentAdded', 'IncidentOpened'],
  streams: ['incident-'],
  direction: ['up', 'down'],
  depth: ['5'],
  size: ['500'],
  hours: ['720'],
  baselineDays: ['30'],
  days: ['30'],
  by: ['ci', 'category', 'service'],
  interval: ['day'],
  value: [HERS],
  top: ['50'],
  seed: ['canary'],
  from: ['2020-01-01T00:00:00Z'],
  to: ['2020-01-01T00:00:00Z'],
  ci: ['CI0000001'],
  group: ['Network'],
  fromAsOf: ['00000000000000000000'],
  toAsOf: ['00000000000000000000'],
  staleAfterDays: ['1'],
  savedFilter: ['canary'],
  lastEventId: ['00000000000000000000'],
  orderBy: ['openedAt desc', 'updatedAt'],
  q: [NOTE, 'canary', 'anar', `"${HERS}"`, 'mail', 'inc2'],
  filter: [
    '',
    'state = "New"',
    `caller = "rob-${HERS}"`,
    `category = "${HERS}"`,
    `NOT category = "x"`,
    `custom:"costCentre=${NOTE}"`,
    'watchers:"ben"',
    'visibleTo:"rob"',
    'audienceKind = "groups"',
    'number = "INC0000002"',
  ],
}

/** What the contract says of a GET. */
interface Get {
  parameters?: readonly { name?: string; in?: string }[]
  responses: Readonly<Record<string, { content?: object } | undefined>>
}

describe('What is internal, and what is somebody else’s', () => {
  let desk: Desk
  let own: string
  let hers: string
  let internalHash: string
  let alert: string
  let mail: string
  let changes: string[]
  let approval: string
  let problem: string
  let cis: string[]
  let baseline: string
  let head: string

  beforeAll(async () => {
    // A mail server that is away: what would be sent waits, and is listed.
    desk = await Desk.open({ SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'itsm@example.org' })
    const schema = { type: 'object', properties: { costCentre: { type: 'string' } } }
    for (const type of ['incident', 'change'])
      succeeded(
        await desk.as('adam').put(`/settings/custom-fields-${type}`, { schema, filterable: ['costCentre'] }),
      )
    await desk.enrol(`rob-${HERS}`, 'requester')
    for (const person of ['rita', `rob-${HERS}`])
      succeeded(await desk.as('adam').post(`/people/${person}/change`, { email: 'someone@example.org' }))
    own = await desk.opened({ caller: 'rita', customFields: { costCentre: NOTE } })
    hers = await desk.opened({
      caller: `rob-${HERS}`,
      title: HERS,
      description: HERS,
      category: HERS,
      subcategory: HERS,
      symptom: HERS,
      location: HERS,
      service: HERS,
      primaryCi: HERS,
    })
    await desk.done('ann', own, 'work-notes', { text: NOTE, reason: NOTE })
    const file = { name: `${FILE}.txt`, type: 'text/plain', content: FILE }
    succeeded(await desk.as('ann').attach(own, file, { visibility: 'internal' }))
    const shared = { name: 'shared.txt', type: 'text/plain', content: 'shared' }
    succeeded(await desk.as('ann').attach(own, shared))
    await desk.done('ann', own, 'hold', { holdReason: 'awaiting-vendor', comment: NOTE, reason: NOTE })
    await desk.done('ann', own, 'watch', { person: 'ben' })
    await desk.done('ann', own, 'links', { relation: 'has-problem', targetType: 'problem', target: NOTE })
    const chris = desk.as('chris')
    baseline = succeeded(await chris.post('/configuration/baselines', { name: NOTE })).id
    cis = []
    for (const name of [NOTE, HERS]) {
      const item = { class: 'business-service', name, attributes: { owner: NOTE } }
      cis.push(succeeded(await chris.post('/configuration-items', item)).id)
    }
    // In no relation, and incomplete
    succeeded(await chris.post('/configuration-items', { class: 'subnet', name: HERS }))
    // Two that a source may mean: a review
    const alike = { class: 'server', attributes: { serialNumber: HERS } }
    for (const name of ['one', 'other'])
      succeeded(await chris.post('/configuration-items', { ...alike, name: `${HERS} ${name}` }))
    const seen = { source: 'canary', run: '1', items: [{ ...alike, name: NOTE }] }
    const run = await desk.as('service:monitoring').post('/configuration/discovery', seen)
    expect(succeeded(run).results).toMatchObject([{ outcome: 'review' }])
    const relation = { type: 'connects-to', source: { ci: cis[0] }, target: { ci: cis[1] } }
    succeeded(await chris.post('/configuration/relations', relation))
    await desk.done('lea', own, 'promote', { manager: 'ben', reason: NOTE })
    await desk.done('lea', own, 'updates', { text: NOTE, visibility: 'internal' })
    await desk.done('lea', own, 'updates', { text: 'We are on it', visibility: 'public', reason: NOTE })
    await desk.done('ann', hers, 'link-parent', { parent: own })
    const ci = { class: 'server', name: HERS, attributes: { description: NOTE } }
    succeeded(await desk.as('ann').post('/configuration-items', { ...ci, reason: NOTE }))
    const told = { source: 'canary', key: HERS, status: 'firing', labels: { alertname: HERS } }
    alert = succeeded(await desk.as('service:monitoring').post('/alerts', told)).id
    const written = `From: nobody@example.org\r\nSubject: ${HERS}\r\n\r\n${NOTE}`
    mail = succeeded(await desk.as('service:monitoring').handOver(written)).id
    approval = await askedAndAnswered()
    changes = await changesOfBoth()
    problem = await problemBehind(own)
    const content = {
      title: NOTE,
      implementation: NOTE,
      backout: NOTE,
      test: NOTE,
      variables: [],
      freeFields: ['window'],
      affectedCis: [],
      proposedValues: [],
      longestMinutes: null,
    }
    succeeded(await desk.as('ann').post('/change-models', { id: 'canary', content }))
    const { position } = await desk.done('ann', hers, 'comments', { text: HERS })
    head = position
    await eventually('notifications about both', async () => {
      const { items } = succeeded(await desk.as('audrey').get('/notifications'))
      return [own, hers].every((number) => items.some(({ record }: { record: string }) => record === number))
    })
    const view = succeeded(await desk.as('ann').get(`/incidents/${own}`))
    internalHash = view.attachments.find(({ name }: { name: string }) => name.startsWith(FILE)).hash
  })
  afterAll(() => desk.close())

  it('is in no answer to a requester, of any GET of the contract with any parameters', async () => {
    const { answers, hits } = await search(desk.as('rita'))
    expect(hits.slice(0, 3)).toEqual([])
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(20)
  })

  it('is found that way by an agent, an auditor and an analyst, so that the search would notice', async () => {
    const paths = async (person: string, ...among: string[]) =>
      new Set((await search(desk.as(person), among)).hits.map(({ template }) => template))
    expect([...(await paths('ann'))].sort()).toEqual([
      '/alerts',
      '/alerts/{id}',
      '/approvals',
      '/approvals/{id}',
      '/change-models',
      '/change-models/{id}',
      '/changes',
      '/changes/{id}',
      '/changes/{id}/attachments/{hash}',
      '/changes/{id}/history',
      '/configuration-items',
      '/configuration-items/{id}',
      '/configuration-items/{id}/history',
      '/configuration-items/{id}/impact',
      '/configuration/baselines',
      '/configuration/baselines/{id}/drift',
      '/configuration/diff',
      '/configuration/graph',
      '/configuration/health',
      '/configuration/reviews',
      '/incidents',
      '/incidents/{number}',
      '/incidents/{number}/attachments/{hash}',
      '/incidents/{number}/children',
      '/incidents/{number}/history',
      '/incidents/{number}/notifications',
      '/incidents/{number}/similar',
      '/incidents/{number}/suspect-changes',
      '/incidents/{number}/updates',
      '/major-incidents',
      '/people',
      '/problems',
      '/problems/{id}',
      '/problems/{id}/attachments/{hash}',
      '/problems/{id}/history',
      '/problems/{id}/incidents',
      '/problems/{id}/repeat-rate',
      '/search',
    ])
    for (const [person, ...closedToAgents] of [
      ['audrey', '/events', '/notifications'],
      ['ana', '/incident-facts', '/incident-trends'],
      ['adam', '/mails/{id}/message'],
    ] as const)
      expect(await paths(person, ...closedToAgents)).toEqual(new Set(closedToAgents))
  })

  it('cannot be found out by filters either: what a requester does not see she cannot ask for', async () => {
    const rita = desk.as('rita')
    for (const filter of [
      `custom:"costCentre=${NOTE}"`,
      'watchers:"ben"',
      'visibleTo:"ben"',
      'audienceKind = "public"',
    ]) {
      for (const query of [{}, { asOf: head }]) {
        if (filter.startsWith('custom') && 'asOf' in query) continue
        expect([filter, refusal(await rita.get('/incidents', { filter, ...query }))]).toEqual([
          filter,
          '400 FILTER.UNKNOWN_FIELD',
        ])
        expect(
          succeeded(await desk.as('ann').get('/incidents', { filter, minPosition: head, ...query })).items
            .length,
        ).toBeGreaterThan(0)
      }
    }
    expect(refusal(await rita.get('/incidents', { orderBy: 'audienceKind' }))).toBe(
      '400 ORDER_BY.UNKNOWN_FIELD',
    )
  })

  it('is not counted for her', async () => {
    const rita = desk.as('rita')
    for (const query of [{ minPosition: head }, { asOf: head }, { validAt: new Date().toISOString() }]) {
      const { items } = succeeded(await rita.get('/incidents', query))
      expect(items.map(({ number }: { number: string }) => number)).toEqual([own])
    }
  })

  it('is not found by searching for it, nor does the answer differ from that to a word that is nowhere', async () => {
    const ask = async (person: string, q: string) => {
      const { position, lag, ...answer } = succeeded(
        await desk.as(person).get('/search', { q, minPosition: head }),
      )
      return answer
    }
    const nowhere = await ask('rita', 'nosuchword')
    for (const q of [NOTE, NOTE.slice(0, 9), `"${HERS}"`, hers, `inc${Number(hers.slice(3))}`]) {
      expect([q, await ask('rita', q)]).toEqual([q, nowhere])
      expect((await ask('ann', q)).items.length).toBeGreaterThan(0)
    }
    expect((await ask('rita', own)).items).toEqual([expect.objectContaining({ number: own })])
  })

  /** Her own with an internal note, and somebody else's. */
  async function changesOfBoth(): Promise<string[]> {
    const title = 'A bigger screen'
    const numbers = [
      succeeded(await desk.as('rita').post('/changes', { type: 'normal', title })).id,
      succeeded(await desk.as(`rob-${HERS}`).post('/changes', { type: 'normal', title: HERS })).id,
    ]
    // Theirs alone, and one that nobody has told her of
    const audience = { kind: 'participants' }
    const hidden = { type: 'normal', title: HERS, requester: `rob-${HERS}`, audience }
    numbers.push(succeeded(await desk.as('ann').post('/changes', hidden)).id)
    succeeded(await desk.as('ann').post(`/changes/${numbers[0]}/watch`, { person: `rob-${HERS}` }))
    const file = { name: `${FILE}.txt`, type: 'text/plain', content: FILE }
    for (const number of numbers) {
      succeeded(await desk.as('ann').post(`/changes/${number}/work-notes`, { text: NOTE, reason: NOTE }))
      succeeded(await desk.as('ann').post(`/changes/${number}/edit`, { customFields: { costCentre: NOTE } }))
      succeeded(await desk.as('ann').attachTo(`/changes/${number}/attachments`, file))
    }
    return numbers
  }

  /** What the desk knows of it, which no requester sees. */
  async function problemBehind(incident: string): Promise<string> {
    const ann = desk.as('ann')
    const opened = { title: HERS, description: NOTE, category: HERS, incidents: [incident, hers] }
    const { id, position } = succeeded(await ann.post('/problems', opened))
    succeeded(await ann.post(`/problems/${id}/workaround`, { workaround: NOTE, reason: NOTE }))
    succeeded(await ann.post(`/problems/${id}/known-error`, { reason: NOTE }))
    succeeded(await ann.post(`/problems/${id}/tasks`, { title: NOTE }))
    const file = { name: `${FILE}.txt`, type: 'text/plain', content: FILE }
    succeeded(await ann.attachTo(`/problems/${id}/attachments`, file))
    // Nor by watching it
    succeeded(await ann.post(`/problems/${id}/watch`, { person: 'rita' }))
    await eventually('both incidents are linked to it', async () => {
      const { items } = succeeded(await ann.get(`/problems/${id}/incidents`, { minPosition: position }))
      return items.length === 2
    })
    for (const [verb, body] of [
      ['finish-task', { task: 'T1', result: 'done' }],
      ['assess', {}],
      ['analyse', {}],
      ['root-cause', { cause: NOTE }],
      ['fix', {}],
      ['resolve', { notes: NOTE }],
    ] as const)
      succeeded(await ann.post(`/problems/${id}/${verb}`, body))
    return id
  }

  /** Somebody else's approval: a plan, and what people say of it. */
  async function askedAndAnswered(): Promise<string> {
    const policy = {
      name: 'Canary',
      subjectType: 'change',
      when: {},
      rule: { kind: 'all' },
      approvers: [{ kind: 'group', group: 'Service Desk' }],
      expiresAfterHours: null,
      selfApproval: 'refused',
      materialFields: ['implementation'],
    }
    succeeded(await desk.as('adam').put('/settings/approval-policies', { policies: [policy] }))
    const asking = new Asking(desk)
    const document = { implementation: NOTE }
    const { id, position } = await asking.ask({ number: 'CHG0000001', title: HERS, document })
    const { hash } = succeeded(await desk.as('ann').get(`/approvals/${id}`, { minPosition: position }))
    const until = '2099-01-01T00:00:00Z'
    expect(refusal(await desk.as('rita').post('/people/ben/delegate', { to: 'rita', until }))).toBe(
      '403 DIRECTORY.FORBIDDEN',
    )
    succeeded(await desk.as('ann').post(`/approvals/${id}/grant`, { hash, comment: NOTE, reason: NOTE }))
    return id
  }

  interface Found {
    template: string
    status: number
    text: string
  }

  /**
   * Asks everything that the contract has, several at a time and past the proxy: there are thousands.
   * @param among the paths that are asked, if not all
   */
  async function search(
    client: Client,
    among: readonly string[] = [],
  ): Promise<{ answers: Found[]; hits: Found[] }> {
    const wanted = Object.entries(desk.openapi.paths).flatMap(([template, { get }]) =>
      get === undefined || (among.length > 0 && !among.includes(template))
        ? []
        : questionsOf(template, get as Get),
    )
    const answers: Found[] = []
    const ask = async () => {
      for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
        const { template, path, query, accept } = next
        const reply = await client.get(path, query, { headers: { accept }, offContract: true })
        answers.push({ template, status: reply.status, text: textOf(reply, query) })
      }
    }
    await Promise.all(Array.from({ length: 6 }, ask))
    return { answers, hits: answers.filter(({ text }) => CANARY.test(text)) }
  }

  /** Every path, with every query, in every form that it is answered in. */
  function questionsOf(template: string, { parameters, responses }: Get) {
    const forms = Object.keys(responses['200']?.content ?? { '*/*': {} }).filter(
      // Never ends; what it may show is tested with the live queue
      (form) => form !== 'text/event-stream',
    )
    return pathsOf(template).flatMap((path) =>
      queriesOf(parameters).flatMap((query) => forms.map((accept) => ({ template, path, query, accept }))),
    )
  }

  function pathsOf(template: string): string[] {
    const idsOf: Record<string, string[]> = {
      alerts: [alert],
      mails: [mail],
      audit: changes,
      approvals: [approval],
      changes,
      problems: [problem],
      'change-models': ['canary'],
      'configuration-items': cis,
      configuration: [baseline],
      'problem-candidates': [own, hers],
    }
    const values: Record<string, string[]> = {
      number: [own, hers],
      hash: [internalHash],
      group: ['Service Desk', 'Network'],
      id: idsOf[template.split('/')[1] as string] ?? ['rita', 'ann', 'Service Desk'],
      name: [
        'alert-mapping',
        'mail-intake',
        'incident',
        'incident-templates',
        'hold-reasons',
        'custom-fields-incident',
        'custom-fields-problem',
        'custom-fields-change',
        'priority-matrix',
        'assignment-rules',
        'escalation-rules',
        'major-incident',
        'ci-classes',
        'ci-relation-types',
        'ci-reconciliation',
        'approval-policies',
        'maintenance-windows',
        'blackout-windows',
        'calendars',
        'change-risk',
        'change',
        'problem',
      ],
    }
    return Object.entries(values).reduce(
      (paths, [name, all]) =>
        paths.flatMap((path) =>
          path.includes(`{${name}}`)
            ? all.map((value) => path.replace(`{${name}}`, encodeURIComponent(value)))
            : [path],
        ),
      [template],
    )
  }

  /** No parameter, each by itself with each of its values, and each filter at a past point as well. */
  function queriesOf(parameters: Get['parameters'] = []): Record<string, string>[] {
    const names = parameters.flatMap((parameter) => (parameter.in === 'query' ? [parameter.name!] : []))
    const one = names.flatMap((name) => {
      const values = VALUES[name]
      if (!values) throw new Error(`Say with which values of ${name} to search`)
      return values.map((value) => ({ [name]: settled(value) }))
    })
    const past = names.includes('asOf') && names.includes('filter')
    const filtered = past
      ? one.filter((query) => 'filter' in query).map((query) => ({ ...query, asOf: head }))
      : []
    const queries = [{}, ...one, ...filtered] as Record<string, string>[]
    if (!names.includes('q')) return queries
    // Nothing is answered without it
    return queries.map((query) => ({ q: NOTE, ...query }))
  }

  function settled(value: string): string {
    return value === 'head' ? head : value === 'now' ? new Date().toISOString() : value
  }
})

/** What an answer says, without what it only repeats of the question: a refused filter is quoted. */
function textOf({ body, headers, status }: Reply, query: Record<string, string>): string {
  const text = `${Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body)} ${JSON.stringify([...headers])}`
  return status === 400 && query.filter
    ? text.replaceAll(JSON.stringify(query.filter).slice(1, -1), '')
    : text
}
