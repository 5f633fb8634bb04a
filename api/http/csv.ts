/**
 * Rows as CSV (RFC 4180). A text that a spreadsheet would take for a formula gets a leading apostrophe, so
 * that a hostile name does nothing on the computer of whoever opens the file (OWASP, CSV injection).
 */

export type Cell = string | number | boolean | null

export const csvEnd = '\r\n'

export function csvLine(cells: readonly Cell[]): string {
  return `${csvCells(cells)}${csvEnd}`
}

/** Cells with commas between them. */
export function csvCells(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(',')
}

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
