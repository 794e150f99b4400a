import { Client } from '../e2e/client.js'
import { Desk, succeeded } from '../e2e/desk.js'
import { PrismProxy } from '../e2e/prism.js'
import { ForgetfulProxy } from './forgetful-proxy.js'

/**
 * The end-to-end tests themselves run through Prism with `E2E_PRISM=1`. Here it is shown that it would object.
 */
describe('prism proxy --errors', () => {
  let desk: Desk
  let number: string
  beforeAll(async () => {
    desk = await Desk.open()
    number = await desk.opened()
  })
  afterAll(() => desk.close())

  async function through(
    field: string,
  ): Promise<(path: string) => Promise<{ status: number; body: unknown }>> {
    const forgetful = await ForgetfulProxy.start(desk.server.url, field)
    const prism = await PrismProxy.start(forgetful.url)
    return async (path) => {
      const headers = { authorization: `Bearer ${desk.as('ann').token}` }
      const response = await fetch(prism.url + path, { headers })
      const body = await response.json()
      await prism.stop()
      forgetful.stop()
      return { status: response.status, body }
    }
  }

  it('lets an answer pass that is within the contract', async () => {
    const { status, body } = await (await through('nothing'))(`/incidents/${number}`)
    expect([status, body]).toEqual([200, expect.objectContaining({ number, state: 'New' })])
  })

  it('objects to an answer that lacks a required field; so does the check in every end-to-end test', async () => {
    const { status, body } = await (await through('state'))(`/incidents/${number}`)
    expect([status, JSON.stringify(body)]).toEqual([500, expect.stringMatching(/state/)])

    const forgetful = await ForgetfulProxy.start(desk.server.url, 'state')
    const { token } = desk.as('ann')
    const client = new Client(
      () => ({ url: forgetful.url, direct: forgetful.url, openapi: desk.openapi }),
      token,
    )
    await expect(client.get(`/incidents/${number}`)).rejects.toThrow(/must have required property 'state'/)
    succeeded(await client.get('/queues'))
    forgetful.stop()
  })
})
