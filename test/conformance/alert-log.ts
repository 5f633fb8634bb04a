/** What every backend of the alert log must do; run once per backend from test/stores. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AlertChange, AlertChangeType, AlertView } from '../../domain/alert.ts'
import { webhookSchema } from '../../domain/webhook.ts'
import type { Audience } from '../../domain/webhook-route.ts'
import type { AlertLog, Revision } from '../../stores/records/alert-log.ts'

export interface AlertLogBackend {
  /** A new, empty log. */
  open(): Promise<AlertLog>
  /** A second connection to the log opened last, as another thread would have. */
  again(): Promise<AlertLog>
}

const start = Date.UTC(2026, 10, 21, 8)

interface ChangeOptions {
  alert?: string
  /** Null: an alert of the site as a whole. */
  device?: string | null
  site?: string
  at?: number
  level?: AlertView['level']
  previousLevel?: AlertView['level']
  id?: string
}

/** Change `type` of alert `a1`, rule `stage`, observed `at` seconds after the start. */
function change(type: AlertChangeType, options: ChangeOptions = {}): AlertChange {
  const { alert = 'a1', at = 0, level = 'yellow', previousLevel = null } = options
  const device = options.device === undefined ? 'g-1' : options.device
  const site = options.site ?? `site-of-${device}`
  const observedAt = start + at * 1_000
  const view: AlertView = {
    id: alert,
    rule: 'stage',
    level,
    previousLevel,
    state: 'firing',
    site: { id: site, name: { zh: '站' }, location: [118.78, 32.05], district: 'd' },
    device,
    property: 'water_level',
    value: 9.32,
    unit: 'm',
    bound: 9.3,
    observedAt: new Date(observedAt).toISOString(),
    raisedAt: new Date(type === 'alert.raised' ? observedAt : start).toISOString(),
    endedBy: type === 'alert.resolved' ? 'value' : null,
    summary: { en: 'high', zh: '高' },
    url: `/api/v1/alerts/${alert}`,
  }
  return {
    id: options.id ?? `${alert}:${type}:${at}`,
    alert,
    type,
    level,
    previousLevel,
    observedAt,
    recordedAt: observedAt + 5,
    value: 9.32,
    bound: 9.3,
    actor: null,
    note: null,
    view,
  }
}

/** Endpoints without filters, switched on. */
function toAll(...ids: string[]): Audience {
  const url = 'https://duty.example.org/'
  return { webhooks: ids.map((id) => webhookSchema.parse({ id, url })), silences: [] }
}

function ack(id: string, at = 60) {
  return { id, actor: 'li', note: 'on my way', at: start + at * 1_000 }
}

export function alertLogConformance(backend: AlertLogBackend): void {
  let log: AlertLog
  const opened: AlertLog[] = []

  beforeEach(async () => {
    log = await backend.open()
    opened.push(log)
  })
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
  })

  async function again(): Promise<AlertLog> {
    const other = await backend.again()
    opened.push(other)
    return other
  }

  const record = (changes: AlertChange[], webhooks: string[] = [], cursor?: number) =>
    log.record({
      ...(cursor === undefined ? {} : { cursor }),
      watches: [],
      changes,
      audience: toAll(...webhooks),
    })

  const delivered = (at: number) => ({ at, status: 204, answer: '', durationMs: 3.7 })
  const done = { state: 'delivered', nextAttemptAt: null } as const

  describe('recording', () => {
    test('an empty log stands at the beginning', async () => {
      expect(await log.cursor()).toBe(0)
      expect(await log.watches()).toEqual([])
      expect(await log.open()).toEqual([])
      expect(await log.lastPosition()).toBe(0)
      expect(await log.nextDueAt()).toBeNull()
      expect(await log.get('a1')).toBeUndefined()
      expect(await log.history('a1')).toEqual([])
    })

    test('cursor, watches and changes are there after a reopening', async () => {
      await log.record({
        cursor: 7,
        watches: [{ rule: 'stage', device: 'g-1', property: 'water_level', state: '{"at":1}' }],
        changes: [change('alert.raised')],
      })
      const other = await again()
      expect(await other.cursor()).toBe(7)
      expect(await other.watches()).toEqual([
        { rule: 'stage', device: 'g-1', property: 'water_level', state: '{"at":1}' },
      ])
      expect(await other.open()).toMatchObject([{ id: 'a1', state: 'firing' }])
    })

    test('the cursor is where it was put last, also when a journal begins anew', async () => {
      await record([], [], 9)
      await record([])
      expect(await log.cursor()).toBe(9)
      await record([], [], 4)
      expect(await log.cursor()).toBe(4)
    })

    test('a watch is replaced and can be forgotten', async () => {
      const watch = { rule: 'r', device: 'd', property: 'p' }
      await log.record({ watches: [{ ...watch, state: '1' }], changes: [] })
      await log.record({ watches: [{ ...watch, state: '2' }], changes: [] })
      expect(await log.watches()).toEqual([{ ...watch, state: '2' }])
      await log.record({ watches: [], forget: [watch], changes: [] })
      expect(await log.watches()).toEqual([])
    })

    test('a change is recorded once, with its deliveries', async () => {
      const raised = change('alert.raised')
      expect(await record([raised], ['w'])).toMatchObject([{ id: raised.id }])
      expect(await record([raised], ['w'])).toEqual([])
      expect(await log.history('a1')).toHaveLength(1)
      expect(await log.deliveries({ limit: 10 })).toHaveLength(1)
    })

    test('the same moment of a series does not raise twice under another id', async () => {
      await record([change('alert.raised'), change('alert.resolved', { at: 10 })], ['w'])
      const twin = change('alert.raised', { alert: 'a2', id: 'other' })
      expect(await record([twin], ['w'])).toEqual([])
      expect(await log.get('a2')).toBeUndefined()
    })

    test('a series has at most one open alert per rule', async () => {
      await record([change('alert.raised')])
      expect(await record([change('alert.raised', { alert: 'a2', at: 5 })])).toEqual([])
      await record([change('alert.resolved', { at: 10 })])
      expect(await record([change('alert.raised', { alert: 'a2', at: 20 })])).toHaveLength(1)
      expect(await log.open()).toMatchObject([{ id: 'a2' }])
    })

    test('a site as a whole has alerts of its own, beside those of its devices and of other sites', async () => {
      const of = { device: null, site: 'here' }
      const first = change('alert.raised', { ...of, alert: 'w1' })
      const others = [
        change('alert.raised', { ...of, alert: 'w2', at: 5 }),
        change('alert.raised', { device: null, site: 'there', alert: 'w3', at: 5 }),
        change('alert.raised', { device: 'here', alert: 'w4', at: 5 }),
      ]
      await log.record({ watches: [], changes: [first] })
      const recorded = await log.record({ watches: [], changes: others })
      expect(recorded.map(({ alert }) => alert)).toEqual(['w3', 'w4'])
      expect(await log.get('w1')).toMatchObject({ device: null, site: { id: 'here' } })
      const found = await log.list({ site: 'here', limit: 10 })
      expect(found.map(({ id }) => id)).toEqual(['w1'])
      const end = change('alert.resolved', { ...of, alert: 'w1', at: 9 })
      await log.record({ watches: [], changes: [end] })
      const again = change('alert.raised', { ...of, alert: 'w5', at: 10 })
      expect(await log.record({ watches: [], changes: [again] })).toHaveLength(1)
    })

    test('nothing happens to an alert that is resolved or unknown', async () => {
      await record([change('alert.raised'), change('alert.resolved', { at: 10 })])
      const late = change('alert.escalated', { at: 20, level: 'red' })
      expect(await record([late])).toEqual([])
      expect(await record([{ ...late, alert: 'nobody' }])).toEqual([])
      expect(await log.get('a1')).toMatchObject({ state: 'resolved', level: 'yellow' })
    })

    test('either all of a recording is kept or nothing', async () => {
      const broken = { ...change('alert.escalated', { at: 1 }), observedAt: 0.5 }
      const all = log.record({
        cursor: 3,
        watches: [{ rule: 'r', device: 'd', property: 'p', state: '' }],
        changes: [change('alert.raised'), broken],
      })
      await expect(all).rejects.toThrow()
      expect(await log.cursor()).toBe(0)
      expect(await log.open()).toEqual([])
      expect(await log.watches()).toEqual([])
    })
  })

  describe('states', () => {
    test('acknowledging is told with the state, the person and the note', async () => {
      await record([change('alert.raised')], ['w'])
      const [raised] = await log.due(start + 60_000, 10)
      await log.attempted(raised?.id ?? '', delivered(start + 60_000), done)
      const view = await log.acknowledge('a1', ack('m1'), toAll('w', 'unheard'))
      expect(view).toMatchObject({ id: 'a1', state: 'acknowledged', level: 'yellow' })
      expect(await log.history('a1')).toMatchObject([
        { type: 'alert.raised' },
        { type: 'alert.acknowledged', id: 'm1', actor: 'li', note: 'on my way' },
      ])
      const [due] = await log.due(start + 3_600_000, 10)
      expect(due).toMatchObject({ messageId: 'm1', type: 'alert.acknowledged', webhook: 'w' })
      expect(JSON.parse(due?.body ?? '')).toMatchObject({
        type: 'alert.acknowledged',
        data: { alert: { id: 'a1', state: 'acknowledged' } },
      })
    })

    test('what cannot be acknowledged says why', async () => {
      const none = toAll()
      await expect(log.acknowledge('a1', ack('m1'), none)).rejects.toMatchObject({
        code: 'not_found',
      })
      await record([change('alert.raised')])
      await log.acknowledge('a1', ack('m2'), none)
      await expect(log.acknowledge('a1', ack('m3'), none)).rejects.toMatchObject({
        code: 'conflict',
      })
      await record([change('alert.resolved', { at: 90 })])
      await expect(log.acknowledge('a1', ack('m4'), none)).rejects.toMatchObject({
        code: 'impossible',
      })
    })

    test('an acknowledgement from another connection survives what the stream records later', async () => {
      await record([change('alert.raised', { level: 'orange' })])
      const api = await again()
      await api.acknowledge('a1', ack('m1'), toAll())
      const lower = change('alert.deescalated', { at: 70, previousLevel: 'orange' })
      await record([lower], ['w'])
      expect(await log.get('a1')).toMatchObject({ state: 'acknowledged', level: 'yellow' })
      const [due] = await log.due(start + 3_600_000, 10)
      expect(JSON.parse(due?.body ?? '').data.alert.state).toBe('acknowledged')
    })

    test('an escalation asks for a new acknowledgement', async () => {
      await record([change('alert.raised')])
      await log.acknowledge('a1', ack('m1'), toAll())
      await record([change('alert.escalated', { at: 70, level: 'red', previousLevel: 'yellow' })])
      expect(await log.get('a1')).toMatchObject({ state: 'firing', level: 'red' })
      await log.acknowledge('a1', ack('m2', 80), toAll())
      expect(await log.get('a1')).toMatchObject({ state: 'acknowledged' })
    })

    test('stale goes before acknowledged, and comes back to it', async () => {
      await record([change('alert.raised')])
      await log.acknowledge('a1', ack('m1'), toAll())
      await record([change('alert.stale', { at: 70 })])
      expect(await log.get('a1')).toMatchObject({ state: 'stale' })
      await record([change('alert.resumed', { at: 80 })])
      expect(await log.get('a1')).toMatchObject({ state: 'acknowledged' })
    })

    test('a stale alert can be acknowledged and stays stale until data comes', async () => {
      await record([change('alert.raised'), change('alert.stale', { at: 30 })])
      expect(await log.acknowledge('a1', ack('m1'), toAll())).toMatchObject({ state: 'stale' })
      await record([change('alert.resumed', { at: 80 })])
      expect(await log.get('a1')).toMatchObject({ state: 'acknowledged' })
    })
  })

  describe('lists', () => {
    beforeEach(async () => {
      await record([
        change('alert.raised', { alert: 'a1', device: 'g-1', at: 0 }),
        change('alert.raised', { alert: 'a2', device: 'g-2', at: 10, level: 'red' }),
        change('alert.raised', { alert: 'a3', device: 'g-3', at: 20 }),
        change('alert.raised', { alert: 'a4', device: 'g-4', at: 30, level: 'blue' }),
        change('alert.resolved', { alert: 'a1', device: 'g-1', at: 40 }),
        change('alert.stale', { alert: 'a3', device: 'g-3', at: 50 }),
      ])
      await log.acknowledge('a4', ack('m'), toAll())
    })

    const ids = async (query: Partial<Parameters<AlertLog['list']>[0]>) =>
      (await log.list({ limit: 10, ...query })).map((view) => view.id)

    test('newest come first and pages do not overlap', async () => {
      expect(await ids({})).toEqual(['a4', 'a3', 'a2', 'a1'])
      expect(await ids({ limit: 2 })).toEqual(['a4', 'a3'])
      expect(await ids({ limit: 2, after: 'a3' })).toEqual(['a2', 'a1'])
      expect(await ids({ after: 'a1' })).toEqual([])
    })

    test('by state', async () => {
      expect(await ids({ state: ['firing'] })).toEqual(['a2'])
      expect(await ids({ state: ['acknowledged'] })).toEqual(['a4'])
      expect(await ids({ state: ['stale'] })).toEqual(['a3'])
      expect(await ids({ state: ['resolved'] })).toEqual(['a1'])
      expect(await ids({ state: ['firing', 'resolved'] })).toEqual(['a2', 'a1'])
    })

    test('by level, site, rule and time', async () => {
      expect(await ids({ level: ['red', 'blue'] })).toEqual(['a4', 'a2'])
      expect(await ids({ site: 'site-of-g-3' })).toEqual(['a3'])
      expect(await ids({ rule: 'stage', level: ['red'] })).toEqual(['a2'])
      expect(await ids({ rule: 'none' })).toEqual([])
      // Those that were open at any time of it: a1 from 0 to 40 s, the others until now.
      expect(await ids({ from: start + 10_000, to: start + 30_000 })).toEqual(['a3', 'a2', 'a1'])
      expect(await ids({ from: start + 39_999, to: start + 40_000 })).toContain('a1')
      expect(await ids({ from: start + 40_000 })).toEqual(['a4', 'a3', 'a2'])
      expect(await ids({ to: start + 10_000 })).toEqual(['a1'])
    })

    test('open alerts are those not resolved', async () => {
      expect((await log.open()).map((view) => view.id).sort()).toEqual(['a2', 'a3', 'a4'])
    })

    test('changes are streamed in the order recorded', async () => {
      const all = await log.changesAfter(0, 100)
      expect(all.map(({ change: { type, alert } }) => `${alert} ${type}`)).toEqual([
        'a1 alert.raised',
        'a2 alert.raised',
        'a3 alert.raised',
        'a4 alert.raised',
        'a1 alert.resolved',
        'a3 alert.stale',
        'a4 alert.acknowledged',
      ])
      const third = all[2]?.position ?? 0
      expect(await log.changesAfter(third, 2)).toEqual(all.slice(3, 5))
      expect(await log.lastPosition()).toBe(all.at(-1)?.position)
      expect(await log.changesAfter(await log.lastPosition(), 10)).toEqual([])
    })
  })

  describe('outbox', () => {
    const later = start + 3_600_000
    const dueIds = async (now = later, limit = 100, skip?: string[]) =>
      (await log.due(now, limit, skip)).map((due) => `${due.webhook} ${due.messageId}`)

    test('only the first pending delivery of an alert at a webhook is due', async () => {
      const raised = change('alert.raised')
      const resolved = change('alert.resolved', { at: 10 })
      await record([raised, resolved], ['w1', 'w2'])
      expect(await dueIds()).toEqual([`w1 ${raised.id}`, `w2 ${raised.id}`])
      const [first] = await log.due(later, 1)
      await log.attempted(first?.id ?? '', delivered(later), done)
      expect((await dueIds(later + 10)).sort()).toEqual([`w1 ${resolved.id}`, `w2 ${raised.id}`])
    })

    test('alerts do not wait for one another', async () => {
      await record(
        [
          change('alert.raised', { alert: 'a1', device: 'g-1' }),
          change('alert.raised', { alert: 'a2', device: 'g-2' }),
        ],
        ['w'],
      )
      expect(await dueIds()).toHaveLength(2)
    })

    test('a failed attempt is due again when it was said to be, and holds back what follows', async () => {
      await record([change('alert.raised'), change('alert.resolved', { at: 10 })], ['w'])
      const [first] = await log.due(later, 10)
      await log.attempted(
        first?.id ?? '',
        { at: later, status: 503, answer: 'busy', durationMs: 12 },
        { state: 'pending', nextAttemptAt: later + 5_000 },
      )
      expect(await dueIds(later + 4_999)).toEqual([])
      expect(await log.nextDueAt()).toBe(later + 5_000)
      const [again1] = await log.due(later + 5_000, 10)
      expect(again1).toMatchObject({ id: first?.id, attempts: 1, body: first?.body })
    })

    test('what failed for good lets the next one go', async () => {
      const resolved = change('alert.resolved', { at: 10 })
      await record([change('alert.raised'), resolved], ['w'])
      const [first] = await log.due(later, 10)
      await log.attempted(
        first?.id ?? '',
        { at: later, status: 410, answer: 'gone', durationMs: 1 },
        { state: 'failed', nextAttemptAt: null },
      )
      expect(await dueIds(later + 1_000)).toEqual([`w ${resolved.id}`])
    })

    test('webhooks to be skipped do not fill the answer', async () => {
      await record(
        Array.from({ length: 20 }, (_, i) =>
          change('alert.raised', { alert: `a${i}`, device: `g-${i}`, at: i }),
        ),
        ['slow', 'quick'],
      )
      const found = await dueIds(later, 5, ['slow'])
      expect(found).toHaveLength(5)
      expect(found.every((each) => each.startsWith('quick'))).toBe(true)
    })

    test('the oldest due come first', async () => {
      await record([change('alert.raised', { alert: 'a2', device: 'g-2', at: 20 })], ['w'])
      await record([change('alert.raised', { alert: 'a1', device: 'g-1', at: 10 })], ['w'])
      expect((await dueIds())[0]).toContain('a1')
    })

    test('a delivery shows every attempt', async () => {
      await record([change('alert.raised')], ['w'])
      const [first] = await log.due(later, 1)
      const id = first?.id ?? ''
      await log.attempted(
        id,
        { at: later, status: null, answer: 'no answer', durationMs: 15_000 },
        { state: 'pending', nextAttemptAt: later + 20_000 },
      )
      await log.attempted(id, delivered(later + 20_000), done)
      expect(await log.deliveries({ limit: 5 })).toEqual([
        {
          id,
          webhook: 'w',
          alert: 'a1',
          messageId: 'a1:alert.raised:0',
          type: 'alert.raised',
          state: 'delivered',
          attempts: [
            { at: later, status: null, answer: 'no answer', durationMs: 15_000 },
            { at: later + 20_000, status: 204, answer: '', durationMs: 4 },
          ],
          nextAttemptAt: null,
          createdAt: start + 5,
        },
      ])
    })

    test('deliveries are listed newest first, by webhook, alert and state', async () => {
      await record([change('alert.raised', { alert: 'a1', device: 'g-1' })], ['w1', 'w2'])
      await record([change('alert.raised', { alert: 'a2', device: 'g-2', at: 5 })], ['w1'])
      const [first] = await log.due(later, 1)
      await log.attempted(first?.id ?? '', delivered(later), done)
      const find = async (query: Partial<Parameters<AlertLog['deliveries']>[0]>) =>
        (await log.deliveries({ limit: 10, ...query })).map((d) => `${d.webhook} ${d.alert}`)
      expect(await find({})).toEqual(['w1 a2', 'w2 a1', 'w1 a1'])
      expect(await find({ webhook: 'w1' })).toEqual(['w1 a2', 'w1 a1'])
      expect(await find({ alert: 'a1' })).toEqual(['w2 a1', 'w1 a1'])
      expect(await find({ state: 'delivered' })).toEqual(['w1 a1'])
      const all = await log.deliveries({ limit: 2 })
      expect(await find({ after: all.at(-1)?.id ?? '' })).toEqual(['w1 a1'])
    })

    test('a test message is a delivery without an alert', async () => {
      await log.enqueueTest({ id: 't1', webhook: 'w', messageId: 'm', body: '{}', at: start })
      await log.enqueueTest({ id: 't2', webhook: 'w', messageId: 'n', body: '{}', at: start })
      expect(await dueIds(start)).toEqual(['w m', 'w n'])
      expect(await log.deliveries({ limit: 1 })).toMatchObject([
        { id: 't2', alert: null, type: 'webhook.test' },
      ])
    })

    test('a retry makes a finished delivery due again, with its id and body', async () => {
      await record([change('alert.raised')], ['w'])
      const [first] = await log.due(later, 1)
      await log.attempted(first?.id ?? '', delivered(later), done)
      expect(await dueIds()).toEqual([])
      expect(await log.retry(first?.id ?? '', later)).toMatchObject({
        state: 'pending',
        nextAttemptAt: later,
      })
      expect(await log.due(later, 1)).toEqual([{ ...first, attempts: 1 }])
      await expect(log.retry('none', later)).rejects.toMatchObject({ code: 'not_found' })
    })

    test('a retry keeps the order of the alert', async () => {
      const [raised, resolved] = [change('alert.raised'), change('alert.resolved', { at: 10 })]
      await record([raised, resolved], ['w'])
      const [first] = await log.due(later, 1)
      const waiting = { state: 'pending', nextAttemptAt: later + 60_000 } as const
      await log.attempted(first?.id ?? '', delivered(later), waiting)
      const [, behind] = [...(await log.deliveries({ limit: 5 }))].reverse()
      await log.retry(behind?.id ?? '', later)
      expect(await dueIds(later)).toEqual([`w ${raised.id}`])
    })

    test('a retry of an old one makes the newer wait for it', async () => {
      const [raised, resolved] = [change('alert.raised'), change('alert.resolved', { at: 10 })]
      await record([raised, resolved], ['w'])
      const [first] = await log.due(later, 1)
      await log.attempted(first?.id ?? '', delivered(later), { ...done, state: 'failed' })
      expect(await dueIds(later + 10)).toEqual([`w ${resolved.id}`])
      await log.retry(first?.id ?? '', later + 10)
      expect(await dueIds(later + 10)).toEqual([`w ${raised.id}`])
      await log.attempted(first?.id ?? '', delivered(later + 20), done)
      expect(await dueIds(later + 30)).toEqual([`w ${resolved.id}`])
    })

    test('what is pending is counted, waiting ones too, and the oldest tells its age', async () => {
      expect(await log.pending()).toEqual({ deliveries: 0, oldestAt: null })
      const raised = change('alert.raised')
      await record([raised, change('alert.resolved', { at: 10 })], ['w'])
      expect(await log.pending()).toEqual({ deliveries: 2, oldestAt: raised.recordedAt })
      const [first] = await log.due(later, 1)
      await log.attempted(first?.id ?? '', delivered(later), done)
      expect(await log.pending()).toMatchObject({ deliveries: 1 })
    })

    test('old finished deliveries are removed, pending ones never', async () => {
      await record(
        [
          change('alert.raised', { alert: 'a1', device: 'g-1' }),
          change('alert.raised', { alert: 'a2', device: 'g-2', at: 1 }),
        ],
        ['w'],
      )
      const [first] = await log.due(later, 1)
      await log.attempted(first?.id ?? '', delivered(later), done)
      expect(await log.prune(start, 10)).toBe(0)
      expect(await log.prune(later, 10)).toBe(1)
      expect(await log.deliveries({ limit: 10 })).toMatchObject([{ alert: 'a2' }])
      expect(await log.history('a1')).toHaveLength(1)
    })
  })

  describe('revisions', () => {
    const of = { rule: 'stage', device: 'g-1', property: 'water_level' }
    const stands = ({ view }: AlertChange, state: 'firing' | 'resolved', isWithdrawn = false) => ({
      ...{ view: { ...view, state }, isWithdrawn, isRaised: false },
    })
    const revise = (revision: Partial<Revision>) =>
      log.record({
        watches: [],
        changes: [],
        audience: toAll('w'),
        revisions: [
          {
            ...{ withdrawn: [], changes: [], told: [], alerts: [], learnedAt: start + 900_000 },
            ...revision,
          },
        ],
      })
    const levels = async () => (await log.levels(of, start)).map(({ id }) => id)

    test('a change that did not happen is kept as withdrawn, and can happen after all', async () => {
      const raised = change('alert.raised')
      await record([raised], ['w'])
      const corrected = change('alert.corrected', { id: 'c1' })
      const gone = stands(corrected, 'resolved', true)
      const told = [{ ...corrected, view: gone.view }]
      await revise({ withdrawn: [raised.id], changes: told, told, alerts: [gone] })
      expect(await levels()).toEqual([])
      expect(await log.open()).toEqual([])
      expect(await log.list({ limit: 5 })).toEqual([])
      expect(await log.list({ limit: 5, withdrawn: true })).toMatchObject([
        { id: 'a1', state: 'resolved' },
      ])
      expect((await log.history('a1')).map(({ withdrawnAt }) => withdrawnAt)).toEqual([
        start + 900_000,
        undefined,
      ])
      const again = change('alert.raised', { alert: 'a2', id: 'again' })
      await revise({ changes: [again], told: [again], alerts: [stands(again, 'firing')] })
      expect(await levels()).toEqual(['again'])
      expect((await log.open()).map(({ id }) => id)).toEqual(['a2'])
      expect((await log.deliveries({ limit: 9 })).map(({ type }) => type)).toEqual([
        'alert.raised',
        'alert.corrected',
        'alert.raised',
      ])
    })

    test('written twice it is written once, and changes stand in the order of their time', async () => {
      const [late, end] = [change('alert.raised', { at: 5 }), change('alert.resolved', { at: 40 })]
      const revision = {
        changes: [late, end],
        told: [late, end],
        alerts: [stands(end, 'resolved')],
      }
      await revise(revision)
      const middle = change('alert.escalated', { at: 20, level: 'red' })
      await revise({ changes: [middle], alerts: [stands(end, 'resolved')] })
      await revise({ changes: [middle], alerts: [stands(end, 'resolved')] })
      expect(await levels()).toEqual([late.id, middle.id, end.id])
      expect(await log.levels(of, start + 30_000)).toMatchObject([
        { id: middle.id },
        { id: end.id },
      ])
      expect(await log.history('a1')).toHaveLength(3)
      expect(await log.deliveries({ limit: 9 })).toHaveLength(2)
    })

    test('one alert ends where another one is open from then on', async () => {
      const first = change('alert.raised')
      await record([first])
      const end = change('alert.resolved', { at: 10 })
      const second = change('alert.raised', { alert: 'a2', at: 20 })
      await revise({
        changes: [end, second],
        alerts: [stands(end, 'resolved'), stands(second, 'firing')],
      })
      expect((await log.open()).map(({ id }) => id)).toEqual(['a2'])
      await expect(log.retries()).resolves.toBe(0)
      await log.record({ watches: [], changes: [], retries: 12 })
      await expect(log.retries()).resolves.toBe(12)
    })
  })
}
