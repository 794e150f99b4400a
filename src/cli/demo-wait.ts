/**
 * A line to paste that asks again until an answer holds a text: what policies and read models do follows within moments, and on a busy
 * machine later.
 * @param question a command whose output is the answer
 * @param text that `grep` looks for, without a quote of the shell
 */
export function untilTold(question: string, text: string): string {
  return `until ${question} | grep -q '${text}'; do sleep 1; done`
}
