/**
 * Rows of numbers in one block of memory: no object and no garbage for each, and a few loads to read one.
 *
 * A row is named by the byte at which it begins. The block moves when it grows, so `view` is read anew each time.
 */

const firstRows = 64
const growth = 1.25

export interface RowTable {
  readonly view: DataView
  /** A new row: zeros, but for what the table sets. */
  add(): number
  /** Gives the row back. */
  remove(row: number): void
}

/** `rowBytes` must be a multiple of 8. */
export function createRowTable(
  rowBytes: number,
  begin: (view: DataView, row: number) => void,
): RowTable {
  const free: number[] = []
  let view = new DataView(new ArrayBuffer(firstRows * rowBytes))
  let end = 0

  function grow(): void {
    const rows = Math.ceil((view.byteLength / rowBytes) * growth)
    const bytes = new Uint8Array(rows * rowBytes)
    bytes.set(new Uint8Array(view.buffer))
    view = new DataView(bytes.buffer)
  }

  return {
    get view() {
      return view
    },
    add() {
      const row = free.pop() ?? end
      if (row === end) {
        if (end + rowBytes > view.byteLength) grow()
        end += rowBytes
      }
      for (let i = 0; i < rowBytes; i += 8) view.setFloat64(row + i, 0)
      begin(view, row)
      return row
    },
    remove(row) {
      free.push(row)
    },
  }
}
