/** What every backend of the registry remembers of where devices have stood. */

import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { Fault } from '../../domain/errors.ts'
import type { Placements } from '../../domain/placement.ts'
import { device, type RegistryBackend, site } from './registry.ts'

const ever = Number.NEGATIVE_INFINITY
const open = Number.POSITIVE_INFINITY

export function placementsConformance(start: () => Promise<RegistryBackend>): void {
  const backends: RegistryBackend[] = []

  /** Sites a, b and c, and a clock that is set by hand. */
  async function setUp() {
    const backend = await start()
    backends.push(backend)
    const clock = { at: 1_000, now: () => clock.at }
    const registry = await backend.open(clock)
    const view = await backend.openView()
    await registry.upsertAll([site('a'), site('b'), site('c')], [])
    const known = async (id = 'd'): Promise<Placements | undefined> => {
      await view.refresh()
      return view.placements(id)
    }
    return { backend, clock, registry, view, known }
  }

  afterEach(async () => {
    for (const backend of backends.splice(0)) await backend.remove()
  })

  describe('placements', () => {
    test('a device that never moved needs none: it has stood at its site ever since', async () => {
      const { registry, view, known, clock } = await setUp()
      await registry.insert('device', device('d', { site: 'a' }))
      clock.at = 5_000
      await registry.replace('device', device('d', { site: 'a', expectedInterval: '5m' }))
      await registry.upsertAll([], [device('d', { site: 'a' })])
      expect(await known()).toBeUndefined()
      expect([view.siteAt('d', -1), view.siteAt('d', 9_999), view.siteAt('x', 0)]).toEqual([
        'a',
        'a',
        null,
      ])
    })

    test.each(['replace', 'import'] as const)('a move by %s begins a placement', async (by) => {
      const { registry, view, known, clock } = await setUp()
      await registry.insert('device', device('d', { site: 'a' }))
      clock.at = 7_200
      const moved = device('d', { site: 'b' })
      await (by === 'import' ? registry.upsertAll([], [moved]) : registry.replace('device', moved))
      expect(await known()).toEqual([
        { site: 'a', from: ever, until: 7_200 },
        { site: 'b', from: 7_200, until: open },
      ])
      expect([view.siteAt('d', 7_199), view.siteAt('d', 7_200)]).toEqual(['a', 'b'])
      expect([...view.placed()]).toEqual(['d'])
    })

    test('a move may be told of later, and never before it happens', async () => {
      const { registry, known, clock } = await setUp()
      await registry.insert('device', device('d', { site: 'a' }))
      await registry.replace('device', device('d', { site: 'b' }), 400)
      expect(await known()).toMatchObject([{ until: 400 }, { site: 'b', from: 400 }])
      clock.at = 2_000
      const early = registry.replace('device', device('d', { site: 'c' }), 2_001)
      await expect(early).rejects.toMatchObject({ code: 'impossible', field: 'placedAt' })
      expect(await known()).toHaveLength(2)
      await registry.insert('device', device('e', { site: 'c' }), 1_500)
      expect(await known('e')).toEqual([
        { site: null, from: ever, until: 1_500 },
        { site: 'c', from: 1_500, until: open },
      ])
    })

    test('a device that is removed stays where it was, also in a view that is opened later', async () => {
      const { backend, registry, view, known, clock } = await setUp()
      await registry.insert('device', device('d', { site: 'a' }))
      clock.at = 3_000
      await registry.remove('device', 'd')
      await registry.remove('site', 'a')
      expect(await known()).toEqual([
        { site: 'a', from: ever, until: 3_000 },
        { site: null, from: 3_000, until: open },
      ])
      expect(view.device('d')).toBeUndefined()
      const later = await backend.openView()
      expect(later.placements('d')).toEqual(view.placements('d'))
    })

    test('registered again elsewhere it begins a new one; at the same site the old one goes on', async () => {
      const { registry, view, known, clock } = await setUp()
      await registry.insert('device', device('d', { site: 'a' }))
      clock.at = 2_000
      await registry.remove('device', 'd')
      clock.at = 3_000
      await registry.insert('device', device('d', { site: 'b' }))
      const sites = async () => {
        await view.refresh()
        return [1_999, 2_000, 2_999, 3_000].map((at) => view.siteAt('d', at))
      }
      expect(await sites()).toEqual(['a', null, null, 'b'])
      clock.at = 3_500
      await registry.remove('device', 'd')
      clock.at = 4_000
      await registry.upsertAll([], [device('d', { site: 'b' })])
      expect(await known()).toEqual([
        { site: 'a', from: ever, until: 2_000 },
        { site: null, from: 2_000, until: 3_000 },
        { site: 'b', from: 3_000, until: open },
      ])
    })

    test('a correction takes the place of what was known of its time', async () => {
      const { registry, view, known, clock } = await setUp()
      await registry.insert('device', device('d', { site: 'a' }))
      clock.at = 9_000
      await registry.place({ device: 'd', site: 'c', from: 2_000, until: 3_500 })
      expect((await known())?.map((one) => one.site)).toEqual(['a', 'c', 'a'])
      expect(view.device('d')?.site).toBe('a')
      await registry.place({ device: 'd', site: 'b', from: 3_000, until: null })
      expect(await known()).toEqual([
        { site: 'a', from: ever, until: 2_000 },
        { site: 'c', from: 2_000, until: 3_000 },
        { site: 'b', from: 3_000, until: open },
      ])
      expect(view.device('d')?.site).toBe('b')
      expect(view.all('device').map((one) => one.site)).toEqual(['b'])
      await registry.place({ device: 'd', site: 'a', from: ever, until: null })
      expect(await known()).toBeUndefined()
      expect(view.device('d')?.site).toBe('a')
    })

    test('stored readings show where a device stood of which nothing else is known', async () => {
      const { registry, view, known, clock } = await setUp()
      for (const id of ['d', 'e', 'f', 'g'])
        await registry.insert('device', device(id, { site: 'b' }))
      clock.at = 7_000
      await registry.place({ device: 'e', site: 'c', from: 2_000, until: 3_000 })
      const moved = await known('e')
      await registry.audit({
        ...{ at: clock.at, actor: 'admin', action: 'device.place', target: 'device/f' },
        ...{ result: 'done', from: '::1' },
      })
      const spans = [
        { site: 'a', first: 2_000, last: 2_900 },
        { site: 'b', first: 4_000, last: 6_000 },
      ]
      const written = ['d', 'e', 'f', 'removed'].map((id) => ({ device: id, spans }))
      const still = { device: 'g', spans: spans.slice(1) }
      expect(await registry.placeAsWritten([...written, still])).toEqual(['d', 'removed'])
      const shown = [
        { site: 'a', from: ever, until: 4_000 },
        { site: 'b', from: 4_000, until: open },
      ]
      expect(await known()).toEqual(shown)
      expect(await known('removed')).toEqual([
        ...[shown[0], { site: 'b', from: 4_000, until: 7_000 }],
        { site: null, from: 7_000, until: open },
      ])
      expect(view.placements('e')).toEqual(moved)
      expect([view.placements('f'), view.placements('g')]).toEqual([undefined, undefined])
      expect(view.device('d')?.site).toBe('b')
      const trail = await registry.auditTrail(9)
      expect(trail.map(({ actor, target }) => [actor, target]).slice(0, 2)).toEqual([
        ['system', 'device/removed'],
        ['system', 'device/d'],
      ])
      expect(await registry.placeAsWritten(written)).toEqual([])
    })

    test('what was removed can be placed as well, up to its removal', async () => {
      const { registry, view, known, clock } = await setUp()
      await registry.insert('device', device('d', { site: 'a' }))
      clock.at = 2_000
      await registry.remove('device', 'd')
      clock.at = 8_000
      await registry.place({ device: 'd', site: 'b', from: 1_200, until: null })
      expect(await known()).toEqual([
        { site: 'a', from: ever, until: 1_200 },
        { site: 'b', from: 1_200, until: 2_000 },
        { site: null, from: 2_000, until: open },
      ])
      const unknown = { device: 'x', site: 'b', from: 1_000, until: 5_000 }
      await expect(registry.place(unknown)).rejects.toMatchObject({ code: 'not_found' })
      await registry.place({ ...unknown, force: true })
      await view.refresh()
      expect([999, 1_000, 5_000].map((at) => view.siteAt('x', at))).toEqual([null, 'b', null])
    })

    test.each([
      ['no such site', { site: 'z', from: 1, until: 2 }, 'site'],
      ['a beginning in the future', { site: 'b', from: 1_001, until: null }, 'from'],
      ['an end in the future', { site: 'b', from: 1, until: 1_001 }, 'until'],
      ['an end before the beginning', { site: 'b', from: 500, until: 500 }, 'until'],
    ])('refused: %s', async (_name, change, field) => {
      const { registry, known } = await setUp()
      await registry.insert('device', device('d', { site: 'a' }))
      const work = registry.place({ device: 'd', ...change })
      await expect(work).rejects.toMatchObject({ code: 'impossible', field })
      expect(await known()).toBeUndefined()
    })

    const id = fc.constantFrom('d', 'e')
    const where = fc.constantFrom('a', 'b', 'c', null)
    const step = fc.record({
      do: fc.constantFrom('put', 'remove', 'place', 'look'),
      id,
      site: where,
      passed: fc.integer({ min: 1, max: 50 }),
      from: fc.option(fc.integer({ min: 1_000, max: 1_400 })),
      until: fc.option(fc.integer({ min: 1_000, max: 1_400 })),
    })

    test('after any steps each moment has the site that was said last of it', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
          const { backend, registry, view, clock } = await setUp()
          const model = new Timelines()
          for (const { do: what, passed, ...s } of steps) {
            clock.at += passed
            const item = device(s.id, { site: s.site })
            try {
              if (what === 'look') await view.refresh()
              if (what === 'remove' && (await registry.remove('device', s.id))) {
                model.remove(s.id, clock.at)
              }
              if (what === 'put' && model.isRegistered(s.id)) {
                await registry.replace('device', item)
                model.put(s.id, s.site, clock.at)
              } else if (what === 'put') {
                await registry.insert('device', item)
                model.put(s.id, s.site, clock.at)
              }
              if (what === 'place') {
                const from = s.from ?? ever
                await registry.place({ device: s.id, site: s.site, from, until: s.until })
                model.place(s, clock.at)
              }
            } catch (error) {
              if (!(error instanceof Fault)) throw error
            }
          }
          await view.refresh()
          for (const one of ['d', 'e']) {
            const seen = moments.map((at) => view.siteAt(one, at))
            expect(seen).toEqual(model.sites(one))
            const now = view.device(one)
            if (now !== undefined) expect(now.site).toBe(view.siteAt(one, clock.at))
            if (now !== undefined) expect(now.site).toBe(view.get('device', one)?.site)
          }
          await backend.remove()
        }),
        { numRuns: 60 },
      )
    })
  })
}

const moments = Array.from({ length: 1_200 }, (_, i) => 900 + i)

/** Site by site for every moment, written down one by one. */
class Timelines {
  readonly #sites = new Map<string, (string | null)[]>()
  readonly #removedAt = new Map<string, number>()
  readonly #registered = new Set<string>()

  isRegistered(id: string): boolean {
    return this.#registered.has(id)
  }

  sites(id: string): (string | null)[] {
    return this.#sites.get(id) ?? moments.map(() => null)
  }

  put(id: string, site: string | null, now: number): void {
    const isNew = !this.#registered.has(id)
    const isUnknown = isNew && !this.#sites.has(id)
    this.#registered.add(id)
    const own = this.sites(id)
    const last = own.at(-1) ?? null
    if (!isNew && last === site) return
    const gap = own.findLastIndex((one) => one !== null) + 1
    const isBack = isNew && last === null && site !== null && own[gap - 1] === site
    const since = isBack ? (moments[gap] ?? now) : now
    this.#set(id, site, isUnknown ? ever : since, open)
  }

  remove(id: string, now: number): void {
    this.#registered.delete(id)
    if (this.sites(id).at(-1) !== null) this.#removedAt.set(id, now)
    this.#set(id, null, now, open)
  }

  place({ id, site, from, until }: Change, now: number): void {
    const end = this.#registered.has(id) ? open : (this.#removedAt.get(id) ?? now)
    this.#set(id, site, from ?? ever, until ?? end)
  }

  #set(id: string, site: string | null, from: number, until: number): void {
    const before = this.sites(id)
    const after = moments.map((at, i) => (at >= from && at < until ? site : (before[i] ?? null)))
    // Nowhere ever since is as good as unknown.
    if (after.every((one) => one === null)) this.#sites.delete(id)
    else this.#sites.set(id, after)
  }
}

interface Change {
  id: string
  site: string | null
  from: number | null
  until: number | null
}
