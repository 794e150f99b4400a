import type { Json } from './conversations.js'

const POSITION_FIELDS = new Set(['commitPosition', 'preparePosition'])

/** Which position of the replay stands for which recorded one. It must keep their order. */
export class PositionMap {
  private readonly known = new Map<bigint, bigint>()

  /** Takes the positions of two answers to the same request. */
  learn(recorded: Json, actual: Json): void {
    walk(recorded, actual, (one, other) => {
      if (!this.known.has(one)) this.known.set(one, other)
    })
  }

  /** A recorded position as this replay has it; one that was never given keeps its place between those that were. */
  toActual(recorded: string): string {
    const position = BigInt(recorded)
    const [known, actual] = this.inOrder().findLast(([one]) => one <= position) ?? [0n, 0n]
    return (actual + position - known).toString()
  }

  /** The recorded position as this replay has it, for comparing; the recorded one itself when it is not known. */
  expected(recorded: string): string {
    return (this.known.get(BigInt(recorded)) ?? BigInt(recorded)).toString()
  }

  /** Pairs that stand in another order here than there. */
  disorder(): [bigint, bigint][] {
    const pairs = this.inOrder()
    return pairs.filter(([, actual], index) => index > 0 && actual <= pairs[index - 1]![1])
  }

  /** Pairs that are not even the same number. */
  moved(): [bigint, bigint][] {
    return this.inOrder().filter(([recorded, actual]) => recorded !== actual)
  }

  private inOrder(): [bigint, bigint][] {
    return [...this.known].sort(([one], [other]) => (one < other ? -1 : 1))
  }

  get size(): number {
    return this.known.size
  }
}

function walk(
  recorded: Json | undefined,
  actual: Json | undefined,
  pair: (one: bigint, other: bigint) => void,
): void {
  if (recorded === null || typeof recorded !== 'object' || actual === null || typeof actual !== 'object')
    return
  for (const [key, value] of Object.entries(recorded)) {
    const other = (actual as Record<string, Json>)[key]
    if (POSITION_FIELDS.has(key) && typeof value === 'string' && typeof other === 'string')
      pair(BigInt(value), BigInt(other))
    else walk(value, other, pair)
  }
}
