import type { FieldError } from '#libs/event-sourcing'

/** What is wrong with the name of an entry, by which decisions record it: it must be there, and be the only one. */
export function nameErrors(
  list: string,
  index: number,
  entries: readonly { readonly name: string }[],
): FieldError[] {
  const name = entries[index]?.name ?? ''
  const pointer = `/${list}/${index}/name`
  if (name.trim() === '') return [{ pointer, message: 'is empty' }]
  const first = entries.findIndex((other) => other.name === name)
  return first < index ? [{ pointer, message: 'stands twice: decisions record it by name' }] : []
}
