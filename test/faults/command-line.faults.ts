import { rmSync } from 'node:fs'
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

  it('tails what comes after it has told all that was there', async () => {
    const words = ['events', 'tail', '--type', 'PersonRegistered']
    let told = 0
    for await (const line of ledgerdesk.follow(folder.path, ...words)) {
      const { subject } = JSON.parse(line) as { subject: string }
      told++
      // Only one who still follows can tell of somebody that registers now
      if (subject === 'person-eve') void create('late-lena')
      if (subject === 'person-late-lena') break
    }
    expect(told).toBeGreaterThan(1)
  })

  it('backs up and restores into an empty folder, and into no other', async () => {
    const [backup, target] = [`${folder.path}-backup`, new DataFolder()]
    expect(await ledgerdesk.run(folder.path, 'backup', backup)).toMatchObject({ code: 0, stderr: '' })
    const restored = await ledgerdesk.run(target.path, 'restore', backup)
    expect(restored).toMatchObject({ code: 0, stderr: '' })
    expect(await ledgerdesk.run(target.path, 'check')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is sound'),
    })
    expect(await ledgerdesk.run(target.path, 'restore', backup)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    })
    expect(await ledgerdesk.run(target.path, 'restore', `${target.path}-nothing`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('holds no backup'),
    })
    rmSync(backup, { recursive: true })
    target.dispose()
  })
})
