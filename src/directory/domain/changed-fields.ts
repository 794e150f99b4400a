/**
 * The wished fields that differ from what is known. `undefined`: not wished; `null`: to be forgotten.
 * An empty answer means that there is nothing to do.
 */
export function changedFields<Fields extends object>(
  known: { readonly [Field in keyof Fields]?: unknown },
  wished: Fields,
): Partial<Fields> {
  const changed: Partial<Fields> = {}
  for (const field of Object.keys(wished) as (keyof Fields)[]) {
    if (wished[field] !== undefined && wished[field] !== (known[field] ?? null))
      changed[field] = wished[field]
  }
  return changed
}

/** What is known after the change: fields set to `null` are gone. */
export function withChanges<Known extends object>(
  known: Known,
  changes: { readonly [Field in keyof Known]?: Known[Field] | null },
): Known {
  const entries = Object.entries({ ...known, ...changes })
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined)) as Known
}
