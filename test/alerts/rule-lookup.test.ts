/** The lookup against the plain definition: every rule asked about every series. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { criteriaOf } from '../../alerts/lifecycle/criteria.ts'
import { createRuleLookup } from '../../alerts/rules/rule-lookup.ts'
import { covers, placeOf } from '../../domain/scope.ts'
import { fakePorts } from '../fixtures/ports.ts'
import { deviceOf, openTown, ruleOf, siteOf, type Town } from '../fixtures/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'rule-lookup-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function open(town: Town) {
  const opened = await openTown(join(folder, `${files++}.db`), town)
  closing.push(opened.close)
  const ports = fakePorts()
  const lookup = createRuleLookup({
    registry: opened.view,
    clock: ports.clock,
    feeding: (index) => (index === 'flood-signal' ? ['p', 'q'] : ['r']),
  })
  lookup.update()
  const update = async () => {
    await opened.view.refresh()
    lookup.update()
  }
  return { ...opened, ports, lookup, update }
}

const levels = { red: 5 }
const found = ({ rules }: { rules: readonly { rule: { id: string } }[] }) =>
  rules.map((s) => s.rule.id).sort()

describe('which rules watch a series', () => {
  test('are those whose every list holds its place', async () => {
    const { lookup } = await open({
      sites: [
        { id: 's1', kind: 'street', district: 'a' },
        { id: 's2', kind: 'coast', district: 'b' },
      ],
      devices: [{ id: 'd1', site: 's1' }, { id: 'd2', site: 's2' }, { id: 'd3' }],
      rules: [
        { id: 'all', property: 'p', levels },
        { id: 'streets', property: 'p', levels, where: { kind: ['street', 'coast'] } },
        { id: 'district', property: 'p', levels, where: { district: ['a'], kind: ['coast'] } },
        { id: 'site', property: 'p', levels, where: { site: ['s2'], district: ['b'] } },
        { id: 'device', property: 'p', levels, where: { device: ['d1', 'd3'] } },
        { id: 'both', property: 'p', levels, where: { device: ['d1', 'd3'], site: ['s1'] } },
        { id: 'other', property: 'q', levels },
        { id: 'off', property: 'p', levels, enabled: false },
      ],
    })
    expect(found(lookup.of('d1', 'p'))).toEqual(['all', 'both', 'device', 'streets'])
    expect(found(lookup.of('d2', 'p'))).toEqual(['all', 'site', 'streets'])
    expect(found(lookup.of('d3', 'p'))).toEqual(['all', 'device'])
    expect(found(lookup.of('d1', 'q'))).toEqual(['other'])
    expect(lookup.of('d1', 'r').rules).toEqual([])
    expect(lookup.of('nobody', 'p').rules).toEqual([])
    expect(lookup.one('site', 'd2', 'p')?.site?.id).toBe('s2')
    expect(lookup.one('site', 'd1', 'p')).toBeUndefined()
  })

  test('leave out rules without a level at the site', async () => {
    const { lookup } = await open({
      sites: [{ id: 's1', attributes: { limit: 3 } }, { id: 's2' }],
      devices: [
        { id: 'd1', site: 's1' },
        { id: 'd2', site: 's2' },
      ],
      rules: [{ id: 'r', property: 'p', levels: { red: { attribute: 'limit' } } }],
    })
    expect(lookup.of('d1', 'p').rules[0]?.criteria.thresholds[0]?.bound).toBe(3)
    expect(lookup.of('d2', 'p').rules).toEqual([])
  })

  test('on an index are found by what feeds it, and are of the site', async () => {
    const signal = { type: 'index', index: 'flood-signal' }
    const { lookup, registry, update } = await open({
      sites: [
        { id: 's1', kind: 'street', attributes: { limit: 3 } },
        { id: 's2', kind: 'coast' },
      ],
      devices: [{ id: 'd1', site: 's1' }, { id: 'd2', site: 's2' }, { id: 'd3' }],
      rules: [
        { id: 'flood', signal, levels },
        { id: 'streets', signal, levels, where: { kind: ['street'] } },
        { id: 'limit', signal, levels: { red: { attribute: 'limit' } } },
        { id: 'value', property: 'q', levels },
      ],
    })
    expect(found(lookup.of('d1', 'p'))).toEqual(['flood', 'limit', 'streets'])
    expect(found(lookup.of('d1', 'q'))).toEqual(['flood', 'limit', 'streets', 'value'])
    expect(found(lookup.of('d2', 'p'))).toEqual(['flood'])
    expect(found(lookup.of('d1', 'r'))).toEqual([])
    expect(found(lookup.of('d3', 'p'))).toEqual([])
    const [flood] = lookup.of('d1', 'p').rules
    expect(flood).toMatchObject({ device: null, site: { id: 's1' }, subject: '/s1' })
    expect(flood?.property).toBe('flood-signal')
    expect(lookup.one('streets', '/s1', 'flood-signal')?.key).toBe('streets\n/s1\nflood-signal')
    expect(lookup.one('streets', '/s2', 'flood-signal')).toBeUndefined()
    expect(lookup.one('streets', 'd1', 'flood-signal')).toBeUndefined()
    expect(lookup.one('streets', '/s1', 'p')).toBeUndefined()
    expect(lookup.one('limit', '/s2', 'flood-signal')).toBeUndefined()
    await registry.remove('rule', 'streets')
    await update()
    expect(lookup.one('streets', '/s1', 'flood-signal')).toBeUndefined()
  })

  test('tell how far back their windows reach', async () => {
    const mean = (window: string) => ({ signal: { type: 'mean', window }, property: 'p', levels })
    const { lookup } = await open({
      devices: [{ id: 'd1' }],
      rules: [
        { id: 'a', ...mean('1h') },
        { id: 'b', ...mean('12h') },
        { id: 'c', ...mean('24h'), where: { device: ['d2'] } },
        { id: 'd', property: 'q', levels },
      ],
    })
    expect(lookup.of('d1', 'p').reachMs).toBe(12 * 3_600_000)
    expect(lookup.of('d1', 'q').reachMs).toBe(0)
  })

  const names = (prefix: string) => fc.constantFrom(`${prefix}1`, `${prefix}2`, `${prefix}3`)
  const kinds = fc.constantFrom('street' as const, 'coast' as const, 'soil' as const)
  const some = <T>(of: fc.Arbitrary<T>) => fc.uniqueArray(of, { maxLength: 2 })

  test('are the same as when every rule is asked', async () => {
    const towns = fc.record({
      sites: fc.uniqueArray(
        fc.record({ id: names('s'), kind: kinds, district: fc.option(names('c')) }),
        { selector: (site) => site.id },
      ),
      devices: fc.uniqueArray(
        fc.record({ id: names('d'), site: fc.option(names('s')), enabled: fc.boolean() }),
        { selector: (device) => device.id },
      ),
      wheres: fc.array(
        fc.record({
          kind: some(kinds),
          district: some(names('c')),
          site: some(names('s')),
          device: some(names('d')),
        }),
        { maxLength: 12 },
      ),
    })
    await fc.assert(
      fc.asyncProperty(towns, async ({ sites, devices, wheres }) => {
        const known = new Set(sites.map((site) => site.id))
        const placed = devices.map((device) => ({
          ...device,
          site: device.site !== null && known.has(device.site) ? device.site : null,
        }))
        const rules = wheres.map((where, i) => {
          const property = i % 2 ? 'p' : 'q'
          return { id: `r${i}`, property, levels, where, enabled: i % 5 !== 4 }
        })
        const { lookup, close } = await open({ sites, devices: placed, rules })
        for (const device of placed.map(deviceOf)) {
          const site = sites.map(siteOf).find((each) => each.id === device.site)
          const place = placeOf(device, site)
          for (const property of ['p', 'q']) {
            const wanted = rules
              .map(ruleOf)
              .filter((rule) => device.enabled && rule.enabled && rule.property === property)
              .filter((rule) => covers(rule.where, place) && criteriaOf(rule, site) !== null)
            expect(found(lookup.of(device.id, property))).toEqual(
              wanted.map((rule) => rule.id).sort(),
            )
            if (wanted.length > 0) {
              expect(lookup.mayConcern({ kind: 'telemetry', device: device.id })).toBe(true)
            }
          }
        }
        closing.splice(closing.indexOf(close), 1)
        await close()
      }),
      { numRuns: 60 },
    )
  })
})

describe('changes of the registry', () => {
  test('are seen after an update: rules, sites and devices', async () => {
    const { registry, lookup, update } = await open({
      sites: [{ id: 's1', attributes: { limit: 3 } }, { id: 's2' }],
      devices: [{ id: 'd1', site: 's1' }],
      rules: [{ id: 'r', property: 'p', levels: { red: { attribute: 'limit' } } }],
    })
    const bound = () => lookup.of('d1', 'p').rules[0]?.criteria.thresholds[0]?.bound
    expect(bound()).toBe(3)
    await registry.replace('site', siteOf({ id: 's1', attributes: { limit: 4 } }))
    await update()
    expect(bound()).toBe(4)
    await registry.replace('rule', ruleOf({ id: 'r', property: 'p', levels: { red: 9 } }))
    await update()
    expect(bound()).toBe(9)
    await registry.replace('device', deviceOf({ id: 'd1', site: 's1', enabled: false }))
    await update()
    expect(bound()).toBeUndefined()
    await registry.replace('device', deviceOf({ id: 'd1', site: 's2' }))
    await update()
    expect(bound()).toBe(9)
    await registry.remove('rule', 'r')
    await update()
    expect(bound()).toBeUndefined()
    expect(lookup.mayConcern({ kind: 'telemetry', device: 'd1' })).toBe(false)
  })

  test('that do not concern a series keep what was worked out for it', async () => {
    const { registry, lookup, update } = await open({
      devices: [{ id: 'd1' }],
      rules: [{ id: 'r', property: 'p', levels }],
    })
    const before = lookup.of('d1', 'p')
    await registry.insert('device', deviceOf({ id: 'd2' }))
    await update()
    expect(lookup.of('d1', 'p')).toBe(before)
  })
})

describe('whether an uplink may concern us', () => {
  const town = {
    devices: [{ id: 'gw' }, { id: 'gw2' }, { id: 'd1', gateway: 'gw' }, { id: 'd2' }],
    rules: [{ id: 'r', property: 'p', levels, where: { device: ['d1'] } }],
  }

  test('depends on the device, and on those behind a gateway', async () => {
    const { lookup } = await open(town)
    expect(lookup.mayConcern({ kind: 'telemetry', device: 'd1' })).toBe(true)
    expect(lookup.mayConcern({ kind: 'attributes', device: 'd1' })).toBe(true)
    expect(lookup.mayConcern({ kind: 'telemetry', device: 'd2' })).toBe(false)
    expect(lookup.mayConcern({ kind: 'gateway-telemetry', device: 'gw' })).toBe(true)
    expect(lookup.mayConcern({ kind: 'gateway-telemetry', device: 'gw2' })).toBe(false)
    for (const kind of ['session-open', 'session-close', 'broker-start', 'oversize'] as const) {
      expect(lookup.mayConcern({ kind, device: 'd1' })).toBe(false)
    }
  })

  test('a device that was just put behind a gateway is not missed', async () => {
    const { registry, lookup, update, ports } = await open(town)
    expect(lookup.mayConcern({ kind: 'gateway-telemetry', device: 'gw2' })).toBe(false)
    await registry.replace('device', deviceOf({ id: 'd1', gateway: 'gw2' }))
    await update()
    expect(lookup.mayConcern({ kind: 'gateway-telemetry', device: 'gw2' })).toBe(true)
    ports.advance(2_000)
    expect(lookup.mayConcern({ kind: 'gateway-telemetry', device: 'gw2' })).toBe(true)
    expect(lookup.mayConcern({ kind: 'gateway-telemetry', device: 'gw' })).toBe(false)
  })

  test('without any rule nothing does', async () => {
    const { lookup } = await open({ devices: town.devices })
    expect(lookup.mayConcern({ kind: 'gateway-telemetry', device: 'gw' })).toBe(false)
    expect(lookup.mayConcern({ kind: 'telemetry', device: 'd1' })).toBe(false)
  })
})
