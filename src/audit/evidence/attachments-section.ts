import type { EvidenceFile } from './evidence-files.js'
import { type Html, html, lines, table } from './html.js'

const LEFT_OUT: Readonly<Record<NonNullable<EvidenceFile['leftOut']>, string>> = {
  'too-large': 'left out: too large for this archive',
  missing: 'left out: the store has no such content',
  damaged: 'left out: what is stored is not what was attached',
}

/** Which files were attached, and where in the archive they are. */
export function attachmentsSection(files: readonly EvidenceFile[]): Html {
  const leftOut = files.filter((file) => file.leftOut !== undefined)
  return lines(
    table(
      ['When', 'By', 'Name', 'Type', 'Bytes', 'SHA-256', 'In this archive'],
      files.map(({ at, by, name, contentType, size, hash, file, leftOut: because }) => [
        at,
        by,
        name,
        contentType,
        String(size),
        hash,
        file ?? (because && LEFT_OUT[because]),
      ]),
      'No file was attached.',
    ),
    leftOut.length < files.length
      ? html`<p>Of those in this archive the SHA-256 was computed again from their content: the same.</p>`
      : html``,
    leftOut.length > 0
      ? html`<p class="wrong">${leftOut.length} of ${files.length} files are not in this archive.</p>`
      : html``,
  )
}
