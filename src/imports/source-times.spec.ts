import { SourceTimes, UnreadableTime } from './source-times.js'

const berlin = new SourceTimes({ format: 'dd.MM.yyyy HH:mm:ss', zone: 'Europe/Berlin' })

describe('times of a source', () => {
  it('are local times of its zone', () => {
    expect(berlin.toInstant('15.01.2026 12:00:00')).toBe('2026-01-15T11:00:00.000Z')
    expect(berlin.toInstant('15.07.2026 12:00:00')).toBe('2026-07-15T10:00:00.000Z')
  })

  describe.each(['2026-01-15T12:00:00Z', '2026-07-15T12:00:00Z'])('read on %s', (today) => {
    let times: SourceTimes
    beforeEach(() => {
      jest.useFakeTimers({ now: new Date(today) })
      times = new SourceTimes({ format: 'dd.MM.yyyy HH:mm:ss', zone: 'Europe/Berlin' })
    })
    afterEach(() => jest.useRealTimers())

    it('that the clocks skip are taken an hour on', () => {
      expect(times.toInstant('29.03.2026 02:30:00')).toBe('2026-03-29T01:30:00.000Z')
    })

    it('that the clocks show twice are the first', () => {
      expect(times.toInstant('25.10.2026 02:30:00')).toBe('2026-10-25T00:30:00.000Z')
      expect(times.toInstant('25.10.2026 03:00:00')).toBe('2026-10-25T02:00:00.000Z')
    })
  })

  it('may have a zone of their own', () => {
    const own = new SourceTimes({ format: "yyyy-MM-dd'T'HH:mm:ssZZ", zone: 'UTC' })
    expect(own.toInstant('2026-01-15T12:00:00+05:30')).toBe('2026-01-15T06:30:00.000Z')
  })

  it('without leading zeros are read as in ServiceNow', () => {
    const servicenow = new SourceTimes({ format: 'd/M/yyyy HH:mm', zone: 'UTC' })
    expect(servicenow.toInstant('29/2/2016 01:16')).toBe('2016-02-29T01:16:00.000Z')
  })

  it.each(['', '2026-01-15', '31.02.2026 12:00:00', '15.01.2026 12:00', '15.01.2026 25:00:00'])(
    'that are none are refused: %p',
    (text) => {
      expect(() => berlin.toInstant(text)).toThrow(UnreadableTime)
      // Also the second time, when it could be remembered.
      expect(() => berlin.toInstant(text)).toThrow('is no time of the form dd.MM.yyyy HH:mm:ss')
    },
  )
})
