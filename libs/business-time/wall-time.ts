import { DAY, MINUTE } from './zone-clock.js'

/** As RFC 5545 names them; Monday is the first. */
export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
export type Weekday = (typeof WEEKDAYS)[number]

const TIME = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/

/** Minutes after midnight of `09:30`; `24:00` is the end of the day. Undefined for what is no time of day. */
export function minutesOf(time: string): number | undefined {
  const parts = TIME.exec(time)
  if (parts === null) return undefined
  return time === '24:00' ? 1_440 : Number(parts[1]) * 60 + Number(parts[2])
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/

/** Number of the day `2026-03-29`, counted from 1970-01-01. Undefined for a day that does not exist. */
export function dayOf(date: string): number | undefined {
  const parts = DATE.exec(date)
  if (parts === null) return undefined
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const number = Date.UTC(year, month - 1, day) / DAY
  return dateOf(number) === date ? number : undefined
}

/** The date of a day's number. */
export function dateOf(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10)
}

export function weekdayOf(day: number): Weekday {
  // 1970-01-01 was a Thursday
  return WEEKDAYS[(((day + 3) % 7) + 7) % 7]!
}

export interface MonthOfDay {
  /** Months since the year 0. */
  readonly month: number
  readonly dayOfMonth: number
  readonly daysInMonth: number
}

export function monthOf(day: number): MonthOfDay {
  const date = new Date(day * DAY)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return {
    month: year * 12 + month,
    dayOfMonth: date.getUTCDate(),
    daysInMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
  }
}

/** What the clock shows so many minutes after the beginning of the day. */
export function shownAt(day: number, minutes: number): number {
  return day * DAY + minutes * MINUTE
}
