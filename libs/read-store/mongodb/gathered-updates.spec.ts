import type { Collection } from 'mongodb'
import { GatheredUpdates } from './gathered-updates.js'

interface Row {
  _id: string
}

type Command = { updateOne: { filter: Row } }[]

/** A collection of the rows `a` and `b`, that keeps the commands it was sent. */
function newCollection() {
  const commands: Command[] = []
  const collection = {
    async bulkWrite(command: Command) {
      commands.push(command)
      const ids = command.map(({ updateOne }) => updateOne.filter._id)
      if (ids.includes('broken')) throw new Error('no answer')
      return { matchedCount: ids.filter((id) => id === 'a' || id === 'b').length }
    },
  }
  const updates = new GatheredUpdates(collection as unknown as Collection<Row>)
  return { commands, update: (id: string) => updates.updateOne({ _id: id }, { $set: {} }) }
}

describe('Gathered updates', () => {
  it('go as one command when they are asked for at once', async () => {
    const { commands, update } = newCollection()
    const first = update('a')
    await Promise.resolve()
    expect(await Promise.all([first, update('b')])).toEqual([true, true])
    expect(commands).toHaveLength(1)
  })

  it('go apart when they are asked for one after the other', async () => {
    const { commands, update } = newCollection()
    await update('a')
    await update('a')
    expect(commands).toHaveLength(2)
  })

  it('tell each that not all have found theirs', async () => {
    const { update } = newCollection()
    expect(await Promise.all([update('a'), update('gone')])).toEqual([false, false])
    expect(await update('a')).toBe(true)
  })

  it('fail together, and the next ones by themselves', async () => {
    const { update } = newCollection()
    const outcomes = await Promise.allSettled([update('a'), update('broken')])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await update('a')).toBe(true)
  })
})
