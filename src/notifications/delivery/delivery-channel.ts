import type { Notification } from '../domain/notification.decider.js'

/** A way by which notifications reach their recipients. */
export interface DeliveryChannel {
  /**
   * Sends once. Takes no longer than its own time limits allow.
   * @param id of the notification: the same for each attempt, so that recipients can tell a repeat
   * @returns what the message is called over there
   * @throws DeliveryError
   */
  send(id: string, notification: Notification): Promise<string>
  /** Cuts off what is under way. */
  close(): void
}

/** What came of an attempt that failed. `permanent`: no repeat would help. */
export class DeliveryError extends Error {
  constructor(
    message: string,
    readonly permanent: boolean,
  ) {
    super(withoutAddresses(message))
  }
}

const LONGEST_MESSAGE = 500

/** Servers repeat addresses in what they say; those stand in the directory and nowhere else. */
function withoutAddresses(message: string): string {
  const text = message.replaceAll(/[^\s<>"',;:()[\]]+@[^\s<>"',;:()[\]]+/g, '(address)').trim()
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text
}
