/** The few SVG elements that our pictures are drawn with. Numbers are cut to a tenth of a pixel. */

type Attributes = Readonly<Record<string, string | number>>

function element(name: string, attributes: Attributes, content = ''): string {
  const parts = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : value}"`,
  )
  return content === ''
    ? `<${name}${parts.join('')}/>`
    : `<${name}${parts.join('')}>${content}</${name}>`
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

export function box(
  [x, y, width, height]: readonly [number, number, number, number],
  attributes: Attributes,
): string {
  return element('rect', { x, y, width, height, ...attributes })
}

export function line(
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  attributes: Attributes,
): string {
  return element('line', { x1, y1, x2, y2, ...attributes })
}

export function text(x: number, y: number, words: string, attributes: Attributes = {}): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return element('text', { x, y, ...attributes }, escaped)
}

export function group(attributes: Attributes, parts: readonly string[]): string {
  return element('g', attributes, parts.join('\n'))
}

/** A line through points; it breaks where there is none. */
export function curve(
  points: readonly (readonly [number, number] | null)[],
  attributes: Attributes,
): string {
  let pen = 'M'
  const steps: string[] = []
  for (const point of points) {
    if (point === null) {
      pen = 'M'
      continue
    }
    steps.push(`${pen}${rounded(point[0])} ${rounded(point[1])}`)
    pen = 'L'
  }
  return element('path', { d: steps.join(''), fill: 'none', ...attributes })
}

export function picture(
  width: number,
  height: number,
  title: string,
  parts: readonly string[],
): string {
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    'font-family':
      "system-ui, 'Helvetica Neue', Arial, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    role: 'img',
  }
  const named = element('title', {}, title)
  return `${element('svg', frame, [named, ...parts].join('\n'))}\n`
}
