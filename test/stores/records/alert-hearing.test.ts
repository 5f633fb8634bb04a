/**
 * Who is told what, under any mixture of levels, filters, silences, endpoints that are switched, changed and made
 * anew, crashes and failed deliveries: checked against what each endpoint has received.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { AlertChange, AlertChangeType, AlertView } from '../../../domain/alert.ts'
import { type AlertLevel, alertLevels } from '../../../domain/rule.ts'
import { type Silence, silenceSchema } from '../../../domain/silence.ts'
import { type Webhook, webhookSchema } from '../../../domain/webhook.ts'
import type { AlertLog } from '../../../stores/records/alert-log.ts'
import { alertLogMigrations } from '../../../stores/records/alert-log-schema.ts'
import { openAlertLog } from '../../../stores/records/sqlite-alert-log.ts'
import { migrate } from '../../../stores/migrate.ts'
import { openSqlite } from '../../../stores/sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'alert-hearing-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newPath = () => join(folder, `alerts-${files++}.db`)

const start = Date.UTC(2026, 11, 3, 4)
const severityOf = (level: AlertLevel) => alertLevels.indexOf(level)

interface Endpoint {
  webhook: Webhook
  secret: string
}
interface Message {
  type: AlertChangeType
  alert: string
  level: AlertLevel
  at: number
  id: string
  because?: string
}

/** The alerts role and its notifier as far as telling goes, on a real log. */
class Town {
  readonly #path = newPath()
  #log: AlertLog = openAlertLog({ path: this.#path })
  now = start
  readonly endpoints = new Map<string, Endpoint>()
  silences: Silence[] = []
  /** By secret: another endpoint of the same id is another receiver. */
  readonly received = new Map<string, Message[]>()
  /** Open alerts, by site. */
  readonly open = new Map<string, AlertView>()
  #made = 0

  get audience() {
    return {
      webhooks: [...this.endpoints.values()].map((one) => one.webhook),
      silences: this.silences,
    }
  }

  webhook(id: string, options: object): void {
    const url = 'https://duty.example.org/'
    const known = this.endpoints.get(id)
    const before = known?.webhook ?? { id, url }
    const secret = known?.secret ?? `whsec_${this.#made++}`
    this.endpoints.set(id, { webhook: webhookSchema.parse({ ...before, ...options }), secret })
  }

  silence(options: object, forMs: number): void {
    const from = new Date(this.now).toISOString()
    const to = new Date(this.now + forMs).toISOString()
    const id = `s-${this.#made++}`
    this.silences.push(silenceSchema.parse({ id, from, to, reason: 'works', ...options }))
  }

  async change(site: string, to: AlertLevel | 'stale' | 'resumed' | 'over'): Promise<void> {
    this.now += 1_000
    const known = this.open.get(site)
    const type = typeOf(known, to)
    if (type === null) return
    const view = viewOf(site, known, { to, now: this.now })
    const { id: alert, level, previousLevel, value, bound } = view
    const times = { observedAt: this.now, recordedAt: this.now }
    const id = `${alert}-${this.now}`
    const rest = { value, bound, actor: null, note: null, view }
    const change: AlertChange = { id, alert, type, level, previousLevel, ...times, ...rest }
    const recording = { watches: [], changes: [change], audience: this.audience }
    const [done] = await this.#log.record(recording)
    if (type === 'alert.resolved') this.open.delete(site)
    else if (done !== undefined) this.open.set(site, done.view)
    // A crash before the cursor is written: the same is found again, and changes nothing.
    expect(await this.#log.record(recording)).toEqual([])
  }

  /** What the role does every second. */
  async look(): Promise<void> {
    await this.#log.attend(
      [...this.endpoints.values()].map(({ webhook, secret }) => {
        const catchUp = webhook.enabled && webhook.catchUp
        return { webhook, secret, catchUp }
      }),
      this.now,
    )
    for (let place: Parameters<AlertLog['settle']>[2] | null = { alert: '', webhook: '' }; place; )
      place = await this.#log.settle(this.audience, this.now, place)
  }

  /** One round of deliveries. */
  async deliver(limit = 1_000): Promise<number> {
    const due = await this.#log.due(this.now + 1, limit)
    for (const delivery of due) {
      const endpoint = this.endpoints.get(delivery.webhook)
      const isOn = endpoint?.webhook.enabled === true
      const attempt = { at: this.now, status: isOn ? 204 : null, answer: '', durationMs: 1 }
      const state = isOn ? 'delivered' : 'failed'
      const missed = endpoint !== undefined && !isOn
      await this.#log.attempted(delivery.id, attempt, { state, nextAttemptAt: null, missed })
      if (!isOn || endpoint === undefined) continue
      const { type, data } = JSON.parse(delivery.body)
      const { id: alert, level } = data.alert
      const message = { type, alert, level, at: this.now, id: delivery.messageId, ...data }
      const own = this.received.get(endpoint.secret) ?? []
      this.received.set(endpoint.secret, [...own, { ...message, alert }])
    }
    return due.length
  }

  async reopen(): Promise<void> {
    await this.#log.close()
    this.#log = openAlertLog({ path: this.#path })
  }

  /** Everything that can be told is told. */
  async rest(): Promise<void> {
    for (let i = 0; i < 50; i++) {
      await this.look()
      if ((await this.deliver()) === 0) return
    }
    throw new Error('There is no end to what is told.')
  }

  history(alert: string) {
    return this.#log.history(alert)
  }

  close() {
    return this.#log.close()
  }

  of(webhook: string, site?: string): Message[] {
    const all = this.received.get(this.endpoints.get(webhook)?.secret ?? '') ?? []
    return site === undefined ? all : all.filter(({ alert }) => alert.startsWith(`${site}@`))
  }

  told(webhook: string): string[] {
    return this.of(webhook).map(({ type, level }) => `${type.replace('alert.', '')} ${level}`)
  }
}

function typeOf(known: AlertView | undefined, to: string): AlertChangeType | null {
  if (known === undefined) return to in { stale: 1, resumed: 1, over: 1 } ? null : 'alert.raised'
  if (to === 'over') return 'alert.resolved'
  if (to === 'stale') return known.state === 'stale' ? null : 'alert.stale'
  if (to === 'resumed') return known.state === 'stale' ? 'alert.resumed' : null
  if (to === known.level) return null
  const rose = severityOf(to as AlertLevel) > severityOf(known.level)
  return rose ? 'alert.escalated' : 'alert.deescalated'
}

function viewOf(
  site: string,
  known: AlertView | undefined,
  { to, now }: { to: string; now: number },
): AlertView {
  const isLevel = alertLevels.includes(to as AlertLevel)
  const level = isLevel ? (to as AlertLevel) : (known?.level ?? 'blue')
  const at = new Date(now).toISOString()
  return {
    id: known?.id ?? `${site}@${now}`,
    rule: 'stage',
    level,
    previousLevel: isLevel ? (known?.level ?? null) : null,
    state: 'firing',
    site: { id: site, name: {}, location: null, district: null, kind: 'river-gauge' },
    device: `${site}-1`,
    property: 'water_level',
    value: 4,
    unit: 'm',
    bound: 3,
    observedAt: at,
    raisedAt: known?.raisedAt ?? at,
    endedBy: to === 'over' ? 'value' : null,
    summary: { en: '', zh: '' },
    url: '',
  }
}

async function inTown(work: (town: Town) => Promise<void>): Promise<void> {
  const town = new Town()
  try {
    await work(town)
  } finally {
    await town.close()
  }
}

const minute = 60_000

describe('a silence', () => {
  test('that ends while an alert is open lets it be told once, at the level it has then', () =>
    inTown(async (town) => {
      town.webhook('w', {})
      town.silence({ site: ['a'] }, 10 * minute)
      await town.change('a', 'blue')
      await town.change('a', 'orange')
      await town.rest()
      expect(town.told('w')).toEqual([])
      town.now += 11 * minute
      await town.rest()
      await town.rest()
      expect(town.told('w')).toEqual(['raised orange'])
      expect(town.of('w')[0]).toMatchObject({ because: 'silence_ended', at: town.now })
      await town.change('a', 'over')
      await town.rest()
      expect(town.told('w')).toEqual(['raised orange', 'resolved orange'])
    }))

  test('that is taken away lets what rose or fell in it be told', () =>
    inTown(async (town) => {
      town.webhook('w', {})
      await town.change('a', 'yellow')
      await town.change('b', 'red')
      await town.rest()
      town.silence({ rule: ['stage'] }, 60 * minute)
      await town.change('a', 'red')
      await town.change('b', 'blue')
      await town.rest()
      expect(town.told('w')).toEqual(['raised yellow', 'raised red'])
      town.silences = []
      await town.rest()
      expect(town.told('w').slice(2).sort()).toEqual(['deescalated blue', 'escalated red'])
    }))

  test('does not keep the end from who heard the beginning, and tells no end to others', () =>
    inTown(async (town) => {
      town.webhook('w', {})
      await town.change('a', 'yellow')
      await town.rest()
      town.silence({ rule: ['stage'] }, 60 * minute)
      await town.change('b', 'yellow')
      await town.change('b', 'over')
      await town.change('a', 'over')
      town.now += 120 * minute
      await town.rest()
      expect(town.told('w')).toEqual(['raised yellow', 'resolved yellow'])
      expect(town.of('w', 'b')).toEqual([])
    }))

  test('in which it rose and came back to the level that was told has nothing to tell', () =>
    inTown(async (town) => {
      town.webhook('w', {})
      await town.change('a', 'yellow')
      town.silence({ rule: ['stage'] }, minute)
      await town.change('a', 'red')
      await town.change('a', 'yellow')
      town.now += 2 * minute
      await town.rest()
      expect(town.told('w')).toEqual(['raised yellow'])
    }))

  test('is named in the history of what it muted', () =>
    inTown(async (town) => {
      town.webhook('w', {})
      await town.change('a', 'yellow')
      const { id = '' } = town.open.get('a') ?? {}
      town.silence({ site: ['a'] }, 60 * minute)
      town.silence({ site: ['b'] }, 60 * minute)
      await town.change('a', 'red')
      const muted = (await town.history(id)).map((change) => change.mutedBy)
      expect(muted).toEqual([[], [town.silences[0]?.id]])
    }))
})

describe('an endpoint', () => {
  test('made while alerts are open is told them once if it asks for it', () =>
    inTown(async (town) => {
      await town.change('a', 'orange')
      await town.change('b', 'blue')
      await town.change('c', 'orange')
      town.silence({ site: ['c'] }, 10 * minute)
      town.webhook('asks', { catchUp: true, levels: ['orange', 'red'] })
      town.webhook('waits', {})
      await town.rest()
      await town.rest()
      expect(town.told('asks')).toEqual(['raised orange'])
      expect(town.of('asks')[0]).toMatchObject({ because: 'catch_up' })
      expect(town.told('waits')).toEqual([])
      town.now += 11 * minute
      await town.rest()
      expect(town.of('asks', 'c')).toHaveLength(1)
      expect(town.told('waits')).toEqual([])
      for (const site of ['a', 'b', 'c']) await town.change(site, 'over')
      await town.rest()
      expect(town.of('asks').filter(({ type }) => type === 'alert.resolved')).toHaveLength(2)
      expect(town.told('waits')).toEqual([])
    }))

  test('that was switched off is told what came of what it had heard', () =>
    inTown(async (town) => {
      town.webhook('w', {})
      for (const site of ['a', 'b', 'c']) await town.change(site, 'yellow')
      await town.rest()
      town.webhook('w', { enabled: false })
      await town.change('a', 'over')
      await town.change('b', 'red')
      await town.change('d', 'red')
      await town.rest()
      expect(town.told('w')).toHaveLength(3)
      town.webhook('w', { enabled: true })
      await town.rest()
      expect(town.told('w').slice(3).sort()).toEqual(['escalated red', 'resolved yellow'])
      expect(town.of('w', 'd')).toEqual([])
    }))

  test('that was off when its turn came has heard only what was delivered', () =>
    inTown(async (town) => {
      town.webhook('w', {})
      await town.change('a', 'yellow')
      await town.rest()
      await town.change('a', 'over')
      await town.change('b', 'yellow')
      await town.change('b', 'over')
      await town.change('c', 'yellow')
      town.webhook('w', { enabled: false })
      await town.deliver()
      town.webhook('w', { enabled: true })
      await town.rest()
      expect(town.told('w')).toEqual(['raised yellow', 'resolved yellow', 'raised yellow'])
      expect(town.of('w', 'b')).toEqual([])
    }))

  test('of the same id is another one when it is made anew', () =>
    inTown(async (town) => {
      town.webhook('w', {})
      await town.change('a', 'yellow')
      await town.rest()
      await town.change('b', 'yellow')
      town.endpoints.delete('w')
      town.webhook('w', {})
      await town.look()
      await town.change('a', 'over')
      await town.change('b', 'over')
      await town.rest()
      expect(town.told('w')).toEqual([])
    }))
})

const site = fc.constantFrom('a', 'b')
const endpoint = fc.constantFrom('v', 'w')
const levels = fc.subarray([...alertLevels])
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      site,
      to: fc.constantFrom(...alertLevels, 'stale' as const, 'resumed' as const, 'over' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('look' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('silence' as const),
      site: fc.option(site),
      forMs: fc.integer({ min: 1_000, max: 20_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lift' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('switch' as const), endpoint, enabled: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('levels' as const), endpoint, levels }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('anew' as const),
      endpoint,
      levels,
      catchUp: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

async function act(town: Town, one: Step): Promise<void> {
  switch (one.do) {
    case 'change':
      return town.change(one.site, one.to)
    case 'look':
      return town.look()
    case 'deliver':
      await town.deliver(one.limit)
      return
    case 'silence':
      return town.silence(one.site === null ? { rule: ['stage'] } : { site: [one.site] }, one.forMs)
    case 'lift':
      town.silences = []
      return
    case 'switch':
      return town.webhook(one.endpoint, { enabled: one.enabled })
    case 'levels':
      return town.webhook(one.endpoint, { levels: one.levels })
    case 'anew':
      town.endpoints.delete(one.endpoint)
      await town.look()
      town.webhook(one.endpoint, { levels: one.levels, catchUp: one.catchUp })
      return town.look()
    case 'reopen':
      return town.reopen()
  }
}

function byAlert(messages: readonly Message[]): Map<string, Message[]> {
  const lines = new Map<string, Message[]>()
  for (const one of messages) lines.set(one.alert, [...(lines.get(one.alert) ?? []), one])
  return lines
}

/** Of one alert at one receiver: no end without a beginning, one end at most and nothing after it, no message twice. */
function checkLine(line: readonly Message[]): void {
  const ends = line.flatMap(({ type }, i) => (type === 'alert.resolved' ? [i] : []))
  expect(ends.length).toBeLessThanOrEqual(1)
  if (ends.length === 1) {
    expect(ends[0]).toBe(line.length - 1)
    expect(line.length).toBeGreaterThan(1)
  }
  expect(new Set(line.map(({ id }) => id)).size).toBe(line.length)
  // A change of level is always one for the receiver.
  const heard = line.filter(({ type }) => /raised|escalated|deescalated/.test(type))
  for (const [i, { level }] of heard.entries()) expect(level).not.toBe(heard[i - 1]?.level)
}

describe('whatever happens', () => {
  test('who heard a beginning hears the end once, and nobody an end without its beginning', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), levels, async (steps, first) =>
        inTown(async (town) => {
          town.webhook('all', { catchUp: true })
          town.webhook('v', { levels: first })
          town.webhook('w', { levels: [] })
          await town.look()
          for (const one of steps) await act(town, one)

          town.silences = []
          for (const id of town.endpoints.keys()) town.webhook(id, { enabled: true })
          await town.rest()
          for (const lines of town.received.values()) {
            for (const line of byAlert(lines).values()) checkLine(line)
          }
          const openNow = new Map([...town.open.values()].map((view) => [view.id, view]))
          for (const id of town.endpoints.keys()) {
            for (const [alert, line] of byAlert(town.of(id))) {
              const isOver = !openNow.has(alert)
              expect(line.at(-1)?.type === 'alert.resolved').toBe(isOver)
            }
          }
          // It is never switched off and wants every level: it knows how things stand.
          for (const view of openNow.values()) {
            const line = town.of('all').filter(({ alert }) => alert === view.id)
            expect(line.at(-1)?.level).toBe(view.level)
          }
        }),
      ),
      { numRuns: 150 },
    )
  })
})

describe('a log of an earlier version', () => {
  test('knows from its deliveries who has heard of what is open, and when alerts ended', async () => {
    const path = newPath()
    const db = openSqlite(path)
    migrate(db, path, alertLogMigrations.slice(0, 1))
    const { endedBy: _, ...view } = viewOf('a', undefined, { to: 'yellow', now: start })
    const add = (id: string, resolved: number) =>
      db
        .prepare(
          `INSERT INTO alert (id, rule, device, property, site, level, raised_at, acknowledged, stale, resolved, view)
           VALUES (?, 'stage', ?, 'water_level', 'a', 'yellow', ?, 0, 0, ?, ?)`,
        )
        .run(id, id, start, resolved, JSON.stringify({ ...view, id, device: id }))
    add('old', 1)
    add('open', 0)
    db.prepare(
      `INSERT INTO alert_change (id, alert, rule, device, property, observed_at, type, body)
       VALUES ('e', 'old', 'stage', 'old', 'water_level', ?, 'alert.resolved', '{"view":{}}')`,
    ).run(start + 5_000)
    const deliver = db.prepare(
      `INSERT INTO delivery (id, webhook, alert, message_id, type, state, attempts, next_at, created_at, body)
       VALUES (?, 'w', 'open', ?, 'alert.raised', 'delivered', 1, NULL, ?, ?)`,
    )
    for (const level of ['blue', 'yellow']) {
      deliver.run(level, level, start, JSON.stringify({ data: { alert: { level } } }))
    }
    db.close()

    const log = openAlertLog({ path })
    const found = await log.list({ from: start + 4_000, to: start + 6_000, limit: 9 })
    expect(found.map(({ id }) => id).sort()).toEqual(['old', 'open'])
    expect(found.map(({ endedBy }) => endedBy)).toEqual([null, null])
    expect(await log.list({ from: start + 6_000, limit: 9 })).toHaveLength(1)

    const [open] = await log.open()
    if (open === undefined) throw new Error('It was open.')
    const webhooks = ['w', 'other'].map((id) =>
      webhookSchema.parse({ id, url: 'https://duty.example.org/' }),
    )
    const end: AlertChange = {
      ...{ id: 'end', alert: 'open', type: 'alert.resolved', level: 'yellow', previousLevel: null },
      ...{ observedAt: start + 9_000, recordedAt: start + 9_000, value: 1, bound: 3 },
      ...{ actor: null, note: null, view: { ...open, state: 'resolved', endedBy: 'value' } },
    }
    await log.record({ watches: [], changes: [end], audience: { webhooks, silences: [] } })
    const due = await log.due(start + 10_000, 9)
    expect(due.map(({ webhook, type }) => `${webhook} ${type}`)).toEqual(['w alert.resolved'])
    await log.close()
  })
})
