import { createHash } from 'node:crypto'
import { strToU8, type Zippable, zipSync } from 'fflate'
import type { Evidence } from './evidence.js'
import type { EvidenceFiles } from './evidence-files.js'
import { evidencePage } from './evidence-page.js'

/** Who took it out, and when (ISO 8601). */
export interface Extraction {
  by: string
  at: string
}

/** Tells what is in the archive; a digest per file, so that each can be checked by itself. */
export interface EvidenceManifest {
  change: string
  position: string
  extractedBy: string
  extractedAt: string
  files: Readonly<Record<string, { sha256: string; bytes: number }>>
}

/** Times in a ZIP file begin in 1980, and have no zone: those of files here say nothing. */
const NO_TIME = new Date(1980, 0, 1)

/**
 * A ZIP of the evidence as a page and as JSON, the events that it was made from, the files that were attached, and a manifest. Of the
 * same position all files but the manifest are the same again, byte by byte, as long as the store has what was attached.
 */
export function evidenceArchive(
  evidence: Evidence,
  attached: EvidenceFiles,
  { by, at }: Extraction,
): { zip: Buffer; sha256: string } {
  const { events, ...told } = evidence
  const files = {
    'evidence.html': strToU8(evidencePage(evidence, attached.told)),
    'evidence.json': strToU8(pretty({ ...told, attachments: attached.told })),
    'events.json': strToU8(pretty(events)),
    ...attached.contents,
  }
  const manifest: EvidenceManifest = {
    change: evidence.change,
    position: evidence.position,
    extractedBy: by,
    extractedAt: at,
    files: Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name, { sha256: digestOf(bytes), bytes: bytes.length }]),
    ),
  }
  const zip = zipSync(
    { ...files, ...stored(attached.contents), 'manifest.json': strToU8(pretty(manifest)) },
    { mtime: NO_TIME },
  )
  return { zip: Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength), sha256: digestOf(zip) }
}

/** As they are: most kinds of files are compressed already, and to try it takes the time of everybody else. */
function stored(contents: EvidenceFiles['contents']): Zippable {
  return Object.fromEntries(Object.entries(contents).map(([path, bytes]) => [path, [bytes, { level: 0 }]]))
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
