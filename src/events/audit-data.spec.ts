import { auditEventsRead, LOG_READ } from './audit-data.js'

const event = (subject: string, what?: string) => ({ subject, data: { what } })

describe('To read events of the audit is to read audit data', () => {
  it.each(['finding-', 'finding-1', 'judgement-CI0000001', 'auditread-audrey'])(
    'when their streams are asked for (%s), also if there are none',
    (prefix) => {
      expect(auditEventsRead([], [prefix])).toBe(0)
      expect(auditEventsRead([event(prefix, LOG_READ)], ['incident-', prefix])).toBe(1)
    },
  )

  it('when they come with others', () => {
    const page = [event('incident-INC0000001'), event('finding-1'), event('auditread-adam', 'findings')]
    expect(auditEventsRead(page, undefined)).toBe(2)
    expect(auditEventsRead(page, ['f', 'incident-'])).toBe(2)
  })

  it('but to read other events is not', () => {
    expect(auditEventsRead([event('incident-INC0000001'), event('ci-CI0000001')], undefined)).toBeUndefined()
    expect(auditEventsRead([], ['incident-'])).toBeUndefined()
  })

  it('nor is it to come across the record of such a reading: who follows the log would never get to its end', () => {
    expect(auditEventsRead([event('auditread-adam', LOG_READ)], undefined)).toBeUndefined()
  })
})
