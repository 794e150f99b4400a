/** About a minute: what has not come by then will not. */
const TRIES = 60

/**
 * A line to paste that asks again until an answer holds a text, at most so often, and says so when it never came: what policies and
 * read models do follows within moments, and on a busy machine later.
 * @param question a command whose output is the answer
 * @param text that `grep` looks for, without a quote of the shell
 */
export function untilTold(question: string, text: string): string {
  const givingUp = `[ $n -lt ${TRIES} ] || { echo 'Asked ${TRIES} times, never told: ${text}' >&2; break; }`
  return `n=1; until ${question} | grep -q '${text}'; do ${givingUp}; n=$((n+1)); sleep 1; done`
}
