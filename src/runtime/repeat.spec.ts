import { setTimeout as sleep } from 'node:timers/promises'
import { repeat } from './repeat.js'

describe('What is done again and again', () => {
  it('goes on after a fault, which is told', async () => {
    const faults: unknown[] = []
    let turns = 0
    const round = repeat(
      2,
      async () => {
        if (++turns === 1) throw new Error('away')
      },
      (error) => faults.push(error),
    )
    while (turns < 3) await sleep(2)
    await round.stop()
    expect(faults).toEqual([new Error('away')])
  })

  it('is not held up by another that takes long, runs once at a time, and ends with its turn', async () => {
    let finish = () => {}
    const long = new Promise<void>((resolve) => {
      finish = resolve
    })
    let begun = 0
    let ended = false
    const slow = repeat(
      2,
      async () => {
        begun++
        await long
        ended = true
      },
      () => {},
    )
    let others = 0
    const quick = repeat(
      2,
      async () => void others++,
      () => {},
    )
    while (others < 5 || begun === 0) await sleep(2)
    expect([begun, ended]).toEqual([1, false])
    const stopped = Promise.all([slow.stop(), quick.stop()])
    finish()
    await stopped
    expect([begun, ended]).toEqual([1, true])
  })
})
