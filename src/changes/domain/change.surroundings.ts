import type { ChangeCommand } from './change.commands.js'
import type { Surroundings } from './change.events.js'
import type { Change } from './change.state.js'

/** What a decision knows of what stands around the affected CIs: as the command says, or else as was told last. */
export function surroundingsOf({ data }: ChangeCommand, change: Change): Surroundings | null {
  return (data as { surroundings?: Surroundings }).surroundings ?? change.surroundings
}
