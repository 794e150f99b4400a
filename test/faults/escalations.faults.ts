import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedEvent } from '#libs/event-sourcing'
import { eventually } from '../../libs/testing/eventually.js'
import { expectOk } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { appendByHand } from './server/foreign-hand.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { AGENTS, GROUP, issueTokens, registerGroup, type Tokens } from './server/people.js'

const CATEGORY = 'mail'
const INCIDENTS = 12
const KILLS = 4
/** Nothing falls due while an incident is still being made ready. */
const ARMED_WITHIN_MS = 10_000
/** Timers fall due over this time, during which the server dies again and again. */
const DUE_WITHIN_MS = 12_000
/** What policies do to each, once: two rules, a reminder, the next call. */
const EXPECTED = ['IncidentEscalated', 'IncidentEscalated', 'MajorIncidentUpdateOverdue', 'OnCallPaged']
/** Long enough for whatever a timer would do wrongly. */
const A_WHILE = 2_000

describe('reminders, escalation rules and calls', () => {
  const ledgerdesk = new Ledgerdesk()
  const folder = new DataFolder()
  let tokens: Tokens
  let server: ServerProcess
  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    server = await ledgerdesk.serve(folder.path)
    await registerGroup(server, tokens)
    const put = (path: string, body: object) =>
      expectOk(server.url, { token: tokens.admin, method: 'PUT', path, body })
    await put(`/groups/${encodeURIComponent(GROUP)}/on-call`, {
      contacts: AGENTS,
      acknowledgeWithinMinutes: 60,
      rounds: 1,
    })
    // Ages in minutes are too long for a test: the rules act at once, on what they first see by a hand-written schedule.
    const informs = (name: string) => ({
      name,
      when: { category: CATEGORY },
      since: 'opened',
      afterMinutes: 0,
      action: { kind: 'hierarchical', informed: AGENTS[0] },
    })
    await put('/settings/escalation-rules', { rules: [informs('first'), informs('second')] })
  })
  afterAll(async () => {
    await ledgerdesk.dispose()
    folder.dispose()
  })

  /** Three kinds of timers of one incident, due within some seconds. */
  async function armed(): Promise<string> {
    const body = { title: 'Mail', assignmentGroup: GROUP }
    const { id } = (await expectOk(server.url, { token: tokens.agents[0]!, path: '/incidents', body })).body
    const due = new Date(Date.now() + ARMED_WITHIN_MS + Math.random() * DUE_WITHIN_MS).toISOString()
    const call = { group: GROUP, person: AGENTS[0], order: 1, round: 1, acknowledgeBy: due }
    const category = { from: null, to: CATEGORY }
    const unchanged = { from: null, to: null }
    await appendByHand(folder, id, 'IncidentCategorized', {
      category,
      subcategory: unchanged,
      symptom: unchanged,
    })
    const waits = ['first', 'second'].map((rule) => ({ rule, at: due }))
    await appendByHand(folder, id, 'EscalationsScheduled', { rulesVersion: 1, due: waits })
    await appendByHand(folder, id, 'OnCallPaged', call)
    await appendByHand(folder, id, 'MajorIncidentPromoted', { manager: AGENTS[0], nextUpdateAt: due })
    return id
  }

  async function done(number: string): Promise<RecordedEvent[]> {
    const events = await folder.withLog((log) => log.readStream(`incident-${number}`))
    return events.filter(({ metadata, type }) => metadata.channel === 'policy' && EXPECTED.includes(type))
  }

  it('happen once each when the server is killed at any moment while they fall due', async () => {
    const numbers: string[] = []
    while (numbers.length < INCIDENTS) numbers.push(await armed())
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(Math.random() * 2_500)
      await server.kill()
      server = await ledgerdesk.serve(folder.path)
    }
    for (const number of numbers)
      await eventually(
        `${number} is done`,
        async () => (await done(number)).length >= EXPECTED.length,
        60_000,
      )
    await sleep(A_WHILE)
    for (const number of numbers) {
      const types = (await done(number)).map(({ type }) => type)
      expect([number, ...types.sort()]).toEqual([number, ...EXPECTED])
    }
  })
})
