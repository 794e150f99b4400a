import type { Collection, Filter, UpdateFilter } from 'mongodb'

interface Asked<Document> {
  filter: Filter<Document>
  update: UpdateFilter<Document>
  answer(allFound: boolean): void
  fail(error: unknown): void
}

/**
 * Updates of single, small documents of one collection: those asked for in one turn of the event loop go to the server as one
 * command. A process keeps dozens of builds level, and after each batch of events all of them record how far they are: with a
 * command for each, these took most of the time of both sides.
 */
export class GatheredUpdates<Document extends { _id: string }> {
  private asked: Asked<Document>[] = []

  constructor(private readonly collection: Collection<Document>) {}

  /**
   * Updates the document that the filter finds, if there is one.
   * @returns true: there was one, as for all others in the command; false: one of these at least found none
   * @throws what the command failed with: any of them may be done
   */
  updateOne(filter: Filter<Document>, update: UpdateFilter<Document>): Promise<boolean> {
    return new Promise((answer, fail) => {
      if (this.asked.length === 0) setImmediate(() => void this.send())
      this.asked.push({ filter, update, answer, fail })
    })
  }

  private async send(): Promise<void> {
    const sent = this.asked
    this.asked = []
    const updates = sent.map(({ filter, update }) => ({ updateOne: { filter, update } }))
    try {
      const { matchedCount } = await this.collection.bulkWrite(updates, { ordered: false })
      for (const { answer } of sent) answer(matchedCount === sent.length)
    } catch (error) {
      for (const { fail } of sent) fail(error)
    }
  }
}
