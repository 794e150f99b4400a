const NAMESPACE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/

/**
 * Names of our streams on a server that others use too: `<namespace>.incident-INC0000001`. A namespace holds no dot, so
 * none is the beginning of another's names.
 */
export class StreamNames {
  readonly prefix: string

  /** @throws Error when the namespace is no name */
  constructor(namespace: string) {
    if (!NAMESPACE.test(namespace)) {
      throw new Error(
        `The namespace "${namespace}" must be 1 to 50 letters, digits, "_" or "-", and begin with a letter or digit`,
      )
    }
    this.prefix = `${namespace}.`
  }

  onServer(stream: string): string {
    return this.prefix + stream
  }

  /** A stream of the adapter's own: it has no dash, which every stream of the port has. */
  reserved(name: 'log' | 'times' | 'migration' | 'padding'): string {
    return this.prefix + name
  }

  /** The port's name of a stream; undefined for foreign streams, the server's and the adapter's own. */
  ours(onServer: string): string | undefined {
    if (!onServer.startsWith(this.prefix)) return undefined
    const stream = onServer.slice(this.prefix.length)
    return stream.includes('-') ? stream : undefined
  }
}
