import { Inject, Optional, type Type } from '@nestjs/common'
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs'
import { CommandExecutor, type CommandReceipt } from '#libs/command-handling'
import { type Command, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import { EventStore } from '#libs/event-store'
import { changeRecords } from './change.record.js'
import {
  AskApproval,
  MovePlannedTimes,
  RecheckConflicts,
  RecordApprovalOutcome,
  ResumeChange,
  ScheduleStandardChange,
  StartImplementation,
  SubmitChange,
  type Surrounded,
} from './domain/change.commands.js'
import type { ChangeEvent, Surroundings } from './domain/change.events.js'
import { type ChangeRecord, evolve, isOpened, NOT_OPENED, periodOfChange } from './domain/change.state.js'

/** Tells what stands around configuration items: from a view, so where no query is answered there is none. */
export abstract class ChangeSurroundings {
  /** @throws Unavailable when the view does not answer */
  abstract of(cis: readonly string[], validAt: string): Promise<Surroundings>
}

/** Commands after which conflicts are looked for. */
export const SURROUNDED_COMMANDS = [
  SubmitChange,
  AskApproval,
  RecordApprovalOutcome,
  ResumeChange,
  ScheduleStandardChange,
  MovePlannedTimes,
  RecheckConflicts,
  StartImplementation,
] as const
type SurroundedCommand = InstanceType<(typeof SURROUNDED_COMMANDS)[number]>

/**
 * Adds what the view says to a command, whoever sends it. A view that is away holds up no change: what was told last stands in
 * the change's stream, and each finding says how far the view had read.
 */
export async function surrounded(
  command: SurroundedCommand,
  store: Pick<EventStore, 'readStream'>,
  surroundings: ChangeSurroundings | undefined,
): Promise<SurroundedCommand> {
  if (surroundings === undefined) return command
  const events = (await store.readStream(`change-${command.id}`)) as RecordedEvent<ChangeEvent>[]
  const record = events.reduce<ChangeRecord>(evolve, NOT_OPENED)
  const period = isOpened(record) ? plannedPeriod(command, record) : null
  if (!isOpened(record) || period === null || record.plan.affectedCis.length === 0) return command
  try {
    const told = await surroundings.of(record.plan.affectedCis, period.start)
    const Class = command.constructor as new (...args: unknown[]) => SurroundedCommand
    return new Class(
      command.id,
      { ...command.data, surroundings: told } satisfies Surrounded,
      command.metadata,
    )
  } catch (error) {
    if (error instanceof Unavailable) return command
    throw error
  }
}

function plannedPeriod({ type, data }: SurroundedCommand, change: Extract<ChangeRecord, { plan: object }>) {
  return (type === 'MovePlannedTimes' ? data.planned : null) ?? periodOfChange(change)
}

/** The handlers of commands that look for conflicts. */
export const surroundedHandlers: Type<ICommandHandler>[] = SURROUNDED_COMMANDS.map((command) => {
  class SurroundedHandler implements ICommandHandler<Command, CommandReceipt> {
    constructor(
      @Inject(CommandExecutor) private readonly executor: CommandExecutor,
      @Inject(EventStore) private readonly store: EventStore,
      @Optional() @Inject(ChangeSurroundings) private readonly surroundings?: ChangeSurroundings,
    ) {}

    async execute(wanted: Command): Promise<CommandReceipt> {
      const command = await surrounded(wanted as SurroundedCommand, this.store, this.surroundings)
      return this.executor.execute(changeRecords, command)
    }
  }
  CommandHandler(command)(SurroundedHandler)
  Object.defineProperty(SurroundedHandler, 'name', { value: `${command.name}Handler` })
  return SurroundedHandler
})
