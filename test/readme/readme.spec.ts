import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configurationTable } from '#libs/platform'

const README = readFileSync(join(__dirname, '../../README.md'), 'utf8')

function documentedTable(readme: string): string {
  return /<!-- configuration: .*-->\n([\s\S]*)<!-- \/configuration -->/.exec(readme)?.[1]?.trim() ?? ''
}

describe('the README', () => {
  it('says of every setting what the program says', () => {
    expect(documentedTable(README)).toBe(configurationTable())
  })

  it('would be caught with a setting missing', () => {
    const without = README.replace(/^.*LEDGERDESK_PORT.*\n/m, '')
    expect(documentedTable(without)).not.toBe(configurationTable())
  })
})
