import type { Command, CommandMetadata } from '#libs/event-sourcing'

/** What a message says, for a record that is opened because of it. */
export interface RecordByMail {
  readonly title: string
  readonly description: string
  readonly caller: string
  readonly contactType: 'email'
  readonly assignmentGroup?: string
}

export interface AttachedFile {
  readonly hash: string
  readonly name: string
  readonly contentType: string
  readonly size: number
  readonly visibility: 'public'
}

/** Whether a record takes comments, and whether it is Resolved and the person's own, so that she may say that it is not. */
export interface Openness {
  readonly open: boolean
  readonly resolved: boolean
}

/** What messages lead to, in other processes; the composition knows them, since mail knows no process but itself. */
export abstract class HelpDesk {
  /** Largest file that may be attached, bytes. */
  abstract readonly largestFile: number
  abstract allows(contentType: string): boolean
  /** Undefined: the person may not write in it, or there is none. */
  abstract openTo(person: string, number: string): Promise<Openness | undefined>
  /** The record that a notification of ours told of. */
  abstract recordToldOf(notification: string): Promise<string | undefined>
  abstract register(
    person: string,
    data: { kind: 'person'; name: string; email: string | undefined },
    metadata: CommandMetadata,
  ): Command
  /** By another first message of the same sender, that came at the same moment. */
  abstract isRegistered(error: unknown): boolean
  abstract open(record: RecordByMail, metadata: CommandMetadata): Command
  abstract followUp(number: string, earlier: string, metadata: CommandMetadata): Command
  abstract reopen(number: string, metadata: CommandMetadata): Command
  abstract comment(number: string, text: string, metadata: CommandMetadata): Command
  abstract attach(number: string, file: AttachedFile, metadata: CommandMetadata): Command
}
