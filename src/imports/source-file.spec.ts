import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { ImportMapping } from './mapping.js'
import { inspectFile, openRows, requireReadable, type SourceRow } from './source-file.js'

const QUOTING: ImportMapping['format'] = {
  delimiter: ';',
  quote: '"',
  encoding: 'utf8',
  missing: [''],
  repeatedColumns: 'refuse',
}
const PLAIN = { ...QUOTING, quote: null }

const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-import-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(content: string | Buffer): string {
  const path = join(folder, 'rows.csv')
  writeFileSync(path, content)
  return path
}

async function readAll(
  content: string | Buffer,
  format = QUOTING,
  size = 2,
): Promise<{ header: readonly string[]; rows: SourceRow[] }> {
  const path = file(content)
  const opened = await openRows(path, await inspectFile(path), format)
  const rows: SourceRow[] = []
  for await (const batch of opened.batches(size)) {
    expect(batch.length).toBeLessThanOrEqual(size)
    rows.push(...batch)
  }
  return { header: opened.header, rows }
}

describe.each([
  ['that quotes', QUOTING],
  ['that quotes nothing', PLAIN],
])('a file %s', (_, format) => {
  it('has a header, and rows numbered from 1', async () => {
    expect(await readAll('a;b\n1;2\n3;4\n5;6', format)).toEqual({
      header: ['a', 'b'],
      rows: [
        { row: 1, cells: ['1', '2'] },
        { row: 2, cells: ['3', '4'] },
        { row: 3, cells: ['5', '6'] },
      ],
    })
  })

  it('may begin with a BOM, end its lines as Windows does, and have empty ones', async () => {
    const { header, rows } = await readAll('\uFEFFa;b\r\n\r\n1;ä\r\n\r\n', format)
    expect(header).toEqual(['a', 'b'])
    expect(rows).toEqual([{ row: 1, cells: ['1', 'ä'] }])
  })

  it('may be compressed, whatever its name', async () => {
    const { rows } = await readAll(gzipSync('a;b\n1;2\n'), format)
    expect(rows).toEqual([{ row: 1, cells: ['1', '2'] }])
  })

  it('may have rows of another width, which are told', async () => {
    const { rows } = await readAll('a;b\n1\n1;2\n1;2;3\n', format)
    expect(rows).toEqual([
      { row: 1, unreadable: 'has 1 columns, not 2' },
      { row: 2, cells: ['1', '2'] },
      { row: 3, unreadable: 'has 3 columns, not 2' },
    ])
  })

  it('that names a column twice numbers them, when the mapping says so', async () => {
    const { header } = await readAll('a;b;a;a\n1;2;3;4\n', { ...format, repeatedColumns: 'number' })
    expect(header).toEqual(['a', 'b', 'a (2)', 'a (3)'])
    const clash = readAll('a;a;a (2)\n', { ...format, repeatedColumns: 'number' })
    await expect(clash).rejects.toMatchObject({ code: 'IMPORT.FILE_UNREADABLE' })
  })

  it.each([
    ['is empty', '', 'no header'],
    ['names a column twice', 'a;b;a\n', 'names a more than once'],
  ])('that %s is refused', async (__, content, message) => {
    await expect(readAll(content, format)).rejects.toMatchObject({
      code: 'IMPORT.FILE_UNREADABLE',
      message: expect.stringContaining(message),
    })
  })

  it('that ends in the middle of its compression is refused, not waited for', async () => {
    const whole = gzipSync(
      `a;b\n${Array.from({ length: 50_000 }, (__, n) => `${n};${Math.sqrt(n)}`).join('\n')}`,
    )
    await expect(readAll(whole.subarray(0, whole.length / 2), format, 1_000)).rejects.toMatchObject({
      code: 'IMPORT.FILE_UNREADABLE',
      message: expect.stringContaining('damaged after row'),
    })
  })

  it('says how far it is read', async () => {
    const path = file('a;b\n1;2\n')
    const opened = await openRows(path, await inspectFile(path), format)
    for await (const _batch of opened.batches(1)) expect(opened.bytesRead()).toBe(8)
  })
})

describe('a file that quotes', () => {
  it('may have delimiters, quotes and line ends in its cells', async () => {
    const { rows } = await readAll('a;b\n"1;2";"say ""no""\nand go"\n')
    expect(rows).toEqual([{ row: 1, cells: ['1;2', 'say "no"\nand go'] }])
  })

  it('may have quotation marks where none belong', async () => {
    const { rows } = await readAll('a;b\n5" disk;x\n"3"x;4\n"5";6\n')
    expect(rows.map((row) => 'cells' in row && row.cells)).toEqual([
      ['5" disk', 'x'],
      ['"3"x', '4'],
      ['5', '6'],
    ])
  })

  it('may end in the middle of a cell: what was before is read, the rest is told', async () => {
    const { rows } = await readAll('a;b\n1;2\n3;4\n"5;6\n7;8\n')
    expect(rows).toEqual([
      { row: 1, cells: ['1', '2'] },
      { row: 2, cells: ['3', '4'] },
      { row: 3, unreadable: expect.stringContaining('Quote Not Closed') },
    ])
  })
})

describe('a file that quotes nothing', () => {
  it('has quotation marks like any other character', async () => {
    const { rows } = await readAll('a;b\n"1;2"\n', PLAIN)
    expect(rows).toEqual([{ row: 1, cells: ['"1', '2"'] }])
  })

  it('is read as the parser for quoting files reads it', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'Ä', '€', '😀', ' ', ','), maxLength: 5 })
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n'), async (cells, lineEnd) => {
        const content = ['a;b', ...cells.map((row) => row.join(';'))].join(lineEnd)
        expect(await readAll(content, PLAIN)).toEqual(await readAll(content, QUOTING))
      }),
    )
  })

  it('may be longer than what is read at once', async () => {
    const lines = Array.from({ length: 60_000 }, (_, n) => `${n};${'é'.repeat(n % 20)}`)
    const { rows } = await readAll(['a;b', ...lines].join('\n'), PLAIN, 500)
    expect(rows.map((row) => ('cells' in row ? row.cells.join(';') : ''))).toEqual(lines)
  })

  it('may be written in UTF-16 or Latin-1', async () => {
    for (const encoding of ['utf16le', 'latin1'] as const) {
      const { rows } = await readAll(Buffer.from('a;b\n1;ü\n', encoding), { ...PLAIN, encoding })
      expect(rows).toEqual([{ row: 1, cells: ['1', 'ü'] }])
    }
  })
})

it.each([
  ['quoting', QUOTING],
  ['plain', PLAIN],
])(
  'a file must be in the encoding that is said (%s): a letter that would be lost makes a row unreadable',
  async (_, format) => {
    const latin = Buffer.from('a;b\n1;plain\n2;\u00fcber\n', 'latin1')
    const { rows } = await readAll(latin, format)
    expect(rows).toEqual([
      { row: 1, cells: ['1', 'plain'] },
      { row: 2, unreadable: expect.stringContaining('is not in UTF-8') },
    ])
    const cutOff = await readAll(Buffer.from('a;b\n1;\u00fc').subarray(0, -1), format)
    expect(cutOff.rows).toEqual([{ row: 1, unreadable: expect.stringContaining('is not in UTF-8') }])
    const own = await readAll('a;b\n1;\ufffd\n2;\u00fcber\n', format)
    expect(own.rows).toEqual([
      { row: 1, cells: ['1', '\ufffd'] },
      { row: 2, cells: ['2', '\u00fcber'] },
    ])
  },
)

it('what is to be imported is there, and what the mapping wants', async () => {
  const path = file('a;b\n')
  await requireReadable(path, 'file')
  await requireReadable(folder, 'folder')
  const refused = { code: 'IMPORT.FILE_UNREADABLE' }
  await expect(requireReadable(join(folder, 'none.csv'), 'file')).rejects.toMatchObject(refused)
  await expect(requireReadable(folder, 'file')).rejects.toThrow('is a folder: the mapping wants a file')
  await expect(requireReadable(path, 'folder')).rejects.toThrow('is a file: the mapping wants a folder')
})

it('a file that is not there is refused', async () => {
  await expect(inspectFile(join(folder, 'none.csv'))).rejects.toMatchObject({
    code: 'IMPORT.FILE_UNREADABLE',
  })
})
