import { LOG_START, toPosition } from '#libs/event-sourcing'
import { UNENDED, UNENDED_POSITION } from '#projections/intervals'
import { shownBounds } from './shown.js'

const day = (n: number) => `2026-03-0${n}T00:00:00.000Z`

describe('The bounds of a version', () => {
  const lasting = {
    validFrom: day(1),
    validTo: UNENDED,
    systemFrom: toPosition(1),
    systemTo: UNENDED_POSITION,
    endKnownFrom: LOG_START,
  }
  const ended = { ...lasting, validTo: day(3), endKnownFrom: toPosition(2) }

  it('leave out what lasts', () => {
    expect(shownBounds(lasting, day(2))).toEqual({ validFrom: day(1), systemFrom: toPosition(1) })
  })

  it('are those of its part in which the point lies: until its end, or beyond while that was not known', () => {
    expect(shownBounds(ended, day(2))).toEqual({
      validFrom: day(1),
      validTo: day(3),
      systemFrom: toPosition(1),
    })
    expect(shownBounds(ended, day(3))).toEqual({
      validFrom: day(3),
      systemFrom: toPosition(1),
      systemTo: toPosition(2),
    })
  })
})
