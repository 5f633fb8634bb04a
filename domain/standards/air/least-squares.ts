/**
 * Ordinary least squares with intercept, by Gram–Schmidt with the target as one more column, which is as stable as
 * Householder's way. A column that the ones before it explain already is left out (its coefficient is 0).
 */

/** Of its length after the ones before it are taken out of a column; below it nothing new is left. */
const nothingNew = 1e-9

/**
 * @param rows the same length each, at least one
 * @returns the prediction for a row
 */
export function leastSquares(
  rows: readonly (readonly number[])[],
  target: readonly number[],
): (row: readonly number[]) => number {
  const width = rows[0]?.length ?? 0
  const centres = Array.from({ length: width }, (_, k) => mean(rows.map((row) => row[k] ?? 0)))
  const centre = mean(target)
  const basis: Float64Array[] = []
  const rest = Float64Array.from(target, (y) => y - centre)
  /** `upper[k][j]`: how much of basis j is in column k; the last one is the column's own length. */
  const upper: number[][] = []
  const onTarget: number[] = []
  for (let k = 0; k < width; k++) {
    const column = Float64Array.from(rows, (row) => (row[k] ?? 0) - (centres[k] ?? 0))
    const before = length(column)
    const parts = basis.map((one) => takeOut(column, one))
    const own = length(column)
    if (own <= nothingNew * before || own === 0) {
      column.fill(0)
      upper.push([...parts, 0])
    } else {
      scale(column, 1 / own)
      upper.push([...parts, own])
    }
    basis.push(column)
    onTarget.push(takeOut(rest, column))
  }
  const slopes = backSubstituted(upper, onTarget)
  return (row) =>
    slopes.reduce((sum, slope, k) => sum + slope * ((row[k] ?? 0) - (centres[k] ?? 0)), centre)
}

function backSubstituted(
  upper: readonly (readonly number[])[],
  right: readonly number[],
): number[] {
  const left = [...right]
  const slopes = new Array<number>(right.length).fill(0)
  for (let k = right.length - 1; k >= 0; k--) {
    const column = upper[k] ?? []
    const own = column[k] ?? 0
    const slope = own === 0 ? 0 : (left[k] ?? 0) / own
    slopes[k] = slope
    for (let j = 0; j < k; j++) left[j] = (left[j] ?? 0) - slope * (column[j] ?? 0)
  }
  return slopes
}

/** Takes the part along `unit` out of `column` and returns how much it was. */
function takeOut(column: Float64Array, unit: Float64Array): number {
  let part = 0
  for (let i = 0; i < column.length; i++) part += (column[i] ?? 0) * (unit[i] ?? 0)
  for (let i = 0; i < column.length; i++) column[i] = (column[i] ?? 0) - part * (unit[i] ?? 0)
  return part
}

function scale(column: Float64Array, by: number): void {
  for (let i = 0; i < column.length; i++) column[i] = (column[i] ?? 0) * by
}

function length(column: Float64Array): number {
  return Math.sqrt(column.reduce((sum, value) => sum + value * value, 0))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
