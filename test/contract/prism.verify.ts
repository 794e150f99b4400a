import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Client } from '../e2e/client.js'
import { Desk, succeeded } from '../e2e/desk.js'
import { publishedContract, throughPrism } from '../e2e/prism.js'
import { ended, ServerProcess } from '../e2e/server.js'
import { ForgetfulProxy } from './forgetful-proxy.js'

const PRISM = resolve(__dirname, '../servers/prism.mjs')

/**
 * The end-to-end tests themselves run through the Prism of `test/servers/prism.mjs`. Here it is shown that it would object.
 */
describe('prism proxy --errors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-prism-'))
  let prism: ChildProcess
  let desk: Desk
  let number: string
  beforeAll(async () => {
    desk = await Desk.open()
    number = await desk.opened()
    prism = await startPrism()
  })
  afterAll(async () => {
    delete process.env.E2E_PRISM_URL
    delete process.env.E2E_PRISM_CONTRACT
    await ended(prism)
    rmSync(folder, { recursive: true })
    await desk.close()
  })

  /** Resolves when it serves, and has what it prints in the environment. */
  function startPrism(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [PRISM, 'serve', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    return new Promise((started, failed) => {
      child.once('exit', (code) => failed(new Error(`Prism ended (${code})`)))
      child.stdout.setEncoding('utf8').on('data', (more: string) => {
        text += more
        const [, url, contract] = /E2E_PRISM_URL=(.+)\nexport E2E_PRISM_CONTRACT='(.+)'\n/.exec(text) ?? []
        if (!url) return
        Object.assign(process.env, { E2E_PRISM_URL: url, E2E_PRISM_CONTRACT: contract })
        started(child)
      })
    })
  }

  async function through(
    field: string,
  ): Promise<(path: string) => Promise<{ status: number; body: unknown }>> {
    const forgetful = await ForgetfulProxy.start(desk.server.url, field)
    const { url, headers } = throughPrism(forgetful.url)!
    return async (path) => {
      const authorization = `Bearer ${desk.as('ann').token}`
      const response = await fetch(url + path, { headers: { authorization, ...headers } })
      const body = await response.json()
      forgetful.stop()
      return { status: response.status, body }
    }
  }

  it('has read what servers publish, whatever their settings', async () => {
    const other = new ServerProcess({
      RATE_LIMIT: '0',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'itsm@example.org',
    })
    await other.start()
    const read = await publishedContract(desk.server.url)
    for (const { url } of [desk.server, other])
      expect(await (await fetch(`${url}/openapi.json`)).text()).toBe(read)
    await other.dispose()
  })

  it('lets an answer pass that is within the contract', async () => {
    const { status, body } = await (await through('nothing'))(`/incidents/${number}`)
    expect([status, body]).toEqual([200, expect.objectContaining({ number, state: 'New' })])
  })

  it('objects to an answer that lacks a required field; so does the check in every end-to-end test', async () => {
    const { status, body } = await (await through('state'))(`/incidents/${number}`)
    expect([status, JSON.stringify(body)]).toEqual([500, expect.stringMatching(/state/)])

    const forgetful = await ForgetfulProxy.start(desk.server.url, 'state')
    const { token } = desk.as('ann')
    const client = new Client(() => ({ direct: forgetful.url, openapi: desk.openapi }), token)
    await expect(client.get(`/incidents/${number}`)).rejects.toThrow(/must have required property 'state'/)
    succeeded(await client.get('/queues'))
    forgetful.stop()
  })
})
