import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { OpenApiDocument } from '#libs/platform'
import { Client } from '../e2e/client.js'
import { FirstOfEach } from '../e2e/prism.js'

const PRISM = resolve(__dirname, '../servers/prism.mjs')
const CONTRACT = { paths: { '/records': { get: {}, post: {} }, '/records/{id}': { get: {} } } }

describe('What came by Prism', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-test-'))
    writeFileSync(join(folder, 'openapi.json'), JSON.stringify(CONTRACT))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function unseen(...seen: string[]) {
    if (seen.length > 0) writeFileSync(join(folder, 'seen'), `${seen.join('\n')}\n`)
    const { status, stdout } = spawnSync(process.execPath, [PRISM, 'unseen', folder], { encoding: 'utf8' })
    return { status, lines: stdout.trim().split('\n') }
  }

  it('is every operation of the contract; of which there were refusals only, is told', () => {
    expect(
      unseen('done GET /records', 'refused GET /records', 'done POST /records', 'refused GET /records/{id}'),
    ).toEqual({
      status: 0,
      lines: ['only refusals seen through Prism: GET /records/{id}', '3 of 3 operations seen through Prism'],
    })
  })

  it('fails the run when an operation is missing (counter-proof)', () => {
    expect(unseen('done GET /records', 'refused POST /records')).toEqual({
      status: 1,
      lines: [
        'only refusals seen through Prism: POST /records',
        'not seen through Prism: GET /records/{id}',
        '2 of 3 operations seen through Prism',
      ],
    })
  })

  it('fails the run when nothing came by', () => {
    expect(unseen()).toMatchObject({ status: 1 })
  })
})

describe('Which requests of a test go by Prism', () => {
  const ways = async (times: number) => {
    const first = new FirstOfEach(times)
    const asked: string[] = []
    const server = createServer((request, answer) => {
      asked.push(request.headers['x-by'] ? 'Prism' : 'straight')
      answer.setHeader('content-type', 'application/json').end('{}')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const direct = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const proxy = { url: direct, headers: { 'x-by': 'Prism' }, takes: (name: string) => first.takes(name) }
    const answers = { responses: { 200: { content: { 'application/json': { schema: {} } } } } }
    const paths = { '/records/{id}': { get: answers, put: answers } }
    const openapi = { paths, components: { schemas: {} } } as unknown as OpenApiDocument
    const client = new Client(() => ({ direct, proxy, openapi }))
    for (const id of ['1', '2', '3']) await client.get(`/records/${id}`, { by: id })
    await client.put('/records/1', {})
    await client.put('/records/1', {}, { offContract: true })
    server.close()
    return asked
  }

  it('are the first of each operation, whatever it is asked about', async () => {
    expect(await ways(2)).toEqual(['Prism', 'Prism', 'straight', 'Prism', 'straight'])
  })

  it('are all that keep to the contract, where no number limits them', async () => {
    expect(await ways(Number.POSITIVE_INFINITY)).toEqual(['Prism', 'Prism', 'Prism', 'Prism', 'straight'])
  })
})
