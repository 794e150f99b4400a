import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Client } from '../e2e/client.js'
import { Desk, succeeded } from '../e2e/desk.js'
import { throughPrism } from '../e2e/prism.js'
import { ended } from '../e2e/server.js'
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
    const contract = await (await fetch(`${desk.server.url}/openapi.json`)).text()
    const way = await throughPrism(forgetful.url, contract)
    return async (path) => {
      const headers = { authorization: `Bearer ${desk.as('ann').token}`, ...way!.headers }
      const response = await fetch(way!.url + path, { headers })
      const body = await response.json()
      forgetful.stop()
      return { status: response.status, body }
    }
  }

  it('is one for all servers that publish what it has read', async () => {
    const contract = await (await fetch(`${desk.server.url}/openapi.json`)).text()
    const { E2E_PRISM_URL: url } = process.env
    expect(await throughPrism(desk.server.url, contract)).toEqual({
      url,
      headers: { 'x-upstream': desk.server.url },
    })
    const own = await throughPrism(desk.server.url, `${contract} `)
    expect(own?.url).not.toBe(url)
    await own?.stop?.()
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
