/**
 * A set of MQTT packet ids (1 to 65,535). A handful are kept as a list, more as one bit for each possible id: a client
 * may have all of them under way, and that must not cost more than 8 KiB.
 */

const listedMax = 64
const bitmapBytes = 65_536 / 8

export class PacketIds {
  #listed: number[] | null = []
  #bits: Uint8Array | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  has(id: number): boolean {
    if (this.#listed !== null) return this.#listed.includes(id)
    return ((this.#bits?.[id >> 3] ?? 0) & (1 << (id & 7))) !== 0
  }

  add(id: number): void {
    if (this.has(id)) return
    this.#size++
    if (this.#listed !== null) {
      this.#listed.push(id)
      if (this.#listed.length > listedMax) this.#spread(this.#listed)
    } else this.#set(id)
  }

  /** False when it was not in it. */
  delete(id: number): boolean {
    if (!this.has(id)) return false
    this.#size--
    if (this.#listed !== null) this.#listed.splice(this.#listed.indexOf(id), 1)
    else if (this.#bits !== null) {
      this.#bits[id >> 3] = (this.#bits[id >> 3] ?? 0) & ~(1 << (id & 7))
      if (this.#size === 0) this.clear()
    }
    return true
  }

  clear(): void {
    this.#listed = []
    this.#bits = null
    this.#size = 0
  }

  #spread(ids: readonly number[]): void {
    this.#listed = null
    this.#bits = new Uint8Array(bitmapBytes)
    for (const id of ids) this.#set(id)
  }

  #set(id: number): void {
    if (this.#bits !== null) this.#bits[id >> 3] = (this.#bits[id >> 3] ?? 0) | (1 << (id & 7))
  }
}
