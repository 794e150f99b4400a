import { randomUUID } from 'node:crypto'
import { derivedId, LOG_START, Unavailable } from '#libs/event-sourcing'
import { MAX_TRIES, settled } from './appends.js'
import { type ImportContext, runMetadata } from './import-context.js'
import { newEvents } from './import-events.js'
import { ImportFacts } from './import-facts.js'
import { ImportRun } from './import-run.js'
import { ImportedRecord } from './records.js'

const PAGE = 1_000

/**
 * Activates what earlier runs imported from a source, in a run of its own.
 * @returns how many records it was
 */
export async function activateImport(
  options: Pick<ImportContext, 'store' | 'rules' | 'kind' | 'actor' | 'source'> & Partial<ImportContext>,
  signal?: AbortSignal,
): Promise<number> {
  const context: ImportContext = { run: randomUUID(), dryRun: false, clock: Date.now, ...options }
  const activated = await activateRecords(context, undefined, signal)
  const { source } = context
  await new ImportRun(context).tell({ type: 'ImportActivated', data: { source, activated } })
  return activated
}

/**
 * Hands the records of a source that are still open over to the policies, which look after them from now on: what fell
 * due meanwhile is due now. These are commands of today, so they do not come by channel `import`, to which policies are
 * deaf.
 * @param onActivated called with the number so far
 * @returns how many records it was
 */
export async function activateRecords(
  context: ImportContext,
  onActivated: (activated: number) => void = () => {},
  signal?: AbortSignal,
): Promise<number> {
  const facts = new ImportFacts(context.store)
  let activated = 0
  for await (const stream of recordsOf(context)) {
    if (signal?.aborted) break
    if (await activate(context, facts, stream)) onActivated(++activated)
  }
  return activated
}

/** Streams of all records that came from the source. */
async function* recordsOf({ store, kind, source }: ImportContext): AsyncGenerator<string> {
  const opened = { prefixes: [kind.decider.streamPrefix], types: [kind.opened], limit: PAGE }
  let after = LOG_START
  for (let end = false; !end; ) {
    const page = await store.readAll({ ...opened, after })
    for (const { stream, metadata } of page.events) if (metadata.source?.name === source) yield stream
    after = page.position
    end = page.end
  }
}

async function activate(context: ImportContext, facts: ImportFacts, stream: string): Promise<boolean> {
  const { store, kind, run, actor, dryRun } = context
  const { decider, activate: handedOver } = kind
  if (handedOver === undefined) return false
  const commandId = derivedId('import-activate', store.logId, run, stream)
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const record = new ImportedRecord('', decider, stream, await store.readStream(stream))
    if (record.commands.has(commandId)) return true
    const metadata = { ...runMetadata(context, commandId), channel: 'api' as const }
    const id = stream.slice(decider.streamPrefix.length)
    const command = handedOver(id, run, metadata)
    const answers = await facts.of(decider, command, record.state)
    const decided = decider.decide(command, record.state, answers)
    if (decided.length === 0 || dryRun) return decided.length > 0
    const request = {
      stream,
      expectedRevision: record.revision,
      events: newEvents(decided, stream, metadata, actor.grant),
    }
    const outcome = await settled(() => store.append(request))
    if (outcome.kind !== 'conflict') return true
  }
  throw new Unavailable('IMPORT.RECORD_BUSY', `Others keep changing ${stream}: activate again.`)
}
