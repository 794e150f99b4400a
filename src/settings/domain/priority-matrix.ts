import { type FieldError, InvalidInput, Refused } from '#libs/event-sourcing'
import type { PublishPriorityMatrix } from './settings.commands.js'
import type { PriorityMatrix, PriorityMatrixPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** More levels than anybody can tell apart; keeps the check of n×m cells short. */
const MAX_LEVELS = 20

/** Impact × urgency → priority (ITIL 4, incident management). */
export const priorityMatrixDecider = versionedDecider<
  PriorityMatrix,
  PublishPriorityMatrix,
  PriorityMatrixPublished
>({
  published: 'PriorityMatrixPublished',
  contentOf: ({ matrix }) => matrix,
  check({ data: { matrix }, metadata }) {
    const errors = shapeErrors(matrix)
    if (errors.length > 0) {
      throw new InvalidInput('SETTINGS.MATRIX_MALFORMED', 'The priority matrix is not well formed', errors)
    }
    const imported = metadata.channel === 'import'
    const emptyCells = findEmptyCells(matrix)
    if (emptyCells.length > 0 && !imported) {
      throw new Refused(
        'SETTINGS.MATRIX_NOT_TOTAL',
        `The priority matrix must give a priority for every pair: ${emptyCells.join('; ')} has none`,
        { emptyCells },
      )
    }
    const { impacts, urgencies, priorities, cells } = matrix
    const kept = { impacts, urgencies, priorities, cells }
    return { matrix: kept, imported, emptyCells, warnings: monotonyWarnings(matrix) }
  },
})

function shapeErrors({ impacts, urgencies, priorities, cells }: PriorityMatrix): FieldError[] {
  return [
    ...levelErrors('/impacts', impacts),
    ...levelErrors('/urgencies', urgencies),
    ...levelErrors('/priorities', priorities),
    ...(cells.length === impacts.length
      ? []
      : [{ pointer: '/cells', message: `has ${cells.length} rows for ${impacts.length} impacts` }]),
    ...cells.flatMap((row, i) => rowErrors(`/cells/${i}`, row, urgencies.length, priorities.length)),
  ]
}

function levelErrors(pointer: string, names: readonly string[]): FieldError[] {
  const errors: FieldError[] = []
  if (names.length < 1 || names.length > MAX_LEVELS) {
    errors.push({ pointer, message: `needs 1 to ${MAX_LEVELS} names` })
  }
  for (const [index, name] of names.entries()) {
    if (name.trim() === '') errors.push({ pointer: `${pointer}/${index}`, message: 'is empty' })
    else if (names.indexOf(name) < index)
      errors.push({ pointer: `${pointer}/${index}`, message: 'stands twice' })
  }
  return errors
}

function rowErrors(
  pointer: string,
  row: readonly (number | null)[],
  urgencies: number,
  priorities: number,
): FieldError[] {
  if (row.length !== urgencies) {
    return [{ pointer, message: `has ${row.length} cells for ${urgencies} urgencies` }]
  }
  return row.flatMap((cell, j) =>
    cell === null || (Number.isInteger(cell) && cell >= 1 && cell <= priorities)
      ? []
      : [{ pointer: `${pointer}/${j}`, message: `must be a priority from 1 to ${priorities}` }],
  )
}

function findEmptyCells({ cells }: PriorityMatrix): string[] {
  return cells.flatMap((row, i) => row.flatMap((cell, j) => (cell === null ? [pair(i, j)] : [])))
}

/**
 * A matrix is monotone when a higher impact or urgency never gives a lower priority (1 is the highest of each). One
 * warning per cell that outranks one above it; empty cells say nothing.
 */
function monotonyWarnings({ cells }: PriorityMatrix): string[] {
  return cells.flatMap((row, i) =>
    row.flatMap((priority, j) => {
      const above = priority === null ? undefined : firstOutranked(cells, i, j, priority)
      return above === undefined
        ? []
        : [`${pair(i, j)} gives ${priority}, which is higher than the ${above.priority} of ${above.pair}`]
    }),
  )
}

function firstOutranked(cells: PriorityMatrix['cells'], impact: number, urgency: number, priority: number) {
  for (let i = 0; i <= impact; i++) {
    for (let j = 0; j <= urgency; j++) {
      const other = cells[i]?.[j]
      if (typeof other === 'number' && other > priority) return { pair: pair(i, j), priority: other }
    }
  }
  return undefined
}

function pair(i: number, j: number): string {
  return `impact ${i + 1}, urgency ${j + 1}`
}
