import { toPosition } from '#libs/event-sourcing'
import { type CollectionSchema, type DocumentWrite, LeaseHeld, LeaseLost } from '../read-store.js'
import { BuildCommits } from './build-commits.js'
import type { BuildMedium, Journal, JournalMark, StoredLease, Write } from './build-medium.js'
import { type StoredForm, storedForm, supersedes } from './stored-document.js'

/** What happens in a small world of boxes: each event is at the position of its place in the log. */
export type BoxEvent =
  | { kind: 'add'; box: string }
  /** Touches two documents. */
  | { kind: 'move'; box: string; to: string }
  | { kind: 'remove'; box: string }
  /** Only turns `stale`: the document stays at its position. */
  | { kind: 'flag'; box: string }

const schema: CollectionSchema = { name: 'boxes', columns: {}, indexes: [] }

interface Box {
  events: number[]
}
type Stored = { position: string; stale: boolean; deleted: boolean; document: Box | null }
export type Boxes = Map<string, Stored>

export function foldBoxes(boxes: Boxes, event: BoxEvent, at: number): void {
  const position = toPosition(at)
  const put = (box: string, events: number[]) =>
    boxes.set(box, { position, stale: false, deleted: false, document: { events } })
  const known = boxes.get(event.box)
  const events = known?.document?.events ?? []
  switch (event.kind) {
    case 'add':
      put(event.box, [...events, at])
      return
    case 'move':
      put(event.to, [...(boxes.get(event.to)?.document?.events ?? []), ...events, at])
      if (event.to !== event.box)
        boxes.set(event.box, { position, stale: false, deleted: true, document: null })
      return
    case 'remove':
      boxes.set(event.box, { position, stale: false, deleted: true, document: null })
      return
    case 'flag':
      if (known && !known.deleted) boxes.set(event.box, { ...known, stale: !known.stale })
  }
}

/** All that the store holds of a build, and how its steps can be broken to see that the law notices. */
export class BoxWorld {
  readonly forms = new Map<string, StoredForm>()
  readonly leases = new Map<number, StoredLease>()
  journal: Journal = { lease: 0, holder: '', batch: 0, writes: [], checkpoint: undefined }
  checkpoint = { batch: 0, position: toPosition(0) }

  constructor(
    readonly log: readonly BoxEvent[],
    readonly breach?:
      | 'journal replaced by anybody'
      | 'writes without a guard'
      | 'stale turned by late writers'
      | 'checkpoint moved back'
      | 'journal forgotten',
  ) {}

  boxes(): Boxes {
    return new Map(
      [...this.forms].map(([id, form]) => [
        id,
        form.deleted
          ? { position: form.position, stale: false, deleted: true, document: null }
          : {
              position: form.position,
              stale: form.stale,
              deleted: false,
              document: JSON.parse(form.json) as Box,
            },
      ]),
    )
  }

  takes(form: StoredForm, stored: StoredForm | undefined): boolean {
    if (this.breach === 'writes without a guard') return true
    if (this.breach === 'stale turned by late writers') {
      const sameAge = { ...form, batch: Number.MAX_SAFE_INTEGER }
      return supersedes(sameAge as StoredForm, stored)
    }
    return supersedes(form, stored)
  }
}

export class Killed extends Error {}
export class AnswerLost extends Error {}

/** A process's way to the world: each step waits for its turn, and may be its last or lose its answer. */
export class BoxMedium implements BuildMedium {
  private steps = 0

  constructor(
    private readonly world: BoxWorld,
    private readonly turn: () => Promise<unknown>,
    private readonly accidents: { killedAt: number; answersLostAt: readonly number[] },
  ) {}

  latestLease() {
    const { leases } = this.world
    return this.step(() => leases.get(Math.max(...leases.keys())))
  }

  insertLease(lease: StoredLease) {
    const { leases } = this.world
    return this.step(() => !leases.has(lease.number) && leases.set(lease.number, lease) === leases)
  }

  renewLease(number: number, expiresAt: string) {
    return this.step(() => this.changeLease(number, { expiresAt }))
  }

  releaseLease(number: number) {
    return this.step(() => this.changeLease(number, { released: true }))
  }

  removeLeasesBefore(number: number) {
    const { leases } = this.world
    return this.step(() => {
      for (const known of [...leases.keys()]) if (known < number) leases.delete(known)
    })
  }

  claimJournal(lease: number, holder: string) {
    return this.step(() => {
      if (this.world.journal.lease >= lease) return undefined
      this.world.journal = { ...this.world.journal, lease, holder }
      return this.remembered()
    })
  }

  journal() {
    return this.step(() => this.remembered())
  }

  replaceJournal(expected: JournalMark, next: Journal) {
    return this.step(() => {
      const { lease, holder, batch } = this.world.journal
      const bears = lease === expected.lease && holder === expected.holder && batch === expected.batch
      if (!bears && this.world.breach !== 'journal replaced by anybody') return false
      this.world.journal = next
      return true
    })
  }

  async apply(writes: readonly Write[]) {
    const { world } = this
    for (const { form } of writes)
      await this.step(() => {
        if (world.takes(form, world.forms.get(form._id))) world.forms.set(form._id, form)
      })
  }

  moveCheckpoint(batch: number, { position }: { position: string }) {
    const { world } = this
    return this.step(() => {
      if (batch > world.checkpoint.batch || world.breach === 'checkpoint moved back')
        world.checkpoint = { batch, position }
    })
  }

  read() {
    return this.step(() => this.world.boxes())
  }

  private remembered(): Journal {
    const { journal, breach } = this.world
    return breach === 'journal forgotten' ? { ...journal, writes: [] } : journal
  }

  private changeLease(number: number, change: Partial<StoredLease>): void {
    const lease = this.world.leases.get(number)
    if (lease) this.world.leases.set(number, { ...lease, ...change })
  }

  private async step<Result>(take: () => Result): Promise<Result> {
    await this.turn()
    const step = this.steps++
    if (step >= this.accidents.killedAt) throw new Killed()
    const result = take()
    if (this.accidents.answersLostAt.includes(step)) throw new AnswerLost()
    return result
  }
}

/** A projector: takes the lease, which always seems to have run out, and folds the log in batches of these sizes to its end. */
export async function project(world: BoxWorld, medium: BoxMedium, sizes: readonly number[]): Promise<void> {
  const commits = await BuildCommits.open(medium, { owner: 'projector', milliseconds: 0 })
  for (let round = 0; ; round++) {
    const reached = Number(commits.checkpoint?.position ?? 0)
    if (reached >= world.log.length) return
    const until = Math.min(reached + sizes[round % sizes.length]!, world.log.length)
    const checkpoint = { logId: 'log', position: toPosition(until), eventId: `event-${until}` }
    const boxes = await medium.read()
    const before = new Map(boxes)
    for (let at = reached + 1; at <= until; at++) foldBoxes(boxes, world.log[at - 1]!, at)
    const changed = [...boxes].filter(([box, stored]) => before.get(box) !== stored)
    const writes = changed.map(([id, { position, stale, document }]) =>
      toWrite({ collection: schema.name, id, document, position, stale }, commits.nextBatch),
    )
    try {
      if (await commits.admits(checkpoint)) await commits.commit(writes, checkpoint)
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error
      // Whether it was written shows when the writer looks at the journal
      await commits.admits(checkpoint)
    }
  }
}

/** Begins again, as a runner does, whatever goes wrong; a killed process does not. */
export async function keepProjecting(
  world: BoxWorld,
  medium: BoxMedium,
  sizes: readonly number[],
): Promise<void> {
  for (let tries = 0; tries < 8; tries++) {
    try {
      return await project(world, medium, sizes)
    } catch (error) {
      if (error instanceof Killed) return
      const passes = error instanceof AnswerLost || error instanceof LeaseHeld || error instanceof LeaseLost
      if (!passes) throw error
    }
  }
}

function toWrite(write: DocumentWrite, batch: number): Write {
  return { collection: write.collection, form: storedForm(schema, write, batch, 0) }
}
