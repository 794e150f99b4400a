import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Desk, succeeded } from '../e2e/desk.js'
import { ended } from '../e2e/server.js'
import { LyingWebhook } from './lying-webhook.js'

/** Alertmanager tries again within a second or two; what it repeats comes a `group_interval` later. */
const GROUP_INTERVAL_SECONDS = 10
const RETRY_WINDOW_SECONDS = 8
const PATIENCE_MS = 120_000

const CONFIGURATION = (url: string, token: string) => `
route:
  receiver: ledgerdesk
  group_by: [alertname]
  group_wait: 1s
  group_interval: ${GROUP_INTERVAL_SECONDS}s
  repeat_interval: 1s
receivers:
  - name: ledgerdesk
    webhook_configs:
      - url: ${url}/alerts/alertmanager
        http_config:
          authorization:
            credentials: ${token}
`

interface Listed {
  key: string
  count: number
  firings: number
  episodes: number
  condition: string
  incident: string
}

describe('Alertmanager (Debian) behind a proxy that denies what was stored', () => {
  let desk: Desk
  let webhook: LyingWebhook
  beforeAll(async () => {
    desk = await Desk.open()
    webhook = await LyingWebhook.start(desk.server.url)
  }, 120_000)
  afterAll(async () => {
    webhook.stop()
    await desk.close()
  })

  async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`)
      await sleep(100)
    }
  }

  /** Two alerts of one group fire, are repeated, clear and fire again. @returns the alerts, as the server tells of them */
  async function story(key: 'group' | 'fingerprint', retryWindowSeconds: number): Promise<Listed[]> {
    const { content } = succeeded(await desk.as('adam').get('/settings/alert-mapping'))
    succeeded(await desk.as('adam').put('/settings/alert-mapping', { ...content, key, retryWindowSeconds }))
    const alertname = `Slow-${key}-${retryWindowSeconds}`
    const before = webhook.lies
    const alertmanager = await Alertmanager.start(webhook.url, desk.as('service:monitoring').token as string)
    try {
      const told = (status: string) =>
        webhook.passed.filter(
          (one) => one.groupKey.includes(`"${alertname}"`) && one.status === status && !one.retry,
        ).length
      await alertmanager.tell(alertname, 'firing')
      await until('fired and repeated', () => told('firing') >= 3)
      await alertmanager.tell(alertname, 'resolved')
      await until('cleared', () => told('resolved') >= 1)
      await alertmanager.tell(alertname, 'firing')
      const repeats = told('firing')
      await until('fired again', () => told('firing') > repeats)
    } finally {
      await alertmanager.stop()
    }
    expect(webhook.lies - before).toBeGreaterThan(2)
    const listed = async (): Promise<Listed[]> => {
      const { items } = succeeded(await desk.as('ann').get('/alerts', { pageSize: 1_000 }))
      return items.filter(({ labels }: { labels: { alertname: string } }) => labels.alertname === alertname)
    }
    await until('all of it shown', async () => (await listed()).every(({ firings }) => firings >= 2))
    return listed()
  }

  /** Notifications that an alert fires, as the proxy saw them: by group key, or by fingerprint. */
  function sent(key: string): number {
    return webhook.passed.filter(
      ({ groupKey, status, alerts, retry }) =>
        !retry &&
        ((groupKey === key && status === 'firing') ||
          alerts.some((alert) => alert.fingerprint === key && alert.status === 'firing')),
    ).length
  }

  it.each([
    ['group', 1],
    ['fingerprint', 2],
  ] as const)('by %s: one open incident for each, and counts that are right', async (key, keys) => {
    const alerts = await story(key, RETRY_WINDOW_SECONDS)
    expect(alerts).toHaveLength(keys)
    for (const alert of alerts) {
      expect(alert).toMatchObject({ condition: 'firing', firings: 2, episodes: 1, count: sent(alert.key) })
      await until('reopened', async () => {
        const incident = succeeded(await desk.as('ann').get(`/incidents/${alert.incident}`))
        return incident.state === 'In Progress' && incident.reopenCount === 1
      })
    }
    const { items } = succeeded(await desk.as('ann').get('/incidents', { pageSize: 1_000 }))
    const numbers = alerts.map(({ incident }) => incident).sort()
    const opened = items.filter(
      ({ title }: { title: string }) => title === `Slow-${key}-${RETRY_WINDOW_SECONDS}`,
    )
    expect(opened.map(({ number }: { number: string }) => number).sort()).toEqual(numbers)
  })

  it('without a retry window: the counts are wrong (counter-proof)', async () => {
    const [alert] = await story('group', 0)
    expect(alert?.count).toBeGreaterThan(sent(alert?.key as string))
    expect(alert).toMatchObject({ episodes: 1 })
  })
})

/** Debian's `prometheus-alertmanager`, by itself. */
class Alertmanager {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
    private readonly folder: string,
  ) {}

  static async start(webhook: string, token: string): Promise<Alertmanager> {
    const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-alertmanager-'))
    const file = join(folder, 'alertmanager.yml')
    writeFileSync(file, CONFIGURATION(webhook, token), { mode: 0o600 })
    const port = await freePort()
    const child = spawn(
      'prometheus-alertmanager',
      [
        `--config.file=${file}`,
        `--storage.path=${folder}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const log: string[] = []
    child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text))
    const failed = new Promise<never>((_, fail) => child.once('error', fail))
    const url = `http://127.0.0.1:${port}`
    for (const deadline = performance.now() + 30_000; ; ) {
      const ready = await Promise.race([
        fetch(`${url}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
        failed,
      ])
      if (ready) return new Alertmanager(child, url, folder)
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`Alertmanager does not get ready:\n${log.join('')}`)
      await sleep(100)
    }
  }

  async tell(alertname: string, status: 'firing' | 'resolved'): Promise<void> {
    const now = new Date().toISOString()
    const alerts = ['web-1', 'web-2'].map((instance) => ({
      labels: { alertname, instance },
      annotations: { title: alertname },
      ...(status === 'firing' ? { startsAt: now } : { endsAt: now }),
    }))
    const response = await fetch(`${this.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    })
    if (!response.ok) throw new Error(`Alertmanager: ${response.status} ${await response.text()}`)
  }

  async stop(): Promise<void> {
    await ended(this.child)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => found(port))
    })
  })
}
