/** An instant with any offset as the one form that is stored and compared: UTC with milliseconds. Null stays. */
export function toUtc<Value extends string | null>(instant: Value): Value {
  return (instant === null ? null : new Date(instant as string).toISOString()) as Value
}
