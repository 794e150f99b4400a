import type { EventMetadata } from './event.js'

/** Turns the payload of one schema version into that of the next. Pure. */
export type Upcaster = (data: unknown, metadata: Omit<EventMetadata, 'recordedAt'>) => unknown

/**
 * How old events become readable: per event type a chain of upcasters, each from one schema version to the next. A type
 * nobody registered is at version 1.
 */
export class Upcasters {
  /** Type → the upcasters from version 1 to 2, 2 to 3, ... */
  readonly #chains = new Map<string, Upcaster[]>()

  /**
   * Adds the step from `from` to `from + 1`. Steps of a type are registered in order, so that no version is left out.
   * @throws Error when a step is missing or registered twice
   */
  register(type: string, from: number, upcast: Upcaster): this {
    const chain = this.#chains.get(type) ?? []
    if (from !== chain.length + 1) {
      throw new Error(`The next upcaster of ${type} must be from version ${chain.length + 1}, not ${from}`)
    }
    chain.push(upcast)
    this.#chains.set(type, chain)
    return this
  }

  /** The schema version that events of this type are written in and handed out in. */
  current(type: string): number {
    return (this.#chains.get(type)?.length ?? 0) + 1
  }

  /** The payload and metadata as of the current version; events at that version (or a later one) come back unchanged. */
  upcast<Metadata extends Omit<EventMetadata, 'recordedAt'>>(
    type: string,
    data: unknown,
    metadata: Metadata,
  ): { data: unknown; metadata: Metadata } {
    const chain = this.#chains.get(type)
    if (chain === undefined || metadata.schemaVersion > chain.length) return { data, metadata }
    const current = chain
      .slice(metadata.schemaVersion - 1)
      .reduce((payload, upcast) => upcast(payload, metadata), data)
    return { data: current, metadata: { ...metadata, schemaVersion: chain.length + 1 } }
  }
}
