import { ask } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { issueTokens, registerGroup, type Tokens } from './server/people.js'
import { Workload } from './server/workload.js'

describe('the command line beside a server under load', () => {
  const ledgerdesk = new Ledgerdesk()
  const folder = new DataFolder()
  const stop = new AbortController()
  let load: Promise<void>
  let tokens: Tokens
  let server: ServerProcess
  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    server = await ledgerdesk.serve(folder.path)
    await registerGroup(server, tokens)
    load = new Workload(tokens.agents, Math.random).run(server.url, 4, stop.signal)
  })
  afterAll(async () => {
    stop.abort()
    await load
    await ledgerdesk.dispose()
    folder.dispose()
  })

  const status = async (token: string) => (await ask(server.url, { token, path: '/queues' })).status
  const create = async (person: string) => {
    const words = ['token', 'create', '--person', person, '--name', 'Eve', '--role', 'agent']
    const { code, stdout, stderr } = await ledgerdesk.run(folder.path, ...words)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout.trim()
  }
  const revoke = (token: string) => ledgerdesk.run(folder.path, 'token', 'revoke', token)

  it('issues tokens that the server takes, and revokes them, at once', async () => {
    const token = await create('eve')
    // A second process's commit is noticed within 20 ms, less than a process takes to end: the very next request tells.
    expect(await status(token)).toBe(200)
    expect(await revoke(token)).toMatchObject({ code: 0, stdout: expect.stringContaining('revoked') })
    expect(await status(token)).toBe(401)
    expect(await status(tokens.agents[0]!)).toBe(200)
  })

  it('says no to a token that it does not know, or has revoked', async () => {
    expect(await revoke('ldk_00112233445566aa')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no token'),
    })
  })

  it('exports and lists what the server writes meanwhile', async () => {
    const { code, stdout } = await ledgerdesk.run(
      folder.path,
      'events',
      'export',
      '--type',
      'ApiTokenRevoked',
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout.trim())).toMatchObject({ subject: 'person-eve', authid: 'system:command-line' })
    const listed = await ledgerdesk.run(folder.path, 'projections', 'list')
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/work_queue .*\/projector/) })
  })
})
