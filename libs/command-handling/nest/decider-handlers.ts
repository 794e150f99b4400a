import { Inject, type Type } from '@nestjs/common'
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs'
import type { Command } from '#libs/event-sourcing'
import { type AnyRecordType, CommandExecutor, type CommandReceipt } from '../index.js'

/**
 * One Nest command handler class per command of a record type. Handlers hold no rules: they hand the command to the
 * executor, which asks the decider.
 */
export function deciderHandlers(
  recordType: AnyRecordType,
  // biome-ignore lint/suspicious/noExplicitAny: command classes differ in their data
  commands: readonly (new (...args: any[]) => Command)[],
): Type<ICommandHandler>[] {
  return commands.map((command) => {
    class DeciderHandler implements ICommandHandler<Command, CommandReceipt> {
      constructor(@Inject(CommandExecutor) private readonly executor: CommandExecutor) {}

      execute(wanted: Command): Promise<CommandReceipt> {
        return this.executor.execute(recordType, wanted)
      }
    }
    CommandHandler(command)(DeciderHandler)
    Object.defineProperty(DeciderHandler, 'name', { value: `${command.name}Handler` })
    return DeciderHandler
  })
}
