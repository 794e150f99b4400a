import { randomUUID } from 'node:crypto'
import { isGone } from '../lease-owner.js'
import { type Checkpoint, LeaseHeld, LeaseLost } from '../read-store.js'
import type { BuildMedium, Journal, Write } from './build-medium.js'

/** Later than this a batch is left to whoever redoes the journal: what deletions left may be swept by then. */
export const APPLY_WITHIN_MILLISECONDS = 600_000

const WRITES_AT_A_TIME = 1_000

export interface LeaseWish {
  owner: string
  milliseconds: number
}

/**
 * Makes batches atomic on a store that has no transactions. A batch is computed in full, put into the journal, applied
 * document by document, and then the checkpoint moves. Whoever takes the lease first makes the journal its own, which
 * fences the writer before, then applies it once more, for that writer may have died halfway; every write of the journal
 * may come any number of times, late ones too, as each is conditional on what it finds.
 */
export class BuildCommits {
  private expiresAt: string
  private batch: number
  private reached: Checkpoint | undefined
  /** The journal may hold a batch that was not applied in full. */
  private doubtful = false

  private constructor(
    private readonly medium: BuildMedium,
    private readonly lease: { number: number; holder: string },
    private readonly wish: LeaseWish,
    journal: Journal,
    private readonly now: () => number,
  ) {
    this.batch = journal.batch
    this.reached = journal.checkpoint
    this.expiresAt = this.nextExpiry()
  }

  /**
   * Takes the lease, fences its last holder, and finishes what that one had begun.
   * @throws LeaseHeld while another's has not expired, unless the other is known to be dead
   */
  static async open(
    medium: BuildMedium,
    wish: LeaseWish,
    now: () => number = Date.now,
  ): Promise<BuildCommits> {
    const current = await medium.latestLease()
    if (current && isValid(current, now()) && !isGone(current.owner, wish.owner))
      throw new LeaseHeld(`${current.owner} holds the lease until ${current.expiresAt}`)
    const lease = { number: (current?.number ?? 0) + 1, holder: randomUUID() }
    const expiresAt = new Date(now() + wish.milliseconds).toISOString()
    const taken = await medium.insertLease({ ...lease, owner: wish.owner, expiresAt, released: false })
    const journal = taken ? await medium.claimJournal(lease.number, lease.holder) : undefined
    if (!journal) throw new LeaseHeld('Another writer took the lease at the same time')
    if (current) await medium.removeLeasesBefore(lease.number)
    const commits = new BuildCommits(medium, lease, wish, journal, now)
    await commits.finish(journal)
    return commits
  }

  get checkpoint(): Checkpoint | undefined {
    return this.reached
  }

  /** Whether nobody has ever had the build's lease before. */
  get isFirst(): boolean {
    return this.lease.number === 1
  }

  /** After an error, until the next batch: whether the last one was written, and moved the checkpoint, is not known. */
  get isDoubtful(): boolean {
    return this.doubtful
  }

  /** The number that the next batch will have. */
  get nextBatch(): number {
    return this.batch + 1
  }

  /**
   * Whether a batch that ends there is new; false: it was written before, and what followed it must stay.
   * @throws LeaseLost
   */
  async admits({ logId, position }: Checkpoint): Promise<boolean> {
    if (this.doubtful) await this.recover()
    if (this.reached?.logId !== logId || position >= this.reached.position) return true
    await this.requireLease()
    return false
  }

  /**
   * After an error the batch may be written or not; the next call finds out.
   * @param writes of the number `nextBatch`, as it was when `admits` had answered
   * @throws LeaseLost when another has taken the lease: nothing was written
   */
  async commit(writes: readonly Write[], checkpoint: Checkpoint): Promise<void> {
    const { lease, batch } = this
    const next = { ...lease, lease: lease.number, batch: batch + 1, writes, checkpoint }
    this.doubtful = true
    const mark = { lease: lease.number, holder: lease.holder, batch }
    if (!(await this.medium.replaceJournal(mark, next))) throw leaseLost()
    await this.finish(next)
    this.doubtful = false
    if (this.lapsed()) await this.renew()
  }

  /** @throws LeaseLost */
  async requireLease(): Promise<void> {
    if (!(await ownJournal(this.medium, this.lease.holder))) throw leaseLost()
  }

  /** Others may have seen that the lease ran out, and be about to take it. */
  lapsed(): boolean {
    return this.expiresAt <= new Date(this.now()).toISOString()
  }

  async renew(): Promise<void> {
    const expiresAt = this.nextExpiry()
    await this.medium.renewLease(this.lease.number, expiresAt)
    this.expiresAt = expiresAt
  }

  async release(): Promise<void> {
    await this.medium.releaseLease(this.lease.number)
  }

  private async recover(): Promise<void> {
    const journal = await ownJournal(this.medium, this.lease.holder)
    if (!journal) throw leaseLost()
    await this.finish(journal)
    this.doubtful = false
  }

  /** Applies what the journal holds, then moves the checkpoint. */
  private async finish({ batch, writes, checkpoint }: Journal): Promise<void> {
    const begun = this.now()
    for (let at = 0; at < writes.length; at += WRITES_AT_A_TIME) {
      if (this.now() - begun > APPLY_WITHIN_MILLISECONDS) throw leaseLost()
      await this.medium.apply(writes.slice(at, at + WRITES_AT_A_TIME))
    }
    if (checkpoint) await this.medium.moveCheckpoint(batch, checkpoint)
    this.batch = batch
    this.reached = checkpoint
  }

  private nextExpiry(): string {
    return new Date(this.now() + this.wish.milliseconds).toISOString()
  }
}

async function ownJournal(medium: BuildMedium, holder: string): Promise<Journal | undefined> {
  const journal = await medium.journal()
  return journal?.holder === holder ? journal : undefined
}

/** @param now milliseconds since 1970 */
export function isValid(
  { expiresAt, released }: { expiresAt: string; released: boolean },
  now: number,
): boolean {
  return !released && expiresAt > new Date(now).toISOString()
}

const leaseLost = () => new LeaseLost('Another writer has taken the lease of this build: stop writing to it')
