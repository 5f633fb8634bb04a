/** What every backend of the registry promises; written against the contract alone. */

import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Device } from '../../domain/device.ts'
import { deviceSchema } from '../../domain/device.ts'
import { Fault, type FaultCode } from '../../domain/errors.ts'
import type { Clock } from '../../domain/ports.ts'
import { qualityPlanSchema } from '../../domain/quality-plan.ts'
import { ruleSchema } from '../../domain/rule.ts'
import { silenceSchema } from '../../domain/silence.ts'
import { type Site, siteSchema } from '../../domain/site.ts'
import { tokenSchema } from '../../domain/token.ts'
import { webhookSchema } from '../../domain/webhook.ts'
import type {
  AuditEntry,
  Entities,
  EntityKind,
  Registry,
  RegistryView,
} from '../../stores/records/registry.ts'

/** One store, empty at first; each call opens a connection of its own to it. */
export interface RegistryBackend {
  open(clock?: Pick<Clock, 'now'>): Promise<Registry>
  openView(): Promise<RegistryView>
  /** Closes whatever is still open and removes the store. */
  remove(): Promise<void>
}

export function site(id: string, more: Partial<Site> = {}): Site {
  return { ...siteSchema.parse({ id: 'any' }), id, ...more }
}

export function device(id: string, more: Partial<Device> = {}): Device {
  return { ...deviceSchema.parse({ id: 'any' }), id, ...more }
}

export function hash(n: number): string {
  return n.toString(16).padStart(64, '0')
}

const silence = silenceSchema.parse({
  id: 'works',
  site: ['g-17'],
  from: '2026-11-21T08:00:00Z',
  to: '2026-11-22T08:00:00+08:00',
  author: '王工',
  reason: 'Dredging; 清淤 🚧',
})

const examples: Entities = {
  site: siteSchema.parse({
    id: 'g-17',
    name: { en: 'Xiaguan gauge', zh: '下关水位站' },
    kind: 'river-gauge',
    location: [118.7412, 32.0861],
    district: '320106',
    basin: 'Yangtze',
    attributes: { warningLevel: 8.7, datum: '吴淞' },
  }),
  device: deviceSchema.parse({
    id: 'g-17-1',
    profile: {
      keys: { WL: { property: 'water_level', unit: 'cm', scale: 0.1 }, T: 'temperature' },
    },
    enabled: false,
    expectedInterval: '5m',
  }),
  rule: ruleSchema.parse({
    id: 'river-stage',
    property: 'water_level',
    levels: { yellow: { attribute: 'warningLevel' }, red: { attribute: 'warningLevel', plus: 1 } },
  }),
  webhook: {
    ...webhookSchema.parse({ id: 'duty', url: 'https://duty.example/hook', levels: ['red'] }),
    secret: 'whsec_c2VjcmV0',
  },
  token: { ...tokenSchema.parse({ id: 'board', role: 'viewer' }), hash: hash(1) },
  silence,
  'quality-plan': qualityPlanSchema.parse({
    id: 'stage-of-canals',
    name: { zh: '运河水位' },
    property: 'water_level',
    where: { site: ['g-17'] },
    tests: { gross_range: { suspect: [0, 9] }, flat_line: null, rate_of_change: { fail: 0.5 } },
  }),
}
const replacements: { [K in EntityKind]: Partial<Entities[K]> } = {
  site: { name: { zh: '新站' }, location: null },
  device: { profile: 'hj212', expectedInterval: null },
  rule: { enabled: false },
  webhook: { url: 'http://127.0.0.1:1/', secret: 'whsec_bmV3' },
  token: { role: 'admin', hash: hash(2) },
  silence: { reason: 'longer' },
  'quality-plan': { tests: {}, enabled: false },
}
const kinds = Object.keys(examples) as EntityKind[]

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Fault)) throw new Error(`expected a Fault, got ${String(error)}`)
  return error
}

async function expectFault(work: Promise<unknown>, code: FaultCode, field?: string) {
  const fault = await faultOf(work)
  expect([fault.code, fault.field]).toEqual([code, field])
  return fault.message
}

export function registryConformance(start: () => Promise<RegistryBackend>): void {
  const backends: RegistryBackend[] = []

  async function setUp() {
    const backend = await start()
    backends.push(backend)
    return { backend, registry: await backend.open(), view: await backend.openView() }
  }

  afterEach(async () => {
    for (const backend of backends.splice(0)) await backend.remove()
  })

  describe('items', () => {
    test.each(kinds)('a %s comes back as it was written, is replaced and removed', async (kind) => {
      const { registry, view } = await setUp()
      const item = examples[kind]
      await registry.insert(kind, item)
      await view.refresh()
      expect(view.get(kind, item.id)).toEqual(item)
      expect(view.all(kind)).toEqual([item])

      const changed = Object.assign({}, item, replacements[kind])
      await registry.replace(kind, changed)
      await view.refresh()
      expect(view.get(kind, item.id)).toEqual(changed)

      expect(await registry.remove(kind, item.id)).toBe(true)
      expect(await registry.remove(kind, item.id)).toBe(false)
      await view.refresh()
      expect(view.get(kind, item.id)).toBeUndefined()
      expect(view.all(kind)).toEqual([])
    })

    test.each(kinds)('a second %s with the same id conflicts and changes nothing', async (kind) => {
      const { registry, view } = await setUp()
      const item = examples[kind]
      await registry.insert(kind, item)
      await view.refresh()
      const other = { ...item, description: 'other', hash: hash(99) }
      expect(await expectFault(registry.insert(kind, other), 'conflict', 'id')).toContain(item.id)
      expect(await view.refresh()).toBe(false)
      expect(view.get(kind, item.id)).toEqual(item)
    })

    test.each(kinds)('a %s that is not there cannot be replaced', async (kind) => {
      const { registry, view } = await setUp()
      await expectFault(registry.replace(kind, examples[kind]), 'not_found')
      expect(await view.refresh()).toBe(false)
    })

    test('one id may be used once in each kind', async () => {
      const { registry, view } = await setUp()
      for (const kind of kinds) await registry.insert(kind, { ...examples[kind], id: 'same' })
      await view.refresh()
      for (const kind of kinds) expect(view.get(kind, 'same')?.id).toBe('same')
    })

    test.each([
      '__proto__',
      'constructor',
      "o'neill",
      'say"hi"',
      '100%_\\',
      '下关水位站',
      '🌊🌧️',
      'é',
      '; DROP TABLE device',
      'x'.repeat(128),
    ])('the id %s is an id like any other', async (id) => {
      const { registry, view } = await setUp()
      await registry.insert('site', site(id))
      await registry.insert('device', device(id, { site: id }))
      await registry.insert('device', device(`${id}-2`, { gateway: id }))
      await registry.setDeviceToken(id, hash(7))
      await view.refresh()
      expect(view.site(id)).toEqual(site(id))
      expect(view.device(id)).toEqual({ ...device(id, { site: id }), tokenHash: hash(7) })
      expect(view.deviceByTokenHash(hash(7))?.id).toBe(id)
      expect(view.get('device', `${id}-2`)?.gateway).toBe(id)
      expect(view.get('rule', id)).toBeUndefined()
    })
  })

  describe('references', () => {
    test('a device needs its site and its gateway to exist', async () => {
      const { registry, view } = await setUp()
      const work = (item: Device) => registry.insert('device', item)
      expect(await expectFault(work(device('d', { site: 's' })), 'impossible', 'site')).toContain(
        '"s"',
      )
      expect(
        await expectFault(work(device('d', { gateway: 'g' })), 'impossible', 'gateway'),
      ).toContain('"g"')
      expect(await view.refresh()).toBe(false)
      expect(view.all('device')).toEqual([])

      await work(device('d'))
      const moved = registry.replace('device', device('d', { site: 's' }))
      await expectFault(moved, 'impossible', 'site')
      await view.refresh()
      expect(view.get('device', 'd')).toEqual(device('d'))
    })

    test('gateways do not chain, in neither direction, and not with themselves', async () => {
      const { registry } = await setUp()
      await expectFault(
        registry.insert('device', device('own', { gateway: 'own' })),
        'impossible',
        'gateway',
      )
      await registry.insert('device', device('top'))
      await registry.insert('device', device('other'))
      await registry.insert('device', device('leaf', { gateway: 'top' }))
      for (const wrong of [
        device('under', { gateway: 'leaf' }),
        device('new', { gateway: 'leaf' }),
      ]) {
        await expectFault(registry.insert('device', wrong), 'impossible', 'gateway')
      }
      const sunk = registry.replace('device', device('top', { gateway: 'other' }))
      expect(await expectFault(sunk, 'impossible', 'gateway')).toContain('"leaf"')
      await expectFault(
        registry.replace('device', device('top', { gateway: 'leaf' })),
        'impossible',
        'gateway',
      )
      await registry.replace('device', device('leaf', { gateway: 'other' }))
      await registry.replace('device', device('top', { gateway: 'other' }))
    })

    test('what is in use cannot be removed, and the answer says by how many and by whom first', async () => {
      const { registry, view } = await setUp()
      await registry.insert('site', site('s'))
      await registry.insert('device', device('g'))
      for (const id of ['b', 'a', 'c']) {
        await registry.insert('device', device(id, { site: 's', gateway: 'g' }))
      }
      const siteFault = await expectFault(registry.remove('site', 's'), 'conflict')
      expect(siteFault).toMatch(/3 devices.*"a"/)
      const gatewayFault = await expectFault(registry.remove('device', 'g'), 'conflict')
      expect(gatewayFault).toMatch(/3 devices.*"a"/)
      for (const id of ['a', 'b', 'c']) expect(await registry.remove('device', id)).toBe(true)
      expect(await registry.remove('device', 'g')).toBe(true)
      expect(await registry.remove('site', 's')).toBe(true)
      await view.refresh()
      expect([view.all('site'), view.all('device')]).toEqual([[], []])
    })
  })

  describe('secrets', () => {
    test('a device is found by the hash of its token, until it is replaced or taken away', async () => {
      const { registry, view } = await setUp()
      await registry.insert('device', device('d'))
      await view.refresh()
      expect(view.device('d')).toEqual({ ...device('d'), tokenHash: null })
      for (const n of [1, 2]) {
        await registry.setDeviceToken('d', hash(n))
        await view.refresh()
        expect(view.device('d')?.tokenHash).toBe(hash(n))
        expect(view.deviceByTokenHash(hash(n))?.id).toBe('d')
        expect(view.deviceByTokenHash(hash(n - 1))).toBeUndefined()
      }
      await registry.setDeviceToken('d', null)
      await view.refresh()
      expect(view.device('d')?.tokenHash).toBeNull()
      expect(view.deviceByTokenHash(hash(2))).toBeUndefined()
    })

    test('a replaced device keeps its token, a removed one loses it', async () => {
      const { registry, view } = await setUp()
      await registry.insert('device', device('d'))
      await registry.setDeviceToken('d', hash(1))
      await view.refresh()
      // As a caller might: from the view's own object, whose hash must not go into the item.
      const known = view.device('d')
      if (known === undefined) throw new Error('the device is gone')
      await registry.replace('device', { ...known, enabled: false })
      await registry.upsertAll([], [{ ...known, enabled: false }])
      await view.refresh()
      expect(view.deviceByTokenHash(hash(1))).toEqual({
        ...device('d', { enabled: false }),
        tokenHash: hash(1),
      })
      await registry.remove('device', 'd')
      await view.refresh()
      expect(view.deviceByTokenHash(hash(1))).toBeUndefined()
      await registry.insert('device', known)
      await view.refresh()
      expect(view.device('d')?.tokenHash).toBeNull()
    })

    test('lists of devices never hold hashes', async () => {
      const { registry, view } = await setUp()
      await registry.insert('device', device('d'))
      await registry.setDeviceToken('d', hash(1))
      await view.refresh()
      expect(view.all('device')).toEqual([device('d')])
      expect(view.get('device', 'd')).toEqual(device('d'))
    })

    test('one token opens one door', async () => {
      const { registry, view } = await setUp()
      await registry.insert('device', device('a'))
      await registry.insert('device', device('b'))
      await registry.setDeviceToken('a', hash(1))
      await registry.setDeviceToken('a', hash(1))
      await expectFault(registry.setDeviceToken('b', hash(1)), 'conflict')
      await expectFault(registry.setDeviceToken('c', hash(2)), 'not_found')
      await registry.setDeviceToken('a', null)
      await registry.setDeviceToken('b', hash(1))
      await view.refresh()
      expect(view.deviceByTokenHash(hash(1))?.id).toBe('b')
      await registry.setDeviceToken('b', null)
      await registry.setDeviceToken('a', hash(1))
      await view.refresh()
      expect(view.deviceByTokenHash(hash(1))?.id).toBe('a')

      const token = { ...tokenSchema.parse({ id: 't', role: 'admin' }), hash: hash(1) }
      await registry.insert('token', token)
      await expectFault(registry.insert('token', { ...token, id: 'u' }), 'conflict')
      await registry.insert('token', { ...token, id: 'u', hash: hash(2) })
      await expectFault(registry.replace('token', { ...token, id: 'u' }), 'conflict')
    })

    test('many devices get their tokens at once, or an answer why not', async () => {
      const { registry, view } = await setUp()
      const ids = Array.from({ length: 1_200 }, (_, i) => `d${i}`)
      const many = ids.map((id) => device(id))
      await registry.upsertAll([], many)
      await registry.setDeviceTokens(new Map(ids.map((id, i) => [id, hash(i)])))
      await view.refresh()
      for (const i of [0, 999, 1_000, 1_199]) {
        expect(view.deviceByTokenHash(hash(i))?.id).toBe(`d${i}`)
      }
      const unknown = registry.setDeviceTokens(new Map([['nobody', hash(5_000)]]))
      await expectFault(unknown, 'not_found')
      const taken = registry.setDeviceTokens(new Map([['d0', hash(1)]]))
      await expectFault(taken, 'conflict')
      await registry.setDeviceTokens(new Map())
      expect(await view.refresh()).toBe(false)
    })

    test('an API token is found by its hash, without the hash in what is found', async () => {
      const { registry, view } = await setUp()
      const token = tokenSchema.parse({ id: 't', role: 'operator' })
      await registry.insert('token', { ...token, hash: hash(1) })
      await view.refresh()
      expect(view.tokenByHash(hash(1))).toEqual(token)
      await registry.replace('token', { ...token, hash: hash(2) })
      await view.refresh()
      expect(view.tokenByHash(hash(1))).toBeUndefined()
      expect(view.tokenByHash(hash(2))).toEqual(token)
      await registry.remove('token', 't')
      await view.refresh()
      expect(view.tokenByHash(hash(2))).toBeUndefined()
    })
  })

  describe('imports', () => {
    test('rows may come in any order, more than one transaction takes, and twice', async () => {
      const { registry, view } = await setUp()
      const sites = Array.from({ length: 1_100 }, (_, i) => site(`s${i}`))
      const devices = Array.from({ length: 2_300 }, (_, i) =>
        device(`d${i}`, { site: `s${i % 1_100}`, gateway: i < 2_290 ? 'd2295' : null }),
      )
      await registry.upsertAll(sites, devices)
      await view.refresh()
      expect(view.all('site')).toHaveLength(1_100)
      expect(view.all('device')).toHaveLength(2_300)
      expect(view.get('device', 'd7')).toEqual(devices[7])

      await registry.upsertAll([], [device('d7'), device('d7', { enabled: false })])
      await registry.upsertAll(sites, [])
      await view.refresh()
      expect(view.get('device', 'd7')).toEqual(device('d7', { enabled: false }))
      expect(view.all('device')).toHaveLength(2_300)
    })

    test('an import can turn gateways and devices around', async () => {
      const { registry, view } = await setUp()
      await registry.upsertAll([], [device('child', { gateway: 'top' }), device('top')])
      const turned = [device('top', { gateway: 'child' }), device('child')]
      await registry.upsertAll([], turned)
      await view.refresh()
      expect(view.get('device', 'top')?.gateway).toBe('child')
      expect(view.get('device', 'child')?.gateway).toBeNull()
    })

    test('a row that refers to nothing is refused with its name', async () => {
      const { registry, view } = await setUp()
      const work = (devices: Device[]) => registry.upsertAll([], devices)
      const lost = await expectFault(work([device('lost', { site: 'x' })]), 'impossible', 'site')
      expect(lost).toMatch(/"lost".*"x"/)
      await expectFault(work([device('lost', { gateway: 'x' })]), 'impossible', 'gateway')
      await expectFault(work([device('lost', { gateway: 'lost' })]), 'impossible', 'gateway')
      const chain = [device('a', { gateway: 'b' }), device('b', { gateway: 'c' }), device('c')]
      await expectFault(work(chain), 'impossible', 'gateway')
      await view.refresh()
      expect(view.all('device').map(({ id }) => id)).toEqual(['c'])
    })

    test('nothing is a good import', async () => {
      const { registry, view } = await setUp()
      await registry.upsertAll([], [])
      expect(await view.refresh()).toBe(false)
    })
  })

  describe('views', () => {
    test('a view opened late knows what was written before', async () => {
      const { backend, registry } = await setUp()
      await registry.insert('site', site('s'))
      await registry.insert('device', device('d', { site: 's' }))
      await registry.setDeviceToken('d', hash(1))
      await registry.insert('token', examples.token)
      const late = await backend.openView()
      expect(late.deviceByTokenHash(hash(1))?.site).toBe('s')
      expect(late.tokenByHash(examples.token.hash)?.id).toBe(examples.token.id)
      expect(await late.refresh()).toBe(false)
      expect(late.version).toBeGreaterThan(0)
    })

    test('refresh says whether something changed, and the version grows with it', async () => {
      const { registry, view } = await setUp()
      expect(await view.refresh()).toBe(false)
      const before = view.version
      await registry.insert('site', site('s'))
      expect(view.site('s')).toBeUndefined()
      expect(await view.refresh()).toBe(true)
      expect(view.version).toBeGreaterThan(before)
      const after = view.version
      expect(await view.refresh()).toBe(false)
      expect(view.version).toBe(after)
    })

    test('what was written and removed between two looks leaves no trace', async () => {
      const { registry, view } = await setUp()
      await registry.insert('site', site('s'))
      await registry.remove('site', 's')
      await view.refresh()
      expect(view.all('site')).toEqual([])
      await registry.insert('site', site('s'))
      await view.refresh()
      await registry.remove('site', 's')
      await registry.insert('site', site('s', { basin: 'Qinhuai' }))
      await view.refresh()
      expect(view.all('site')).toEqual([site('s', { basin: 'Qinhuai' })])
    })

    test('lists are in the order of ids, and a list once handed out stays as it is', async () => {
      const { registry, view } = await setUp()
      for (const id of ['b', 'd', 'Z', '中']) await registry.insert('site', site(id))
      await view.refresh()
      const before = view.all('site')
      expect(before.map(({ id }) => id)).toEqual(['Z', 'b', 'd', '中'])
      expect(view.all('site')).toBe(before)
      for (const id of ['c', 'a', '🌊', 'e']) await registry.insert('site', site(id))
      await registry.remove('site', 'd')
      await registry.replace('site', site('b', { basin: 'x' }))
      await view.refresh()
      const ids = view.all('site').map(({ id }) => id)
      expect(ids).toEqual(['Z', 'a', 'b', 'c', 'e', '中', '🌊'])
      expect(view.all('site')[2]?.basin).toBe('x')
      expect(before.map(({ id }) => id)).toEqual(['Z', 'b', 'd', '中'])
    })

    test('whoever asks for a refresh gets what was committed before it asked, also while another is under way', async () => {
      const { registry, view } = await setUp()
      await registry.insert('site', site('first'))
      const early = view.refresh()
      await registry.insert('site', site('second'))
      await view.refresh()
      expect(view.site('second')).toBeDefined()
      expect(await early).toBe(true)
      await registry.insert('site', site('third'))
      const many = await Promise.all(Array.from({ length: 20 }, () => view.refresh()))
      expect(many.filter(Boolean)).toHaveLength(1)
      expect(view.site('third')).toBeDefined()
    })

    test('a view catches up over many changes', async () => {
      const { registry, view } = await setUp()
      await registry.upsertAll(
        [],
        Array.from({ length: 12_000 }, (_, i) => device(`d${i}`)),
      )
      await registry.remove('device', 'd1')
      await view.refresh()
      expect(view.all('device')).toHaveLength(11_999)
      await registry.upsertAll(
        [],
        Array.from({ length: 1_200 }, (_, i) => device(`d${i}`, { enabled: false })),
      )
      await view.refresh()
      expect(view.all('device').filter(({ enabled }) => !enabled)).toHaveLength(1_200)
    })
  })

  test('two connections write at the same time and nothing is lost or busy', async () => {
    const { backend, registry, view } = await setUp()
    const other = await backend.open()
    const work: Promise<unknown>[] = []
    for (let i = 0; i < 40; i++) {
      work.push(registry.insert('site', site(`a${i}`)), other.insert('site', site(`b${i}`)))
      work.push(view.refresh())
      work.push(other.audit(auditEntry(i)), registry.audit(auditEntry(i)))
    }
    const many = Array.from({ length: 1_500 }, (_, i) => device(`d${i}`))
    work.push(registry.upsertAll([], many), other.upsertAll([], many))
    await Promise.all(work)
    await view.refresh()
    expect(view.all('site')).toHaveLength(80)
    expect(view.all('device')).toHaveLength(1_500)
    expect(await registry.auditTrail(1_000)).toHaveLength(80)
  })

  test('one of two that insert the same id at the same time gets the conflict', async () => {
    const { backend, registry } = await setUp()
    const other = await backend.open()
    const results = await Promise.allSettled([
      registry.insert('site', site('s')),
      other.insert('site', site('s')),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  describe('audit', () => {
    test('a change that begins is in the trail when it has ended, or as unknown when it never did', async () => {
      const { registry } = await setUp()
      const { result: _, ...change } = auditEntry(1)
      const ended = await registry.beginAudit(change)
      await registry.beginAudit({ ...change, target: 'site/never' })
      expect(await registry.auditTrail(10)).toEqual([])
      await registry.endAudit(ended, { ...auditEntry(1), target: 'site/known-now' })
      expect(await registry.settleAudit()).toBe(1)
      expect(await registry.settleAudit()).toBe(0)
      expect(await registry.auditTrail(10)).toMatchObject([
        { target: 'site/never', result: 'unknown', at: change.at, from: change.from },
        { target: 'site/known-now', result: auditEntry(1).result },
      ])
    })

    test('the trail is told newest first, in pages', async () => {
      const { registry } = await setUp()
      expect(await registry.auditTrail(10)).toEqual([])
      for (let n = 0; n < 5; n++) await registry.audit(auditEntry(n))
      const first = await registry.auditTrail(2)
      expect(first.map(({ at }) => at)).toEqual([4, 3])
      const rest = await registry.auditTrail(10, first[1]?.id)
      expect(rest.map(({ at }) => at)).toEqual([2, 1, 0])
      const { id: _id, ...newest } = first[0]!
      expect(newest).toEqual(auditEntry(4))
    })

    test('text that no database likes is kept readable, and bounded', async () => {
      const { registry } = await setUp()
      await registry.audit({ ...auditEntry(1), target: 'a\0b\ud800c', actor: 'x'.repeat(100_000) })
      const [entry] = await registry.auditTrail(1)
      expect(entry?.target).toBe('a\ufffdb\ufffdc')
      expect(entry?.actor.length).toBeLessThanOrEqual(1_000)
    })

    test('it is no change of the registry', async () => {
      const { registry, view } = await setUp()
      await registry.audit(auditEntry(1))
      expect(await view.refresh()).toBe(false)
    })
  })

  test('whatever is written, in any order, by two connections: the view is what was accepted', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd')
    const ref = fc.option(id)
    const step = fc.oneof(
      fc.record({ do: fc.constantFrom('insert', 'replace'), id, site: ref, gateway: ref }),
      fc.record({ do: fc.constantFrom('insertSite', 'removeSite', 'remove', 'look'), id }),
      fc.record({ do: fc.constant('token'), id, n: fc.option(fc.integer({ min: 1, max: 3 })) }),
      fc.record({ do: fc.constant('import'), id, site: ref, gateway: ref }),
    )
    type Step = {
      do: string
      id: string
      site?: string | null
      gateway?: string | null
      n?: number | null
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps: Step[]) => {
        const { backend, registry, view } = await setUp()
        const other = await backend.open()
        const devices = new Map<string, Device & { tokenHash: string | null }>()
        const sites = new Set<string>()
        for (const [i, s] of steps.entries()) {
          const by = i % 2 === 0 ? registry : other
          const item = device(s.id, { site: s.site ?? null, gateway: s.gateway ?? null })
          const tokenHash = devices.get(s.id)?.tokenHash ?? null
          try {
            if (s.do === 'look') await view.refresh()
            if (s.do === 'insert') {
              await by.insert('device', item)
              devices.set(s.id, { ...item, tokenHash: null })
            }
            if (s.do === 'replace') await by.replace('device', item)
            if (s.do === 'import') await by.upsertAll([], [item])
            if (s.do === 'replace' || s.do === 'import') devices.set(s.id, { ...item, tokenHash })
            if (s.do === 'token') {
              const given = s.n ? hash(s.n) : null
              await by.setDeviceToken(s.id, given)
              devices.set(s.id, { ...devices.get(s.id)!, tokenHash: given })
            }
            if (s.do === 'remove' && (await by.remove('device', s.id))) devices.delete(s.id)
            if (s.do === 'insertSite') {
              await by.insert('site', site(s.id))
              sites.add(s.id)
            }
            if (s.do === 'removeSite' && (await by.remove('site', s.id))) sites.delete(s.id)
          } catch (error) {
            if (!(error instanceof Fault)) throw error
          }
        }
        await view.refresh()
        const seen = view.all('device').map(({ id: one }) => view.device(one))
        expect(seen).toEqual([...devices.values()].sort((a, b) => (a.id < b.id ? -1 : 1)))
        expect(view.all('site').map((one) => one.id)).toEqual([...sites].sort())
        for (const one of devices.values()) {
          if (one.site !== null) expect(sites).toContain(one.site)
          if (one.gateway !== null) expect(devices.get(one.gateway)?.gateway).toBeNull()
          if (one.tokenHash !== null) {
            expect(view.deviceByTokenHash(one.tokenHash)?.id).toBe(one.id)
          }
        }
        await backend.remove()
      }),
      { numRuns: 40 },
    )
  })
}

export function auditEntry(n: number): AuditEntry {
  return {
    at: n,
    actor: 'board',
    action: 'device.replace',
    target: `device/下关-${n}`,
    result: n % 2 === 0 ? 'done' : 'refused',
    from: '203.0.113.9',
  }
}
