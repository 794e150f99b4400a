import { randomUUID } from 'node:crypto'
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { BlobStore } from '#libs/blob-store'
import { InvalidInput } from '#libs/event-sourcing'
import { Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import type { KeysetCursor } from '#libs/read-store'
import type { AuditFinding } from '#projections/audit-findings/finding'
import { CommandSender } from '../http/command-sender.js'
import { CSV_CONTENT_TYPE } from '../http/csv.js'
import { toUtc } from '../http/instants.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import {
  extractFindings,
  type FindingsAsked,
  listFindings,
  readFinding,
  type SettledExtract,
  settleExtract,
} from './audit.queries.js'
import { AUDIT_READERS } from './audit.records.js'
import { extractStream, measureExtract } from './audit-extract.js'
import { recordAuditReading } from './audit-reading.js'
import { DisposeFinding } from './domain/audit.commands.js'
import type { AuditDataRead } from './domain/audit.events.js'
import {
  AsOfQuery,
  AuditedChangeParams,
  ChangeSampleView,
  DisposeFindingDto,
  ExtractQuery,
  FindingPage,
  FindingParams,
  FindingsQuery,
  SampleQuery,
} from './dto/audit.dto.js'
import type { Evidence } from './evidence/evidence.js'
import { readEvidence } from './evidence/evidence.query.js'
import { evidenceArchive } from './evidence/evidence-archive.js'
import { readEvidenceFiles } from './evidence/evidence-files.js'
import type { Span } from './not-assessable.js'
import { type ChangeSample, drawSample } from './sample.query.js'

/** What auditors ask of changes, and what they say of the answers. Whoever reads here is on record. */
@Controller('audit')
export class AuditController {
  constructor(
    private readonly queries: Queries,
    private readonly sender: CommandSender,
    private readonly blobs: BlobStore,
  ) {}

  @Get('findings')
  @Endpoint({
    summary: 'Findings of the audit questions, the latest first',
    description: 'Each names the events behind it. That it was read is recorded.',
    roles: AUDIT_READERS,
    query: FindingsQuery,
    answer: FindingPage,
  })
  async list(@Query() query: FindingsQuery, @Context() context: RequestContext): Promise<Answer> {
    const { principal } = context
    const answer = await this.queries.ask(listFindings, { ...query, ...spanOf(query), principal })
    const { items } = JSON.parse(answer.json) as { items: unknown[] }
    await this.#record(context, { what: 'findings', query: asQuery(query), rows: items.length, form: 'json' })
    return new Answer(answer.json, { position: answer.position, headers: { 'content-type': JSON_TYPE } })
  }

  @Get('changes')
  @Endpoint({
    summary: 'All findings of a time as CSV, below lines that say how the extract came to be',
    description:
      'The last of these lines has the SHA-256 of all that follows; with `asOf` (the position that they name) the same can be extracted ' +
      'again. That it was extracted is recorded.',
    roles: AUDIT_READERS,
    query: ExtractQuery,
    answer: { content: { 'text/csv': 'text' } },
    responseHeaders: ['ITSM-Position'],
  })
  async extract(@Query() query: ExtractQuery, @Context() context: RequestContext): Promise<Answer> {
    const { principal } = context
    const span = spanOf(query)
    const { asOf, minPosition } = query
    const settled = await this.queries.ask(settleExtract, { ...span, principal, asOf, minPosition })
    const { position, notAssessable } = JSON.parse(settled.json) as SettledExtract
    const pages = () => this.#pages({ ...span, principal, position })
    const measure = await measureExtract(pages)
    const asked = `from ${span.from ?? 'the beginning'} to ${span.to ?? 'now'} as of ${position}`
    await this.#record(context, { what: 'extract of findings', query: asked, ...measure, form: 'csv' })
    const head = { query: asked, position, notAssessable, by: principal.id, at: new Date().toISOString() }
    const headers = { 'content-type': CSV_CONTENT_TYPE }
    return new Answer(extractStream(head, measure, pages), { position, headers })
  }

  @Get('samples')
  @Endpoint({
    summary: 'A sample of the changes that were implemented in a time',
    description:
      'The same seed and position give the same sample. Drawn are those with the lowest SHA-256 of seed, line feed and number, so that ' +
      'anybody can draw it again. That it was drawn is recorded.',
    roles: AUDIT_READERS,
    query: SampleQuery,
    answer: ChangeSampleView,
    responseHeaders: ['ITSM-Position'],
  })
  async sample(@Query() query: SampleQuery, @Context() context: RequestContext): Promise<Answer> {
    const { from, to, asOf, size = USUAL_SAMPLE, seed = randomUUID() } = query
    const { principal } = context
    const answer = await this.queries.ask(drawSample, {
      ...{ principal, seed, size, asOf },
      ...spanOf({ from, to }),
    })
    const { items, position } = JSON.parse(answer.json) as ChangeSample
    const asked = asQuery({ ...query, seed, asOf: position })
    await this.#record(context, { what: 'sample of changes', query: asked, rows: items.length, form: 'json' })
    return new Answer(answer.json, { position, headers: { 'content-type': JSON_TYPE } })
  }

  @Get('changes/:id/evidence.zip')
  @Endpoint({
    summary: 'Everything that the log says of a change and its authorisation, as a ZIP',
    description:
      'A page for people, the same as JSON, the events that both were made from, the files that were attached (up to 64 MiB together; ' +
      'what was left out is told), and a manifest with the SHA-256 of each. That it was taken out is recorded, with the digest of the whole.',
    roles: AUDIT_READERS,
    params: AuditedChangeParams,
    query: AsOfQuery,
    answer: { content: { 'application/zip': 'binary' } },
    refusals: [404],
    responseHeaders: ['Content-Disposition', 'ITSM-Position'],
  })
  async evidence(
    @Param() { id: number }: AuditedChangeParams,
    @Query() { asOf }: AsOfQuery,
    @Context() context: RequestContext,
  ): Promise<Answer<Buffer>> {
    const { principal } = context
    const { json, position } = await this.queries.ask(readEvidence, { principal, number, asOf })
    const evidence = JSON.parse(json) as Evidence
    const extraction = { by: principal.id, at: new Date().toISOString() }
    const files = await readEvidenceFiles(evidence.attachments, this.blobs)
    const { zip, sha256 } = evidenceArchive(evidence, files, extraction)
    const rows = evidence.events.length
    const query = asQuery({ change: number, asOf: evidence.position })
    await this.#record(context, { what: 'evidence of a change', query, rows, form: 'zip', sha256 })
    return new Answer(zip, {
      position,
      headers: {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="${number}-evidence.zip"`,
        'x-content-type-options': 'nosniff',
      },
    })
  }

  @Post('findings/:id/dispose')
  @Endpoint({
    summary: 'Say of a finding that it was justified, or that it is a deficiency',
    description: 'Not of what you did yourself. A later verdict stands beside the earlier one in the log.',
    roles: ['auditor'],
    params: FindingParams,
    body: DisposeFindingDto,
    answer: Receipt,
    refusals: [404],
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async dispose(
    @Param() params: FindingParams,
    @Body() body: DisposeFindingDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const { id } = params
    const { json } = await this.queries.ask(readFinding, { id, principal: context.principal })
    const { question, record, persons } = JSON.parse(json) as AuditFinding
    const [said, reason] = splitReason(body)
    const route = '/audit/findings/{id}/dispose'
    const wish = { target: `finding-${id}`, method: 'POST', route, params, body, reason }
    const command = (metadata: ConstructorParameters<typeof DisposeFinding>[2]) =>
      new DisposeFinding(id, { ...said, question, record, persons }, metadata)
    return receiptAnswer(await this.sender.send(context, wish, command))
  }

  /** Each page is asked for when the one before was used. */
  async *#pages(asked: Omit<FindingsAsked, 'after'>): AsyncGenerator<readonly AuditFinding[]> {
    let after: KeysetCursor | undefined
    do {
      const { json } = await this.queries.ask(extractFindings, { ...asked, after })
      const page = JSON.parse(json) as { rows: AuditFinding[]; next?: KeysetCursor }
      yield page.rows
      after = page.next
    } while (after)
  }

  #record(context: RequestContext, data: AuditDataRead['data']): Promise<void> {
    return recordAuditReading(this.sender, context, data)
  }
}

/** Sample of a control that works many times a day, as auditors usually draw it. */
const USUAL_SAMPLE = 25

const JSON_TYPE = 'application/json; charset=utf-8'

/** @throws InvalidInput `AUDIT.PERIOD_MALFORMED`: nothing found in no time would look like nothing found */
function spanOf(asked: Span): Span {
  const from = asked.from && toUtc(asked.from)
  const to = asked.to && toUtc(asked.to)
  if (from !== undefined && to !== undefined && from >= to) {
    const message = 'must be later than from'
    throw new InvalidInput('AUDIT.PERIOD_MALFORMED', `to ${message}`, [{ pointer: 'to', message }])
  }
  return { from, to }
}

/** What was asked, as it stands in an address. */
function asQuery(asked: object): string {
  return `${new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== undefined) as never)}`
}
