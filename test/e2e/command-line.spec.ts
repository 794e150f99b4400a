import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ServerProcess } from './server.js'

/** What the command line says when it fails. */
function failure(server: ServerProcess, ...args: string[]): Promise<string> {
  return server.cli(...args).then(
    () => 'nothing',
    ({ stderr }: { stderr: string }) => stderr.trim(),
  )
}

describe('the command line on a data folder', () => {
  const server = new ServerProcess({}, 'embedded')
  beforeAll(() => server.prepare())
  afterAll(() => server.dispose())

  it('says that there is no log to back up', async () => {
    expect(await failure(server, 'backup', join(server.dataDir, 'copy'))).toBe(
      `There is no log ${join(server.dataDir, 'log.db')}: LEDGERDESK_DATA_DIR names another folder`,
    )
  })

  it('keeps one backup a folder', async () => {
    await server.createToken('adam', 'administrator')
    const folder = join(server.dataDir, 'copy')
    await server.cli('backup', folder)
    expect(await failure(server, 'backup', folder)).toBe(
      `${folder} holds a backup already: name another folder`,
    )
  })
})

describe('the command line', () => {
  const server = new ServerProcess()
  beforeAll(() => server.createToken('adam', 'administrator'))
  afterAll(() => server.dispose())

  it('knows which event types there are', async () => {
    expect(await failure(server, 'events', 'export', '--type', 'IncidentOpend')).toMatch(
      /^There is no event type IncidentOpend; there are .*IncidentOpened/,
    )
  })

  it('ends quietly when nobody reads on', async () => {
    const child = spawn(process.execPath, server.command('events', 'export'), {
      env: server.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const code = await new Promise((ended) => child.once('close', ended))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
