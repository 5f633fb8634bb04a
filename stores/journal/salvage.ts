/**
 * Finds the blocks of a sealed segment without SQLite's help, page by page: when the first page or a page of
 * the tree is broken, SQLite cannot reach blocks that are whole. Only rows whose checksum is right count.
 *
 * Format: sqlite.org/fileformat2.html sections 1.6 (b-tree pages) and 2.1 (records). Never used on the live
 * segment: closing a file here would drop the locks that SQLite holds on it in this process (POSIX).
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type BlockRow, isSoundBlock, pageBytes } from './segment.ts'
import type { Span } from './segment-reader.ts'
import { readRow, readVarint } from './sqlite-record.ts'

const fileHeaderBytes = 100
const leafOfTable = 0x0d
const cellCountAt = 3
const cellPointersAt = 8
/** Of a longer row only a first part is in the leaf, the rest in a chain of pages. */
const localBytesMax = pageBytes - 35
const localBytesMin = Math.floor(((pageBytes - 12) * 32) / 255) - 23
const chainBytes = pageBytes - 4

export interface Salvage {
  /** The blocks from the one that holds `next` on; empty when it is not among the whole ones. */
  blocks(span: Span): readonly BlockRow[]
  /** Where the first whole block that begins behind `seq` begins. */
  firstAfter(seq: number): number | undefined
  close(): void
}

interface Cell {
  page: number
  at: number
}

interface Found extends Cell {
  firstSeq: number
  count: number
}

interface PagedFile {
  pages: number
  /** Undefined when there is no such page; valid until the next call. */
  page(number: number): Buffer | undefined
}

export function openSalvage(path: string): Salvage {
  const fd = openSync(path, 'r')
  const file = pagedFile(fd)
  const found = findRows(file)
  return {
    blocks({ next, limit, bytes }) {
      const rows: BlockRow[] = []
      let from = next
      let left = bytes
      for (let i = indexOf(found, next); from < next + limit && left > 0; i++) {
        const place = found[i]
        const follows = place !== undefined && place.firstSeq <= from
        if (!follows || place.firstSeq + place.count <= from) break
        const row = rowAt(file, place)
        if (row === undefined) break
        rows.push(row)
        from = place.firstSeq + place.count
        left -= row.data.length
      }
      return rows
    },
    firstAfter: (seq) => found[indexOf(found, seq) + 1]?.firstSeq,
    close: () => closeSync(fd),
  }
}

/** The last block that begins at or before `seq`; −1 when all begin behind it. */
function indexOf(found: readonly Found[], seq: number): number {
  let low = 0
  let high = found.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((found[middle]?.firstSeq ?? 0) <= seq) low = middle + 1
    else high = middle
  }
  return low - 1
}

function pagedFile(fd: number): PagedFile {
  const pages = Math.floor(fstatSync(fd).size / pageBytes)
  const buffer = Buffer.alloc(pageBytes)
  return {
    pages,
    page(number) {
      if (number < 1 || number > pages) return undefined
      const read = readSync(fd, buffer, 0, pageBytes, (number - 1) * pageBytes)
      return read === pageBytes ? buffer : undefined
    },
  }
}

function findRows(file: PagedFile): Found[] {
  const found: Found[] = []
  for (let page = 1; page <= file.pages; page++) {
    for (const at of cellsOf(file.page(page), page)) {
      const row = rowAt(file, { page, at })
      if (row !== undefined) found.push({ page, at, firstSeq: row.firstSeq, count: row.count })
    }
  }
  return found.sort((a, b) => a.firstSeq - b.firstSeq)
}

function cellsOf(page: Buffer | undefined, number: number): number[] {
  const header = number === 1 ? fileHeaderBytes : 0
  if (page === undefined || page[header] !== leafOfTable) return []
  const cells: number[] = []
  const count = page.readUInt16BE(header + cellCountAt)
  for (let i = 0; i < count; i++) {
    const pointerAt = header + cellPointersAt + 2 * i
    if (pointerAt + 2 > pageBytes) break
    cells.push(page.readUInt16BE(pointerAt))
  }
  return cells
}

/** The row of a cell if it is a whole block. */
function rowAt(file: PagedFile, cell: Cell): BlockRow | undefined {
  const page = file.page(cell.page)
  const start = page === undefined ? undefined : readCell(page, cell.at)
  if (start === undefined || start.payloadBytes > file.pages * pageBytes) return undefined
  const payload = followChain(file, start)
  const row = payload === undefined ? undefined : readRow(payload, start.rowid)
  return row !== undefined && isSoundBlock(row) ? row : undefined
}

interface CellStart {
  rowid: number
  payloadBytes: number
  local: Buffer
  /** Page the payload goes on at; 0 when it is all here. */
  chain: number
}

function readCell(page: Buffer, at: number): CellStart | undefined {
  const size = readVarint(page, at)
  const rowid = readVarint(page, size.end)
  const payloadBytes = size.value
  let localBytes = payloadBytes
  if (payloadBytes > localBytesMax) {
    const surplus = localBytesMin + ((payloadBytes - localBytesMin) % chainBytes)
    localBytes = surplus <= localBytesMax ? surplus : localBytesMin
  }
  const end = rowid.end + localBytes
  const whole = localBytes === payloadBytes
  if (end + (whole ? 0 : 4) > page.length) return undefined
  const local = Buffer.from(page.subarray(rowid.end, end))
  return { rowid: rowid.value, payloadBytes, local, chain: whole ? 0 : page.readUInt32BE(end) }
}

function followChain(file: PagedFile, start: CellStart): Buffer | undefined {
  if (start.chain === 0) return start.local
  const payload = Buffer.alloc(start.payloadBytes)
  let filled = start.local.copy(payload)
  for (let next = start.chain; filled < payload.length; ) {
    const page = file.page(next)
    if (page === undefined) return undefined
    filled += page.copy(payload, filled, 4)
    next = page.readUInt32BE(0)
  }
  return payload
}
