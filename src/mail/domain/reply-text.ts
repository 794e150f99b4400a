/**
 * What somebody wrote in an answer, without what it quotes. Cautious: where nothing would be left, or nothing looks like a
 * quotation, all of it stays; and the whole message is kept in any case.
 */
export function replyText(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const end = lines.findIndex((line, i) => beginsQuotation(line, lines, i))
  const written = end < 0 ? lines : lines.slice(0, end)
  const own = withoutSignature(written.filter((line) => !line.startsWith('>')))
  return own.trim() === '' ? text.trim() : own.trim()
}

/** RFC 3676, section 4.3: two dashes and a blank on a line of their own. */
function withoutSignature(lines: readonly string[]): string {
  const at = lines.lastIndexOf('-- ')
  return (at < 0 ? lines : lines.slice(0, at)).join('\n')
}

/** Lines with which mail programs begin the message that they quote below the answer, in the languages that we have seen. */
const HEADINGS = [
  /^-{2,} ?(original message|ursprüngliche nachricht|message d'origine|messaggio originale|mensaje original) ?-{2,}$/i,
  /^_{20,}$/,
]
const ATTRIBUTION =
  /^(on|am|le|il|el|op|den) .*(wrote|schrieb.*|a écrit|ha scritto|escribió|schreef|skrev) ?:$/i

function beginsQuotation(line: string, lines: readonly string[], i: number): boolean {
  const bare = line.trim()
  if (isHeaderBlock(lines, i)) return true
  if (HEADINGS.some((heading) => heading.test(bare))) return true
  // Long attributions are broken over two lines
  const joined = `${bare} ${lines[i + 1]?.trim() ?? ''}`.trim()
  const attributed = ATTRIBUTION.test(bare) || (!bare.endsWith(':') && ATTRIBUTION.test(joined))
  if (attributed) return lines.slice(i + 1).some((later) => later.startsWith('>') || later.trim() !== '')
  return false
}

/** The head of the message that Outlook puts below an answer: a sender, and soon after it a time and a subject. */
function isHeaderBlock(lines: readonly string[], i: number): boolean {
  const next = lines.slice(i + 1, i + 6)
  return (
    /^\*?(From|Von|De|Da)\s?:\*? ?\S/.test(lines[i] ?? '') &&
    next.some((line) => /^\*?(Sent|Date|Gesendet|Datum|Envoyé|Inviato|Data|Enviado)\s?:/.test(line)) &&
    next.some((line) => /^\*?(Subject|Betreff|Objet|Oggetto|Asunto)\s?:/.test(line))
  )
}

const SUBJECT_NUMBER = /\[((?:INC)\d{7,})\]/i

/** The number in `[INC0000001]` of a subject, which every mail of ours has there. */
export function numberInSubject(subject: string): string | undefined {
  return SUBJECT_NUMBER.exec(subject)?.[1]?.toUpperCase()
}

/** The number in a `Message-ID` of ours, as answers name it: `<INC0000001.…@host>`. */
export function numberInMessageId(messageId: string): string | undefined {
  return /^<(INC\d{7,})[.@]/i.exec(messageId)?.[1]?.toUpperCase()
}

/** The notification in a `Message-ID` of ours: `<notification-<id>@host>`. */
export function notificationInMessageId(messageId: string): string | undefined {
  return /^<notification-([0-9a-f-]{36})@/i.exec(messageId)?.[1]?.toLowerCase()
}

/** A text in the length that texts may have; the whole message is kept in any case. */
export function fitting(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  return `${text.slice(0, LONGEST_TEXT - CUT_OFF.length)}${CUT_OFF}`
}
const CUT_OFF = '\n[…] The rest stands in the message, which is kept.'

/** A subject as a title: without the marks of answers and forwards, and without the number. */
export function titleOf(subject: string): string {
  const bare = subject
    .replace(SUBJECT_NUMBER, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^(\s*(re|aw|sv|r|fw|fwd|wg|tr)(\[\d+\])?\s*:)+/i, '')
    .trim()
  return bare === '' ? '(no subject)' : bare.slice(0, MAX_TITLE)
}

/** As long as titles and texts may be over HTTP. */
const MAX_TITLE = 500
const LONGEST_TEXT = 200_000
