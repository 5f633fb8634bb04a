/** Making, reading, replacing, changing and removing what is registered. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CityApi, openCityApi, tokens } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi({ settings: { BELLWETHER_WEBHOOK_ALLOW: '127.0.0.1' } })
})
afterAll(() => city.close())

const rule = { property: 'water_level', levels: { yellow: 9 } }

describe('sites', () => {
  test('a site is made, read, replaced, changed and removed', async () => {
    const made = await city.call('POST', '/sites', { body: { id: 'g-17', kind: 'river-gauge' } })
    expect(made.status).toBe(201)
    expect(made.headers.location).toBe('/api/v1/sites/g-17')
    expect(made.body).toEqual({
      id: 'g-17',
      name: {},
      kind: 'river-gauge',
      location: null,
      district: null,
      basin: null,
      attributes: {},
    })
    expect((await city.call('GET', '/sites/g-17')).body).toEqual(made.body)

    const put = { id: 'g-17', name: { zh: '水位站一号' }, attributes: { warningLevel: 9.3 } }
    const replaced = await city.call('PUT', '/sites/g-17', { body: put })
    expect(replaced.status).toBe(200)
    expect(replaced.body).toMatchObject({ ...put, kind: 'other' })

    const changed = await city.call('PATCH', '/sites/g-17', { body: { location: [118.78, 32.05] } })
    expect(changed.body).toMatchObject({ ...put, location: [118.78, 32.05] })
    expect(
      (await city.call('PATCH', '/sites/g-17', { body: { location: null } })).body,
    ).toMatchObject({ ...put, location: null })

    expect((await city.call('DELETE', '/sites/g-17')).status).toBe(204)
    expect((await city.call('GET', '/sites/g-17')).status).toBe(404)
    expect((await city.call('DELETE', '/sites/g-17')).status).toBe(404)
  })

  test('what exists is not made again, what does not exist is made by PUT', async () => {
    expect((await city.call('PUT', '/sites/once', { body: {} })).status).toBe(201)
    const again = await city.call('POST', '/sites', { body: { id: 'once' } })
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict', field: 'id' } })
    expect((await city.call('PUT', '/sites/once', { body: {} })).status).toBe(200)
    expect((await city.call('PATCH', '/sites/never', { body: {} })).status).toBe(404)
  })

  test('the id in the body must be the one in the path', async () => {
    const answer = await city.call('PUT', '/sites/one', { body: { id: 'two' } })
    expect(answer).toMatchObject({ status: 400, body: { field: 'id' } })
    expect(answer.body.detail).toContain('"two"')
  })

  test.each([
    [{ id: 's', kind: 'volcano' }, 'kind'],
    [{ id: 's', location: [190, 0] }, 'location.0'],
    [{ id: 's', location: [1] }, 'location'],
    [{ id: 's', colour: 'red' }, 'colour'],
    [{ id: 's', name: { fr: 'x' } }, 'name.fr'],
    [{ id: 'a b' }, 'id'],
    [{ id: 5 }, 'id'],
    [{}, 'id'],
    [[], 'body'],
    ['"text"', 'body'],
  ])('%j is refused and %s is named', async (body, field) => {
    const answer = await city.call('POST', '/sites', { body })
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request', field } })
    expect(answer.body.detail).toContain(field)
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })

  test('a site with devices is not removed', async () => {
    await city.call('POST', '/sites', { body: { id: 'in-use' } })
    await city.call('POST', '/devices', { body: { id: 'user', site: 'in-use' } })
    const answer = await city.call('DELETE', '/sites/in-use')
    expect(answer).toMatchObject({ status: 409 })
    expect(answer.body.detail).toContain('user')
  })

  test('lists are filtered by kind, district, basin and box', async () => {
    const at = (id: string, more: object) => city.call('PUT', `/sites/${id}`, { body: more })
    await at('f-1', { kind: 'street', district: '320106', basin: 'q', location: [118.7, 32] })
    await at('f-2', { kind: 'coast', district: '鼓楼区', basin: 'q', location: [120, 33] })
    const ids = async (query: string) =>
      (await city.call('GET', `/sites?${query}`)).body.items.map((site: { id: string }) => site.id)
    expect(await ids('kind=street,coast&basin=q')).toEqual(['f-1', 'f-2'])
    expect(await ids('kind=street&kind=coast&basin=q')).toEqual(['f-1', 'f-2'])
    expect(await ids('kind=coast&basin=q')).toEqual(['f-2'])
    expect(await ids(`district=${encodeURIComponent('鼓楼区')}&basin=q`)).toEqual(['f-2'])
    expect(await ids('basin=q&bbox=118,31,119,32.5')).toEqual(['f-1'])
    expect(await ids('basin=q&bbox=119,31,-170,40')).toEqual(['f-2'])
  })
})

describe('devices', () => {
  test('a device shows what is known of it from its messages', async () => {
    await city.call('POST', '/devices', { body: { id: 'seen', profile: 'hj212' } })
    expect((await city.call('GET', '/devices/seen')).body).toEqual({
      id: 'seen',
      site: null,
      profile: 'hj212',
      gateway: null,
      enabled: true,
      expectedInterval: null,
      lastSeenAt: null,
      connected: false,
      attributes: {},
    })
    const at = Date.parse('2026-11-21T08:00:00Z')
    await city.parts.ledger.updateStatus([
      { device: 'seen', lastSeenAt: at, connected: true, attributes: { battery: 81 } },
    ])
    const known = {
      lastSeenAt: '2026-11-21T08:00:00.000Z',
      connected: true,
      attributes: { battery: 81 },
    }
    expect((await city.call('GET', '/devices/seen')).body).toMatchObject(known)
    const listed = (await city.call('GET', '/devices?enabled=true')).body.items
    expect(listed.find(({ id }: { id: string }) => id === 'seen')).toMatchObject(known)
  })

  test('a device that refers to nothing is understood but impossible', async () => {
    for (const [field, body, told] of [
      ['site', { id: 'lost', site: 'nowhere' }, 'no site "nowhere"; make it first'],
      ['gateway', { id: 'lost', gateway: 'nobody' }, 'no device "nobody"; make it first'],
      ['gateway', { id: 'lost', gateway: 'lost' }, 'its own gateway'],
    ] as const) {
      const answer = await city.call('POST', '/devices', { body })
      expect(answer).toMatchObject({ status: 422, body: { code: 'impossible', field } })
      expect(answer.body.detail).toContain(told)
    }
    expect((await city.call('GET', '/devices/lost')).status).toBe(404)
  })

  test('a new token replaces the old one and the registry is rung', async () => {
    await city.call('POST', '/devices', { body: { id: 'talker' } })
    city.rung.length = 0
    const first = await city.call('POST', '/devices/talker/token')
    expect(first.status).toBe(201)
    expect(first.body.token).toMatch(/^bwd_[\w-]{43}$/)
    expect(city.rung).toContain('registry')
    const second = await city.call('POST', '/devices/talker/token')
    expect(second.body.token).not.toBe(first.body.token)
    const { hashSecret } = await import('../../runtime/secret.ts')
    const { view } = city.parts
    expect(view.deviceByTokenHash(hashSecret(first.body.token))).toBeUndefined()
    expect(view.deviceByTokenHash(hashSecret(second.body.token))?.id).toBe('talker')
    expect((await city.call('POST', '/devices/nobody/token')).status).toBe(404)
    // Replacing the device keeps the token.
    await city.call('PUT', '/devices/talker', { body: { enabled: false } })
    expect(view.deviceByTokenHash(hashSecret(second.body.token))?.id).toBe('talker')
  })
})

describe('rules', () => {
  test('an id is made for a rule without one', async () => {
    const made = await city.call('POST', '/rules', { body: rule })
    expect(made.status).toBe(201)
    expect(made.body.id).toMatch(/^[0-9a-f]{16}$/)
    expect(made.headers.location).toBe(`/api/v1/rules/${made.body.id}`)
  })

  test('the property must be in the catalogue', async () => {
    const body = { ...rule, property: 'mood' }
    const answer = await city.call('POST', '/rules', { body })
    expect(answer).toMatchObject({ status: 422, body: { field: 'property' } })
  })

  test('a change of part of a rule is judged as a whole', async () => {
    await city.call('PUT', '/rules/stage', { body: { ...rule, raiseAfter: '2m' } })
    const changed = await city.call('PATCH', '/rules/stage', { body: { clearMargin: 0.1 } })
    expect(changed.body).toMatchObject({ ...rule, raiseAfter: '2m', clearMargin: 0.1 })
    const bad = await city.call('PATCH', '/rules/stage', { body: { levels: { blue: 9, red: 8 } } })
    expect(bad).toMatchObject({ status: 400, body: { field: 'levels' } })
    expect((await city.call('GET', '/rules/stage')).body.levels).toEqual({ yellow: 9 })
  })

  test.each([
    [{ levels: { yellow: 'high' } }, 'levels.yellow'],
    [{ levels: { yellow: { attribute: 'warningLevel', minus: 1 } } }, 'levels.yellow.minus'],
    [{ levels: {} }, 'levels'],
    [{ raiseAfter: '2 minutes' }, 'raiseAfter'],
    [{ signal: { type: 'guess' } }, 'signal.type'],
    [{ where: { kind: ['moon'] } }, 'where.kind.0'],
  ])('%j is refused and %s is named', async (change, field) => {
    const answer = await city.call('POST', '/rules', { body: { ...rule, ...change } })
    expect(answer).toMatchObject({ status: 400, body: { field } })
  })
})

test('changes of one thing at the same time are all kept', async () => {
  await city.call('PUT', '/sites/contested', { body: {} })
  const changes = [
    { kind: 'coast' },
    { district: '320106' },
    { basin: 'qinhuai' },
    { location: [118, 32] },
    { name: { en: 'Contested' } },
    { attributes: { datum: '吴淞' } },
  ]
  const answers = await Promise.all(
    changes.map((body) => city.call('PATCH', '/sites/contested', { body })),
  )
  expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 200))
  const all = Object.assign({ id: 'contested' }, ...changes)
  expect((await city.call('GET', '/sites/contested')).body).toEqual(all)
})

describe('webhooks', () => {
  test('the secret is answered once and never again', async () => {
    const body = { id: 'duty', url: 'https://duty.example.com/hook', levels: ['red'] }
    const made = await city.call('POST', '/webhooks', { body })
    expect(made.status).toBe(201)
    expect(made.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const { secret } = made.body
    for (const answer of [
      await city.call('GET', '/webhooks/duty'),
      await city.call('GET', '/webhooks'),
      await city.call('PUT', '/webhooks/duty', { body }),
      await city.call('PATCH', '/webhooks/duty', { body: { enabled: false } }),
    ]) {
      expect(answer.status).toBe(200)
      expect(answer.text).not.toContain('secret')
    }
    expect(city.parts.view.get('webhook', 'duty')?.secret).toBe(secret)
  })

  test('a key in the URL is shown to nobody, and stays when the masked URL is sent back', async () => {
    const url = 'https://robot.example.org:8443/send/9f8e7d6c5b4a?access_token=abcdef123456'
    const masked = 'https://robot.example.org:8443/***'
    const made = await city.call('POST', '/webhooks', { body: { id: 'robot', url } })
    expect(made).toMatchObject({ status: 201, body: { url: masked, catchUp: false } })
    const { secret: _, ...shown } = made.body
    const body = { ...shown, levels: ['red'] }
    for (const answer of [
      await city.call('GET', '/webhooks/robot', { as: 'viewer' }),
      await city.call('GET', '/webhooks', { as: 'viewer' }),
      await city.call('PUT', '/webhooks/robot', { body }),
      await city.call('PATCH', '/webhooks/robot', { body: { catchUp: true } }),
      await city.call('POST', '/webhooks/robot/test'),
      await city.call('GET', '/deliveries?webhook=robot', { as: 'viewer' }),
      await city.call('GET', '/audit?limit=1000'),
    ]) {
      expect(answer.status).toBeLessThan(300)
      expect(answer.text).not.toMatch(/9f8e7d6c5b4a|abcdef123456/)
    }
    expect(city.parts.view.get('webhook', 'robot')).toMatchObject({ url, levels: ['red'] })
    expect(JSON.stringify(city.logged)).not.toMatch(/9f8e7d6c5b4a|abcdef123456/)

    const other = { url: 'https://other.example.org/***' }
    const refused = await city.call('PATCH', '/webhooks/robot', { body: other })
    expect(refused).toMatchObject({ status: 422, body: { field: 'url' } })
    const moved = { url: 'https://other.example.org/k/123456789' }
    expect((await city.call('PATCH', '/webhooks/robot', { body: moved })).body.url).toBe(other.url)
  })

  test.each([
    'http://10.0.0.1/x',
    'http://[::1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://2130706434/',
    'http://localhost/hook',
  ])('%s is not a place to send to', async (url) => {
    const answer = await city.call('POST', '/webhooks', { body: { url } })
    expect(answer).toMatchObject({ status: 422, body: { field: 'url' } })
    expect(answer.body.detail).toContain('not a public')
    expect(answer.body.detail).toContain('BELLWETHER_WEBHOOK_ALLOW')
  })

  test('what the settings allow is allowed', async () => {
    const body = { url: 'http://127.0.0.1:9000/hook' }
    expect((await city.call('POST', '/webhooks', { body })).status).toBe(201)
  })

  test('a test message becomes a delivery of its own', async () => {
    await city.call('PUT', '/webhooks/tried', { body: { url: 'https://duty.example.com/' } })
    city.rung.length = 0
    const answer = await city.call('POST', '/webhooks/tried/test')
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({ webhook: 'tried', type: 'webhook.test', state: 'pending' })
    expect(city.rung).toContain('alerts')
    const listed = await city.call('GET', '/deliveries?webhook=tried')
    expect(listed.body.items).toEqual([answer.body])
    const again = await city.call('POST', `/deliveries/${answer.body.id}/retry`, { as: 'operator' })
    expect(again).toMatchObject({ status: 202, body: { id: answer.body.id, state: 'pending' } })
    expect((await city.call('POST', '/deliveries/none/retry')).status).toBe(404)
    expect((await city.call('POST', '/webhooks/none/test')).status).toBe(404)
  })
})

describe('quality plans', () => {
  const plan = {
    id: 'tide',
    property: 'water_level',
    where: { kind: ['coast'] },
    tests: { flat_line: null, rate_of_change: { suspect: 0.2, per: '10m' } },
  }

  test('a plan is made, found by its property, changed and removed', async () => {
    const made = await city.call('POST', '/quality-plans', { body: plan })
    expect(made).toMatchObject({ status: 201, body: { ...plan, name: {}, enabled: true } })
    expect(made.body.where).toEqual({ kind: ['coast'], district: [], site: [], device: [] })
    expect(city.rung).toContain('registry')
    const ids = async (query: string) =>
      (await city.call('GET', `/quality-plans?${query}`)).body.items.map(
        (item: { id: string }) => item.id,
      )
    expect(await ids('property=water_level&enabled=true')).toEqual(['tide'])
    expect(await ids('property=pm25')).toEqual([])
    const off = await city.call('PATCH', '/quality-plans/tide', { body: { enabled: false } })
    expect(off.body).toEqual({ ...made.body, enabled: false })
    expect(await ids('enabled=true')).toEqual([])
    expect((await city.call('DELETE', '/quality-plans/tide')).status).toBe(204)
  })

  test('the property must be in the catalogue', async () => {
    const answer = await city.call('POST', '/quality-plans', {
      body: { ...plan, property: 'mood' },
    })
    expect(answer).toMatchObject({ status: 422, body: { field: 'property' } })
    expect(answer.body.detail).toContain('"mood"')
  })

  test.each([
    [{ gross_range: { suspect: [9, 1] } }, 'tests.gross_range.suspect'],
    [{ gross_range: {} }, 'tests.gross_range'],
    [{ gross_range: { suspect: [0, 9], fail: [1, 10] } }, 'tests.gross_range.fail'],
    [{ spike: { suspect: 0 } }, 'tests.spike.suspect'],
    [{ spike: { suspect: 2, fail: 1 } }, 'tests.spike.fail'],
    [{ rate_of_change: { suspect: 2, per: '0s' } }, 'tests.rate_of_change.per'],
    [{ rate_of_change: { per: '1m' } }, 'tests.rate_of_change'],
    [{ flat_line: { suspect: '2h', fail: '1h', tolerance: 0 } }, 'tests.flat_line.fail'],
    [{ flat_line: { suspect: '2h' } }, 'tests.flat_line.tolerance'],
    [{ attenuated_signal: { over: '1d', suspect: 1, fail: 2 } }, 'tests.attenuated_signal.fail'],
    [{ climatology: [{ months: [13], suspect: [0, 1] }] }, 'tests.climatology.0.months.0'],
    [{ time_gap: { suspect: 'long' } }, 'tests.time_gap.suspect'],
    [{ neighbour: { withinKm: 5, age: '1h', suspect: 1, sites: 1 } }, 'tests.neighbour.sites'],
    [{ moon_phase: null }, 'tests.moon_phase'],
  ])('%j is refused and %s is named', async (tests, field) => {
    const answer = await city.call('POST', '/quality-plans', { body: { ...plan, tests } })
    expect(answer).toMatchObject({ status: 400, body: { field } })
    expect(answer.body.detail).toContain(field)
  })
})

describe('silences', () => {
  const silence = {
    site: ['quiet-1'],
    from: '2026-11-21T00:00:00.000Z',
    to: '2098-11-22T00:00:00.000Z',
    reason: 'pump test',
  }
  beforeAll(async () => {
    const site = { id: 'quiet-1', district: '320114' }
    expect((await city.call('POST', '/sites', { body: site })).status).toBe(201)
    const body = { ...rule, id: 'quiet-rule' }
    expect((await city.call('POST', '/rules', { body })).status).toBe(201)
  })

  test('the author is whoever made it', async () => {
    const made = await city.call('POST', '/silences', { as: 'operator', body: silence })
    expect(made).toMatchObject({ status: 201, body: { author: 'operator-1', ...silence } })
    const forged = { ...silence, author: 'somebody' }
    expect(await city.call('POST', '/silences', { as: 'operator', body: forged })).toMatchObject({
      status: 422,
      body: { field: 'author' },
    })
    const same = await city.call('PUT', `/silences/${made.body.id}`, { body: made.body })
    expect(same).toMatchObject({ status: 200, body: { author: 'operator-1' } })
  })

  test('active ones can be asked for', async () => {
    const past = { ...silence, from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' }
    for (const id of ['past', 'now']) {
      await city.call('PUT', `/silences/${id}`, { body: { ...past, to: '2099-01-01T00:00:00Z' } })
    }
    // One that is on is ended by an end in the past.
    const ended = await city.call('PATCH', '/silences/past', { body: { to: past.to } })
    expect(ended.status).toBe(200)
    const ids = async (query: string) =>
      (await city.call('GET', `/silences?${query}`)).body.items.map((s: { id: string }) => s.id)
    expect(await ids('active=true')).toContain('now')
    expect(await ids('active=true')).not.toContain('past')
    expect(await ids('active=false')).toContain('past')
  })

  test('it must end after it begins and must name something', async () => {
    const turned = { ...silence, to: '2020-01-01T00:00:00Z' }
    const answer = await city.call('POST', '/silences', { body: turned })
    expect(answer).toMatchObject({ status: 400, body: { field: 'to' } })
    const all = await city.call('POST', '/silences', { body: { ...silence, site: [] } })
    expect(all).toMatchObject({ status: 400, body: { field: 'site' } })
  })

  test('one that is over before it is made is refused', async () => {
    const over = { ...silence, to: '2026-11-21T06:00:00Z' }
    const answer = await city.call('POST', '/silences', { body: over })
    expect(answer).toMatchObject({ status: 422, body: { field: 'to' } })
    expect(answer.body.detail).toMatch(/lies in the past: it is 20\d\d-/)
    const later = { ...silence, from: '2098-01-01T00:00:00Z', to: '2098-01-02T00:00:00Z' }
    const made = await city.call('POST', '/silences', { body: later })
    const path = `/silences/${made.body.id}`
    const back = { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' }
    expect((await city.call('PATCH', path, { body: back })).status).toBe(422)
  })

  test.each([
    [{ site: ['quiet-1', 'quite-2'] }, 'site', '"quite-2" is not registered; make it first'],
    [{ rule: ['quiet-role'] }, 'rule', '"quiet-role" is not there; make it first'],
    [{ property: ['water-level'] }, 'property', '"water-level"'],
    [{ district: ['320115'] }, 'district', '"320115"'],
  ])('one of what is not there, %j, is refused and %s is named', async (names, field, name) => {
    const answer = await city.call('POST', '/silences', { body: { ...silence, ...names } })
    expect(answer).toMatchObject({ status: 422, body: { field } })
    expect(answer.body.detail).toContain(name)
  })

  test('one of what is there is taken, indices included, and may outlive what it names', async () => {
    const names = {
      ...{ site: ['quiet-1'], rule: ['quiet-rule'], district: ['320114'] },
      property: ['water_level', 'cn-aqi-hourly'],
    }
    const made = await city.call('POST', '/silences', { body: { ...silence, ...names } })
    expect(made).toMatchObject({ status: 201, body: names })
    expect((await city.call('DELETE', '/rules/quiet-rule')).status).toBe(204)
    const path = `/silences/${made.body.id}`
    expect((await city.call('PATCH', path, { body: { reason: 'again' } })).status).toBe(200)
  })
})

describe('tokens', () => {
  test('a token works until it is removed', async () => {
    const made = await city.call('POST', '/tokens', { body: { role: 'viewer' } })
    expect(made.status).toBe(201)
    const headers = { authorization: `Bearer ${made.body.token}` }
    const use = () => city.call('GET', '/sites', { as: null, headers })
    expect((await use()).status).toBe(200)
    expect((await city.call('GET', '/tokens')).text).not.toContain(made.body.token)
    await city.call('DELETE', `/tokens/${made.body.id}`)
    expect((await use()).status).toBe(401)
  })

  test('a changed role holds at once, and the token stays the same', async () => {
    const made = await city.call('POST', '/tokens', { body: { id: 'grown', role: 'viewer' } })
    const headers = { authorization: `Bearer ${made.body.token}` }
    const use = () => city.call('GET', '/tokens', { as: null, headers })
    expect((await use()).status).toBe(403)
    const put = await city.call('PUT', '/tokens/grown', { body: { role: 'admin' } })
    expect(put.body).toEqual({ id: 'grown', role: 'admin', description: '' })
    expect((await use()).status).toBe(200)
  })

  test('the token of the settings is an admin and cannot be impersonated', async () => {
    expect((await city.call('GET', '/tokens', { as: 'settings' })).status).toBe(200)
    const answer = await city.call('POST', '/tokens', { body: { id: 'settings', role: 'viewer' } })
    expect(answer).toMatchObject({ status: 422, body: { field: 'id' } })
  })

  test('no token, hash or secret is in any list', async () => {
    for (const path of ['/tokens', '/devices', '/webhooks', '/audit?limit=1000']) {
      const { text } = await city.call('GET', path)
      expect(text).not.toMatch(/hash|whsec_|bw[dt]_/)
      for (const token of Object.values(tokens)) expect(text).not.toContain(token)
    }
  })
})

describe('properties', () => {
  test('the catalogue is answered with units and ranges', async () => {
    const { body } = await city.call('GET', '/properties')
    const pm25 = body.items.find(({ code }: { code: string }) => code === 'pm25')
    expect(pm25).toMatchObject({ unit: 'ug/m3', domain: 'air', accumulation: 'mean' })
    expect(body.next).toBeNull()
    const water = await city.call('GET', '/properties?domain=water&limit=2')
    expect(water.body.items).toHaveLength(2)
    const next = await city.call(
      'GET',
      `/properties?domain=water&limit=2&cursor=${water.body.next}`,
    )
    expect(next.body.items[0].code).not.toBe(water.body.items[1].code)
  })
})

describe('profiles of an earlier version', () => {
  test('are shown and stay, whatever they say, until somebody edits them', async () => {
    const { registry, view } = city.parts
    const device = { id: 'old-1', site: null, gateway: null, enabled: true, expectedInterval: null }
    const profile = 'acme-label' as unknown as 'native'
    await registry.insert('device', { ...device, profile })
    await view.refresh()
    expect((await city.call('GET', '/devices/old-1')).body.profile).toBe('acme-label')
    const changed = await city.call('PATCH', '/devices/old-1', { body: { enabled: false } })
    expect(changed).toMatchObject({ status: 200, body: { enabled: false, profile: 'acme-label' } })
    const bad = await city.call('PATCH', '/devices/old-1', { body: { profile: 'acme-2' } })
    expect(bad).toMatchObject({ status: 400, body: { field: 'profile' } })
    const mended = await city.call('PATCH', '/devices/old-1', { body: { profile: 'hj212' } })
    expect(mended).toMatchObject({ status: 200, body: { profile: 'hj212' } })
  })
})
