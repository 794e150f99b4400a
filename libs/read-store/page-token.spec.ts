import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { InvalidInput, LOG_START, toPosition } from '#libs/event-sourcing'
import { type LogIdentity, type PageStart, PageTokens } from './page-token.js'

const tokens = new PageTokens(Buffer.alloc(32, 7))
const log: LogIdentity = {
  logId: 'log-1',
  eventIdAt: async (position) => (position === toPosition(9) ? 'event-9' : undefined),
  currentPosition: async (position) => position,
}
const start: PageStart = {
  cursor: { id: 'INC7', values: [1, null, 'é', true] },
  checkpoint: { logId: 'log-1', position: toPosition(9), eventId: 'event-9' },
}
const binding = {
  principal: 'ann',
  query: { collection: 'work_queue', filter: 'state = "new"', orderBy: 'priority' },
}

describe('a page token', () => {
  it('gives its cursor back to the same principal and query', async () => {
    const token = tokens.issue(start, binding)
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(await tokens.verify(token, binding, log)).toEqual(start)
    const reordered = {
      orderBy: 'priority',
      filter: 'state = "new"',
      asOf: undefined,
      collection: 'work_queue',
    }
    expect(await tokens.verify(token, { ...binding, query: reordered }, log)).toEqual(start)
  })

  it('made at the start of the log needs no event there', async () => {
    const early = { ...start, checkpoint: { logId: 'log-1', position: LOG_START, eventId: '' } }
    expect(await tokens.verify(tokens.issue(early, binding), binding, log)).toEqual(early)
  })

  it('stays good when the log has moved to a store with other positions', async () => {
    const moved: LogIdentity = {
      logId: 'log-1',
      eventIdAt: async (position) => (position === toPosition(4_009) ? 'event-9' : undefined),
      currentPosition: async (position) =>
        position < toPosition(10) ? toPosition(4_000n + BigInt(position)) : position,
    }
    const interval = `incident-INC7#${toPosition(3)}`
    const token = tokens.issue({ ...start, cursor: { ...start.cursor, id: interval } }, binding)
    expect(await tokens.verify(token, binding, moved)).toEqual({
      cursor: { ...start.cursor, id: `incident-INC7#${toPosition(4_003)}` },
      checkpoint: { logId: 'log-1', position: toPosition(4_009), eventId: 'event-9' },
    })
    expect((await tokens.verify(tokens.issue(start, binding), binding, moved)).cursor).toEqual(start.cursor)
    // Where another event stands at that place now, it is no copy of the log that the token knows
    const other = { ...moved, eventIdAt: async () => 'event-8' }
    await expect(tokens.verify(token, binding, other)).rejects.toMatchObject({ code: 'PAGE_TOKEN.FOREIGN' })
  })

  it('is refused to another principal, another query, another key', async () => {
    const token = tokens.issue(start, binding)
    await expect(tokens.verify(token, { ...binding, principal: 'bob' }, log)).rejects.toMatchObject({
      code: 'PAGE_TOKEN.FOREIGN',
    })
    for (const change of [
      { filter: 'state = "old"' },
      { asOf: '2016' },
      { collection: 'x' },
      { filter: undefined },
    ]) {
      const other = { ...binding, query: { ...binding.query, ...change } }
      await expect(tokens.verify(token, other, log)).rejects.toMatchObject({ code: 'PAGE_TOKEN.OTHER_QUERY' })
    }
    await expect(new PageTokens(randomBytes(32)).verify(token, binding, log)).rejects.toMatchObject({
      code: 'PAGE_TOKEN.INVALID',
    })
  })

  it('is refused in another log, and in the same one after a restore', async () => {
    const token = tokens.issue(start, binding)
    const foreign = { code: 'PAGE_TOKEN.FOREIGN' }
    await expect(tokens.verify(token, binding, { ...log, logId: 'log-2' })).rejects.toMatchObject(foreign)
    for (const eventId of [undefined, 'event-other'])
      await expect(
        tokens.verify(token, binding, { ...log, eventIdAt: async () => eventId }),
      ).rejects.toMatchObject(foreign)
  })

  it('fails when any byte is tampered with, cut or added', async () => {
    const token = tokens.issue(start, binding)
    const invalid = expect.objectContaining({ code: 'PAGE_TOKEN.INVALID' })
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. \n'
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...alphabet), async (place, character) => {
        const replaced = token.slice(0, place) + character + token.slice(place + 1)
        if (replaced !== token) await expect(tokens.verify(replaced, binding, log)).rejects.toEqual(invalid)
        const longer = token.slice(0, place) + character + token.slice(place)
        await expect(tokens.verify(longer, binding, log)).rejects.toEqual(invalid)
        await expect(tokens.verify(token.slice(0, place), binding, log)).rejects.toEqual(invalid)
      }),
      { numRuns: 1_000 },
    )
  })

  it('that is random text is refused as bad input', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), async (text) => {
        await expect(tokens.verify(text, binding, log)).rejects.toBeInstanceOf(InvalidInput)
      }),
    )
  })

  it('needs a key of 32 bytes', () => {
    expect(() => new PageTokens(Buffer.alloc(31))).toThrow(/32 bytes/)
  })
})
