import cliProgress from 'cli-progress'

/** A bar with rate and time left on a terminal; nothing in a pipe. */
export class Progress {
  private bar: cliProgress.SingleBar | undefined

  /** @param unit what is counted, such as `rows` */
  constructor(
    private readonly title: string,
    private readonly unit: string,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  /**
   * @param share 0 to 1
   * @param secondsLeft undefined: not known yet
   */
  show(share: number, count: number, perSecond: number, secondsLeft: number | undefined): void {
    if (!this.stream.isTTY) return
    if (!this.bar) {
      const format = `{title} {bar} {percentage} %  {count} {unit}  {rate} ${this.unit}/s  {left}`
      this.bar = new cliProgress.SingleBar({
        format,
        stream: this.stream,
        hideCursor: true,
        clearOnComplete: false,
      })
      this.bar.start(1000, 0, { title: this.title, unit: this.unit, count: 0, rate: 0, left: '' })
    }
    const left = secondsLeft === undefined ? '' : `${Math.ceil(secondsLeft)} s left`
    this.bar.update(Math.round(share * 1000), {
      count: count.toLocaleString('en'),
      rate: Math.round(perSecond).toLocaleString('en'),
      left,
    })
  }

  end(): void {
    this.bar?.stop()
  }
}
