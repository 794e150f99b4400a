import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

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
