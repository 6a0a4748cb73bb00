/**
 * pressure — whether connections wait for a child, as the master last said, and those who want to know at once.
 */
export class Pressure {
  #on = false
  readonly #listeners = new Set<() => void>()

  get on(): boolean {
    return this.#on
  }

  set(on: boolean): void {
    if (on === this.#on) return
    this.#on = on
    for (const listener of this.#listeners) listener()
  }

  /** @returns ends it */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
