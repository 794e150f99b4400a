import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROLES } from '#libs/access'
import { Desk, succeeded } from '../e2e/desk.js'
import { ForgetfulProxy } from './forgetful-proxy.js'
import { type Ended, run } from './program.js'

const SCHEMATHESIS = process.env.SCHEMATHESIS ?? 'schemathesis'
/** Of each operation with each way to make one up; the examples of the contract and its edges are tried in any case. */
const EXAMPLES = Number(process.env.SCHEMATHESIS_EXAMPLES ?? (process.env.CI === 'true' ? 4 : 10))
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
]

/** Walks the whole OpenAPI document with requests within and outside it. */
describe('schemathesis', () => {
  /** It keeps what it found where it was started. */
  const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-schemathesis-'))
  let desk: Desk
  let token: string | undefined

  beforeAll(async () => {
    desk = await Desk.open()
    // Who has every role gets to the bottom of every endpoint; what the examples name should be there.
    const everyRole = ROLES.filter((role) => role !== 'service')
    token = (await desk.enrol('walker', ...everyRole)).token
    await desk.enrol('agent', 'agent')
    await desk.enrol('caller-2403', 'requester')
    await desk.founded('Group 70', ['walker', 'agent'])
    for (let i = 0; i < 5; i++)
      succeeded(await desk.as('walker').post('/incidents', { title: `Example ${i}` }))
  })
  afterAll(async () => {
    await desk.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function walk(
    url: string,
    examples: number,
    bearer: string | undefined,
    ...more: string[]
  ): Promise<Ended> {
    const limits = ['--max-examples', String(examples), '--seed', '1']
    const checks = ['--checks', CHECKS.join(','), '--no-color', '--request-timeout', '30']
    const headers = bearer === undefined ? [] : ['--header', `Authorization: Bearer ${bearer}`]
    const command = ['run', `${url}/openapi.json`, ...limits, ...checks, ...headers, ...more]
    const env = { PYTHONPATH: join(__dirname, 'verifiers'), SCHEMATHESIS_HOOKS: 'message_bodies' }
    return run(SCHEMATHESIS, command, { cwd: folder, env })
  }

  it('finds no 5xx, undocumented status, or body outside its schema, with a token of every role', async () => {
    const { code, output } = await walk(
      desk.server.url,
      EXAMPLES,
      token,
      '--phases',
      'examples,coverage,fuzzing',
    )
    expect(code === 0 ? 'nothing found' : output).toBe('nothing found')
    expect(output).toMatch(/Tested: (\d+)\s/)
  })

  it('finds none without a token', async () => {
    // One refusal is like another
    const { code, output } = await walk(desk.server.url, 1, undefined, '--phases', 'examples,fuzzing')
    expect(code === 0 ? 'nothing found' : output).toBe('nothing found')
  })

  it('finds an answer that lacks a required field', async () => {
    const forgetful = await ForgetfulProxy.start(desk.server.url, 'position')
    const { code, output } = await walk(
      forgetful.url,
      3,
      token,
      '--phases',
      'fuzzing',
      '--include-path',
      '/queues',
    )
    forgetful.stop()
    expect(code).not.toBe(0)
    expect(output).toMatch(/position/)
  })
})
