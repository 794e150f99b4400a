import { randomUUID } from 'node:crypto'
import { Inject, type Type } from '@nestjs/common'
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs'
import { CommandExecutor, type CommandReceipt } from '#libs/command-handling'
import {
  type Command,
  type CommandMetadata,
  derivedId,
  LedgerdeskError,
  type RecordedEvent,
  Refused,
  Unavailable,
} from '#libs/event-sourcing'
import { EventStore } from '#libs/event-store'
import { ciNameRecords, ciRecords } from './configuration.records.js'
import {
  AbandonCiNaming,
  NAMING_COMMANDS,
  type NamingCommand,
  RegisterCi,
  ReleaseCiName,
  ReserveCiName,
} from './domain/ci.commands.js'
import { type Naming, namingOf } from './domain/ci.naming.js'
import { ciFold, ciNameId, NAME_ABANDONED } from './domain/ci-name.decider.js'
import type { CiEvent } from './domain/configuration.events.js'

/** How often somebody else's abandoned reservation is cleared away for one command. */
const MOST_ATTEMPTS = 5

/**
 * Carries out what gives a CI a name: a number, then a reservation of the name, then the event that relies on it. Wherever
 * it stops, a repeat under the same key goes on, and others wait for a minute at most (see `ci-name.decider`).
 */
export class CiNaming {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly store: EventStore,
  ) {}

  async carryOut(wanted: NamingCommand): Promise<CommandReceipt> {
    const command =
      wanted.type === 'RegisterCi' && wanted.id === undefined ? await this.numbered(wanted) : wanted
    const naming = await this.namingOf(command)
    const reserved = naming !== undefined && (await this.reserve(naming, command))
    try {
      return await this.executor.execute(ciRecords, command)
    } catch (error) {
      // Where it is not certain that nothing was written, the reservation may be needed.
      const refused = error instanceof LedgerdeskError && !(error instanceof Unavailable)
      if (reserved && naming && refused) await this.release(naming, command)
      throw error
    }
  }

  /** The same command under the number that it got. Its own command id makes a repeat find that number. */
  private async numbered({ data, metadata }: RegisterCi): Promise<RegisterCi> {
    const commandId = derivedId('ci-proposal', metadata.commandId)
    const { id } = await this.executor.execute(
      ciRecords,
      new RegisterCi(undefined, data, { ...metadata, commandId }),
    )
    return new RegisterCi(id, data, metadata)
  }

  private async namingOf(command: NamingCommand): Promise<Naming | undefined> {
    const events = (await this.store.readStream(`ci-${command.id}`)) as RecordedEvent<CiEvent>[]
    return namingOf(command, events.reduce(ciFold.evolve, ciFold.initial))
  }

  /** @returns whether this is what reserved it, so that it may be released @throws Refused `CI.NAME_TAKEN` */
  private async reserve(naming: Naming, command: NamingCommand): Promise<boolean> {
    const { id: ci = '', metadata } = command
    const operation = metadata.commandId
    for (let attempt = 1; ; attempt++) {
      const wish = new ReserveCiName(ciNameId(naming), { ...naming, ci, operation }, stepOf(command))
      try {
        return (await this.executor.execute(ciNameRecords, wish)).outcome === 'appended'
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== NAME_ABANDONED || attempt >= MOST_ATTEMPTS)
          throw error
        const { ci: other, operation: abandoned } = error.extra as { ci: string; operation: string }
        const giveUp = new AbandonCiNaming(other, { operation: abandoned }, stepOf(command))
        await this.executor.execute(ciRecords, giveUp)
      }
    }
  }

  private async release(naming: Naming, command: NamingCommand): Promise<void> {
    const { commandId: operation } = command.metadata
    const wish = new ReleaseCiName(ciNameId(naming), { operation }, stepOf(command))
    await this.executor.execute(ciNameRecords, wish)
  }
}

/** A step of a command: for the same reason, at the time at which it is sent, and not repeatable by itself. */
function stepOf({ metadata, data }: NamingCommand): CommandMetadata {
  const { enteredAt = metadata.occurredAt } = data as { enteredAt?: string }
  return {
    ...metadata,
    occurredAt: enteredAt,
    commandId: randomUUID(),
    causationId: metadata.commandId,
    keyed: false,
    requestHash: undefined,
    expectedRevision: undefined,
  }
}

/** The handlers of the commands that give names. */
export const namingHandlers: Type<ICommandHandler>[] = NAMING_COMMANDS.map((command) => {
  class NamingHandler implements ICommandHandler<Command, CommandReceipt> {
    private readonly naming: CiNaming
    constructor(@Inject(CommandExecutor) executor: CommandExecutor, @Inject(EventStore) store: EventStore) {
      this.naming = new CiNaming(executor, store)
    }

    execute(wanted: Command): Promise<CommandReceipt> {
      return this.naming.carryOut(wanted as NamingCommand)
    }
  }
  CommandHandler(command)(NamingHandler)
  Object.defineProperty(NamingHandler, 'name', { value: `${command.name}Handler` })
  return NamingHandler
})
