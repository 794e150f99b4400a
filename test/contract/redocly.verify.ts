import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenApiDocument } from '#libs/platform'
import { ServerProcess } from '../e2e/server.js'
import { run, verifier } from './program.js'

describe('redocly lint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-lint-'))
  let openapi: OpenApiDocument

  beforeAll(async () => {
    const server = new ServerProcess()
    await server.start()
    openapi = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApiDocument
    await server.dispose()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function lint(document: object): Promise<{ errors: number; warnings: number; rules: string[] }> {
    const file = join(folder, 'openapi.json')
    writeFileSync(file, JSON.stringify(document))
    const { output } = await run(verifier('redocly'), ['lint', file, '--format=json'])
    const report = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1))
    return { ...report.totals, rules: report.problems.map(({ ruleId }: { ruleId: string }) => ruleId) }
  }

  it('finds nothing in the document that the server publishes', async () => {
    expect(await lint(openapi)).toMatchObject({ errors: 0, warnings: 0, rules: [] })
  })

  it('would find what is wrong', async () => {
    const wrong = structuredClone(openapi)
    const open = wrong.paths['/incidents']?.post as { responses: Record<string, unknown>; summary?: string }
    open.responses['418'] = { $ref: '#/components/responses/Nothing' }
    delete open.summary
    const { errors, rules } = await lint(wrong)
    expect(errors).toBeGreaterThan(0)
    expect(rules).toEqual(expect.arrayContaining(['no-unresolved-refs', 'operation-summary']))
  })
})
