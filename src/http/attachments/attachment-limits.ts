/** Which files may be attached. */
export class AttachmentLimits {
  constructor(
    readonly maxBytes: number,
    /** Media types; `image/*` stands for all of a kind. */
    readonly types: readonly string[],
  ) {}

  allows(type: string): boolean {
    const [kind] = type.split('/')
    return this.types.some((allowed) => allowed === type || allowed === `${kind}/*` || allowed === '*/*')
  }
}
