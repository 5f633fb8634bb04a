/** Small pieces of Markdown for the generated pages. */

type Cell = string | number | null

/** A table; what stands in a cell cannot break it. */
export function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.map(cellText).join(' | ')} |`
  return [line(columns), `|${columns.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

function cellText(cell: Cell): string {
  if (cell === null) return '–'
  return typeof cell === 'number' ? numberText(cell) : cell.replaceAll('|', '\\|')
}

/** Never 1e-7. */
function numberText(value: number): string {
  return value.toLocaleString('en', { useGrouping: false, maximumFractionDigits: 12 })
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}

export function code(text: string): string {
  return `\`${text}\``
}

/** Parts with an empty line between them; empty ones are left out. */
export function paragraphs(parts: readonly (string | null | undefined)[]): string {
  return parts.filter((part) => part !== null && part !== undefined && part !== '').join('\n\n')
}
