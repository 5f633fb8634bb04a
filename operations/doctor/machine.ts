/** What the machine gives: room, a disk that keeps what it says it keeps, and a clock that can be trusted. */

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import type { Clock, Ports } from '../../domain/ports.ts'
import { type Finding, fail, messageOf, ok, warn } from './finding.ts'

const gibibyte = 1_073_741_824
const freeMin = { share: 0.05, bytes: gibibyte }
const syncs = { count: 5, slowMs: 50 }
const watchMs = 300
const steppedMs = 100
/** Before this version was made, and later than anybody runs it. */
const sane = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2100, 0, 1) }

/** Where the data folder is, or would be. */
function placeOf(dataDir: string): string {
  let place = resolve(dataDir)
  while (!existsSync(place)) place = dirname(place)
  return place
}

export function examineDisk({ dataDir, journalMibMax }: Config, clock: Clock): Finding[] {
  const place = placeOf(dataDir)
  const { bavail, blocks, bsize, ffree, files } = statfsSync(place)
  const free = bavail * bsize
  const shown = `${gib(free)} GiB of ${gib(blocks * bsize)} GiB are free where ${dataDir} is`
  const makeRoom = 'Make room, or move the folder to a larger disk (docs/operate.md, "Full disk").'
  const findings: Finding[] = []
  if (free < freeMin.bytes / 10) findings.push(fail('disk', shown, makeRoom))
  else if (free < freeMin.bytes || free < blocks * bsize * freeMin.share) {
    findings.push(warn('disk', shown, makeRoom))
  } else if (free < journalMibMax * 1_048_576) {
    const found = `${shown}: less than the journal may take (BELLWETHER_JOURNAL_MIB_MAX=${journalMibMax})`
    findings.push(warn('disk', found, 'Set that lower than what is free, or make room.'))
  } else findings.push(ok('disk', shown))
  if (files > 0 && ffree < 1_000) {
    findings.push(fail('disk', `only ${ffree} more files fit on it (inodes)`, makeRoom))
  }
  return [...findings, examineSync(place, clock)]
}

/** Hour of the day, two digits. */
function hourIn(timeZone: string, at: number): string {
  return new Intl.DateTimeFormat('en-US', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format(
    at,
  )
}

function gib(bytes: number): string {
  return (bytes / gibibyte).toFixed(1)
}

/** Every acknowledgement waits for one of these. */
function examineSync(place: string, clock: Clock): Finding {
  let dir: string | undefined
  try {
    dir = mkdtempSync(join(place, '.doctor-'))
    const file = openSync(join(dir, 'sync'), 'wx', 0o600)
    const began = clock.monotonic()
    for (let i = 0; i < syncs.count; i++) {
      writeSync(file, 'x'.repeat(4_096))
      fsyncSync(file)
    }
    const eachMs = (clock.monotonic() - began) / syncs.count
    closeSync(file)
    const found = `a write is on disk (fsync) after ${eachMs.toFixed(1)} ms`
    if (eachMs <= syncs.slowMs) return ok('disk', found)
    const advice =
      'Acknowledgements wait for that: a disk with a write cache that survives power loss, or less other load on it.'
    return warn('disk', found, advice)
  } catch (error) {
    return fail(
      'disk',
      `nothing can be written in ${place}: ${messageOf(error)}`,
      'Room and rights.',
    )
  } finally {
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
  }
}

/** `newest`: when the newest reading was received; null when there is none. */
export async function examineClock(
  { timeZone }: Config,
  { clock, timers }: Pick<Ports, 'clock' | 'timers'>,
  newest: number | null,
): Promise<Finding[]> {
  const now = clock.now()
  const sync = 'Set it and keep it with NTP (timedatectl; docs/operate.md, "Wrong clock").'
  const text = new Date(now).toISOString()
  const findings: Finding[] = []
  if (now < sane.from || now > sane.to) {
    findings.push(fail('clock', `the clock says ${text}, which cannot be`, sync))
  }
  if (newest !== null && newest > now + 1_000) {
    const found = `the clock says ${text}, and a reading was received at ${new Date(newest).toISOString()}: it has gone back, or was ahead then`
    findings.push(fail('clock', found, sync))
  }
  const began = { wall: now, steady: clock.monotonic() }
  await new Promise<void>((done) => void timers.after(watchMs, done))
  const driftMs = clock.now() - began.wall - (clock.monotonic() - began.steady)
  if (Math.abs(driftMs) > steppedMs) {
    const found = `the clock was moved by ${Math.round(driftMs)} ms within ${watchMs} ms`
    findings.push(warn('clock', found, 'It is being set; look again when that is done.'))
  }
  if (hourIn('Asia/Shanghai', sane.from) !== '08') {
    const found = 'time zones are missing from this Node: days of sites would be wrong'
    findings.push(
      fail('clock', found, 'Use a Node with full ICU, as nodejs.org and Debian make it.'),
    )
  }
  return findings.length > 0 ? findings : [ok('clock', `${text}, time zone ${timeZone}`)]
}
