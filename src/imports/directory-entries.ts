import { isServiceId } from '#libs/access'
import { type CommandMetadata, type DomainEvent, derivedId } from '#libs/event-sourcing'
import type { AppendRequest } from '#libs/event-store'
import type { GroupRegistered, PersonRegistered } from '../directory/domain/directory.events.js'
import type { RunContext } from './import-context.js'
import { newEvents } from './import-events.js'
import type { ImportMapping } from './mapping.js'
import { PEOPLE_FIELDS } from './mapping.js'
import type { RowReading } from './row-mapping.js'

/** Ids that a run remembers to have offered to the store, about 100 bytes each; then it begins anew. */
const REMEMBERED = 50_000

/** A row with the metadata of its command. */
interface NamingRow extends RowReading {
  readonly metadata: CommandMetadata
}

/**
 * People and groups that rows name become known to the directory, by the source's own names, as of the first row that
 * names them. Who is known already stays as she is. Nobody gets a right by this.
 */
export class DirectoryEntries {
  readonly #people = new Set<string>()
  readonly #groups = new Set<string>()

  constructor(
    private readonly context: RunContext,
    private readonly namespaces: ImportMapping['namespaces'],
  ) {}

  /** One request for each that was not offered yet; it conflicts when the directory knows her. */
  requests(rows: Iterable<NamingRow>): AppendRequest[] {
    const requests: AppendRequest[] = []
    for (const { observed, attributedTo, metadata } of rows) {
      this.#person(requests, attributedTo, metadata)
      for (const field of PEOPLE_FIELDS) {
        const person = field === 'resolvedBy' ? observed.resolution?.resolvedBy : observed[field]
        this.#person(requests, person, metadata)
      }
      this.#group(requests, observed.assignmentGroup, metadata)
    }
    return requests
  }

  /** Of a person whom something else than a row of a record names; none when she was offered before. */
  person(id: string, metadata: CommandMetadata): AppendRequest[] {
    const requests: AppendRequest[] = []
    this.#person(requests, id, metadata)
    return requests
  }

  #person(requests: AppendRequest[], id: string | null | undefined, metadata: CommandMetadata): void {
    if (id === null || id === undefined || !isFirst(this.#people, id)) return
    const kind = isServiceId(id) ? 'service' : 'person'
    const name = id.slice(this.namespaces.people.length)
    const registered: PersonRegistered = { type: 'PersonRegistered', data: { kind, name } }
    requests.push(this.#request(`person-${id}`, registered, metadata))
  }

  #group(requests: AppendRequest[], id: string | null | undefined, metadata: CommandMetadata): void {
    if (id === null || id === undefined || !isFirst(this.#groups, id)) return
    const name = id.slice(this.namespaces.groups.length)
    const registered: GroupRegistered = { type: 'GroupRegistered', data: { name } }
    requests.push(this.#request(`group-${id}`, registered, metadata))
  }

  #request(stream: string, event: DomainEvent, row: CommandMetadata): AppendRequest {
    const { store, actor } = this.context
    const commandId = derivedId('import-entry', store.logId, stream)
    // That the row's author named her there does not make him the one who registered her.
    const metadata = { ...row, commandId, attributedTo: undefined }
    return { stream, expectedRevision: 'noStream', events: newEvents([event], stream, metadata, actor.grant) }
  }
}

function isFirst(offered: Set<string>, id: string): boolean {
  if (offered.has(id)) return false
  if (offered.size >= REMEMBERED) offered.clear()
  offered.add(id)
  return true
}
