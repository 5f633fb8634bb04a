/** Importing sites and devices from CSV and NDJSON, good and bad. */

import type { AddressInfo } from 'node:net'
import { Agent, request } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashSecret } from '../../runtime/secret.ts'
import { type CityApi, openCityApi, tokens } from './city-api.ts'

let city: CityApi
beforeEach(async () => {
  city = await openCityApi()
})
afterEach(() => city.close())

const send =
  (type: string) =>
  (body: string | Buffer, query = '') =>
    city.call('POST', `/devices/import${query}`, { body, headers: { 'content-type': type } })
const csv = (lines: string | Buffer, query = '') => send('text/csv')(lines, query)
const ndjson = (lines: unknown[], query = '') =>
  send('application/x-ndjson')(lines.map((line) => JSON.stringify(line)).join('\n'), query)

const counts = (created: number, changed = 0, unchanged = 0) => ({ created, changed, unchanged })

const full = `site,site_name_en,site_name_zh,kind,lon,lat,district,basin,attribute.warningLevel,attribute.datum,device,profile,gateway,expected_interval,enabled
g-17,Gauge 17,水位站一号,river-gauge,118.78,32.05,320106,qinhuai,9.3,1985,gw-1,,,,
g-17,,,,,,,,,,g-17-1,hj212,gw-1,5m,true
g-18,"Gauge ""18"", west",,river-gauge,,,,,,吴淞,,,,,
,,,,,,,,,,alone,,,,0
`

describe('CSV', () => {
  test('sites and devices with everything that can be said of them', async () => {
    const answer = await csv(full)
    expect(answer.body).toEqual({ accepted: 4, rejected: 0, ...counts(5), errors: [] })
    const { view } = city.parts
    expect(view.site('g-17')).toEqual({
      id: 'g-17',
      name: { en: 'Gauge 17', zh: '水位站一号' },
      kind: 'river-gauge',
      location: [118.78, 32.05],
      district: '320106',
      basin: 'qinhuai',
      attributes: { warningLevel: 9.3, datum: 1985 },
    })
    expect(view.site('g-18')).toMatchObject({
      name: { en: 'Gauge "18", west' },
      attributes: { datum: '吴淞' },
    })
    expect(view.device('g-17-1')).toMatchObject({
      site: 'g-17',
      profile: 'hj212',
      gateway: 'gw-1',
      expectedInterval: '5m',
      enabled: true,
    })
    expect(view.device('alone')).toMatchObject({ site: null, enabled: false })
    expect(city.rung).toContain('registry')
  })

  test('may be sent again, and what is there keeps its token', async () => {
    const first = await csv(full, '?tokens=true')
    expect(Object.keys(first.body.tokens).sort()).toEqual(['alone', 'g-17-1', 'gw-1'])
    const again = await csv(full.replace('5m', '1h'), '?tokens=true')
    expect(again.body).toEqual({
      ...{ accepted: 4, rejected: 0, ...counts(0, 1, 4), errors: [], tokens: {} },
    })
    const { view } = city.parts
    const known = view.deviceByTokenHash(hashSecret(first.body.tokens['g-17-1']))
    expect(known).toMatchObject({ id: 'g-17-1', expectedInterval: '1h' })
    expect((await csv(full)).body.tokens).toBeUndefined()
  })

  test('rows may come in any order, with CRLF, a byte order mark and empty lines', async () => {
    const body = '\uFEFFdevice,site,gateway,kind\r\n\r\nb,s,a,\r\na,s,,street\r\n'
    expect((await csv(body)).body).toMatchObject({ accepted: 2, rejected: 0 })
    expect(city.parts.view.device('b')).toMatchObject({ gateway: 'a', site: 's' })
  })

  test('each bad row is told by line and reason; the good ones are kept', async () => {
    const body = [
      'device,site,kind,lon,lat,gateway,expected_interval,enabled',
      'ok-1,s-1,street,118,32,,,',
      'bad id,,,,,,,',
      'no-site,nowhere,,,,,,',
      'ok-2,s-1,,,,,90s,',
      'b-kind,s-2,volcano,,,,,',
      'b-lon,s-3,street,north,32,,,',
      'b-half,s-4,street,118,,,,',
      'b-gateway,,,,,nobody,,',
      'b-chain,,,,,b-gateway,,',
      'b-interval,,,,,,often,',
      'b-enabled,,,,,,,maybe',
      'too,few',
      'ok-1,s-1,,,,,,',
      ',,,,,,,',
      'other,s-1,coast,118,32,,,',
      'self,,,,,self,,',
      'ok-3,,,,,ok-1,,',
      'chained,,,,,ok-3,,',
      ',,street,,,,,',
    ].join('\n')
    const answer = await csv(body)
    expect(answer.status).toBe(200)
    expect(answer.body.accepted).toBe(3)
    expect(answer.body.rejected).toBe(15)
    const reasons = Object.fromEntries(
      answer.body.errors.map((e: { line: number; reason: string }) => [e.line, e.reason]),
    )
    expect(reasons[3]).toContain('id: ')
    expect(reasons[4]).toContain('site: there is no "nowhere"; make it first')
    expect(reasons[6]).toContain('kind: ')
    expect(reasons[7]).toContain('location.0: ')
    expect(reasons[8]).toContain('location.1: is required')
    expect(reasons[9]).toContain('gateway: there is no device "nobody"; make it first')
    expect(reasons[10]).toContain('gateway: "b-gateway"')
    expect(reasons[11]).toContain('expectedInterval: ')
    expect(reasons[12]).toContain('enabled: ')
    expect(reasons[13]).toContain('2 cells, the header has 8')
    expect(reasons[14]).toContain('is on line 2 already')
    // Only separators are no row.
    expect(reasons[15]).toBeUndefined()
    expect(reasons[16]).toContain('described otherwise on line 2')
    expect(reasons[17]).toContain('behind itself')
    expect(reasons[19]).toContain('do not chain')
    expect(reasons[20]).toContain('neither')
    expect(city.parts.view.all('device').map(({ id }) => id)).toEqual(['ok-1', 'ok-2', 'ok-3'])
  })

  test('a quote that never ends, or in the wrong place, costs its row and not the others', async () => {
    const { body } = await csv(
      'site,site_name_en\nok-1,\nbad,"x"y\nok-2,"a ""b"", c"\nopen,"never ends\nok-3,\n',
    )
    expect(body.accepted).toBe(3)
    expect(body.errors.map((e: { line: number }) => e.line)).toEqual([3, 5])
    const { view } = city.parts
    expect(view.all('site').map(({ id }) => id)).toEqual(['ok-1', 'ok-2', 'ok-3'])
    expect(view.site('ok-2')?.name).toEqual({ en: 'a "b", c' })
  })

  test('a profile that means nothing is refused with its line, and what there is', async () => {
    const { body } = await csv('device,profile\np-1,hj212\np-2,acme\n')
    expect(body).toMatchObject({ accepted: 1, rejected: 1 })
    expect(body.errors[0]).toMatchObject({ line: 3 })
    expect(body.errors[0].reason).toContain('"acme" names no profile; there are "native", "hj212"')
  })

  test.each([
    ['', 'header row'],
    ['\n\n', 'header row'],
    ['device,colour\na,red\n', '"colour"'],
    ['device,device\na,b\n', 'twice'],
    ['kind,lon\nstreet,1\n', 'site or device'],
    ['device;colour\na;red\n', '"colour"'],
    ['device\tsite\tdevice\na\tb\tc\n', '"device" twice'],
  ])('the header of %j is refused as a whole', async (body, why) => {
    const answer = await csv(body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code: 'bad_request', detail: expect.stringContaining(why) })
    expect(answer.headers['content-type']).toContain('problem+json')
    const [entry] = await city.parts.registry.auditTrail(1)
    expect(entry).toMatchObject({ action: 'device.import', result: 'refused' })
  })

  test.each([
    ['; between cells', Buffer.from('device;site\nd-5;\n')],
    ['tabs between cells', Buffer.from('device\tsite\nd-5\t\n')],
    ['a first line that names the separator', Buffer.from('sep=;\r\ndevice;site\r\nd-5;\r\n')],
    ['capitals in the header', Buffer.from('Device,SITE\nd-5,\n')],
    ['UTF-16 with a mark', Buffer.from('\uFEFFdevice,site\nd-5,\n', 'utf16le')],
    ['UTF-16 without one', Buffer.from('device,site\nd-5,\n', 'utf16le')],
    ['UTF-16 of the other order', Buffer.from('\uFEFFdevice,site\nd-5,\n', 'utf16le').swap16()],
  ])('with %s is read', async (_name, body) => {
    expect((await csv(body)).body).toMatchObject({ accepted: 1, errors: [] })
    expect(city.parts.view.device('d-5')).toBeDefined()
  })

  test('in GB 18030, as spreadsheets in Chinese save it, is read', async () => {
    const head = Buffer.from('site,site_name_zh\ns-9,')
    await csv(Buffer.concat([head, Buffer.from([0xc4, 0xfe, 0xb2, 0xa8])]))
    expect(city.parts.view.site('s-9')?.name).toEqual({ zh: '宁波' })
  })

  test('in nothing that is known is refused with advice', async () => {
    const bytes = Buffer.concat([Buffer.from('device\n'), Buffer.from([0xff, 0xff, 0x80])])
    const answer = await csv(bytes)
    expect(answer).toMatchObject({ status: 400, body: { field: 'body' } })
    expect(answer.body.detail).toContain('save the file as CSV in UTF-8')
  })
})

describe('what a file does not mention', () => {
  const gauge = {
    ...{ id: 'weir', kind: 'river-gauge', name: { en: 'Weir', zh: '堰' }, location: [120.1, 30.2] },
    ...{
      district: '330106',
      attributes: { warningLevel: 4.4, guaranteeLevel: 5.1, datum: '吴淞' },
    },
  }
  beforeEach(async () => {
    expect((await city.call('POST', '/sites', { body: gauge })).status).toBe(201)
    const device = { id: 'weir-1', site: 'weir', expectedInterval: '10m' }
    expect((await city.call('POST', '/devices', { body: device })).status).toBe(201)
  })
  const weir = () => city.parts.view.site('weir')

  test('stays as it is, in CSV', async () => {
    const body = 'site,site_name_en,attribute.warningLevel\nweir,New weir,4.6\n'
    expect((await csv(body)).body).toMatchObject(counts(0, 1))
    expect(weir()).toEqual({
      ...gauge,
      name: { en: 'New weir', zh: '堰' },
      basin: null,
      attributes: { ...gauge.attributes, warningLevel: 4.6 },
    })
    expect((await csv('device,enabled\nweir-1,false\n')).body).toMatchObject(counts(0, 1))
    expect(city.parts.view.device('weir-1')).toMatchObject({
      ...{ site: 'weir', expectedInterval: '10m', enabled: false },
    })
  })

  test('stays as it is, in NDJSON', async () => {
    await ndjson([{ site: { id: 'weir', attributes: { datum: '黄海' } } }])
    expect(weir()?.attributes).toEqual({ ...gauge.attributes, datum: '黄海' })
    await ndjson([{ device: { id: 'weir-1', profile: 'hj212' } }])
    expect(city.parts.view.device('weir-1')).toMatchObject({ expectedInterval: '10m' })
  })

  test('stays also where an earlier version took what is refused now', async () => {
    const { registry, view } = city.parts
    const profile = 'maker-label' as unknown as 'native'
    const old = { site: 'weir', gateway: null, enabled: true, expectedInterval: null, profile }
    for (const id of ['old-1', 'old-2']) await registry.insert('device', { ...old, id })
    await view.refresh()
    const rows = 'device,expected_interval,profile\nold-1,20m,\nold-2,,other-label\n'
    const { body } = await csv(rows)
    expect(body).toMatchObject({ accepted: 1, rejected: 1, ...counts(0, 1) })
    expect(body.errors).toMatchObject([{ line: 3 }])
    expect(body.errors[0].reason).toContain('"other-label" names no profile')
    expect(view.device('old-1')).toMatchObject({ expectedInterval: '20m', profile: 'maker-label' })
    expect(view.device('old-2')).toMatchObject({ profile: 'maker-label' })
    expect((await csv('device,profile\nold-1,\\N\nold-2,hj212\n')).body).toMatchObject(counts(0, 2))
    expect(view.device('old-1')).toMatchObject({ expectedInterval: '20m', profile: null })
    expect(view.device('old-2')).toMatchObject({ profile: 'hj212' })
  })

  test('of a site stays, in several rows too, where an earlier version took what is refused now', async () => {
    const { registry, view } = city.parts
    const district = 'd'.repeat(70)
    const old = { name: {}, kind: 'street', location: null, basin: null, attributes: {} } as const
    await registry.insert('site', { ...old, id: 'wide', district })
    await view.refresh()
    const { body } = await csv('site,kind,basin\nwide,coast,\nwide,,qiantang\n')
    expect(body).toMatchObject({ accepted: 2, rejected: 0, ...counts(0, 1) })
    expect(view.site('wide')).toMatchObject({ district, kind: 'coast', basin: 'qiantang' })
  })

  test('is cleared when the file says so', async () => {
    await csv('site,district,attribute.datum\nweir,\\N,\\N\n')
    expect(weir()).toMatchObject({ district: null, name: gauge.name })
    expect(weir()?.attributes).not.toHaveProperty('datum')
    await ndjson([{ site: { id: 'weir', location: null, attributes: { guaranteeLevel: null } } }])
    expect(weir()).toMatchObject({ location: null, attributes: { warningLevel: 4.4 } })
  })

  test('may be said by several rows that do not contradict each other', async () => {
    const rows = 'site,kind,basin\nweir,,qiantang\nweir,street,\nweir,coast,\n'
    const { body } = await csv(rows)
    expect(body).toMatchObject({ accepted: 2, errors: [{ line: 4 }] })
    expect(body.errors[0].reason).toContain('described otherwise on line 3 (kind)')
    expect(weir()).toMatchObject({ kind: 'street', basin: 'qiantang' })
  })

  test('a dry run says what would be made and changed, and changes nothing', async () => {
    const before = weir()
    const body = 'site,kind,attribute.warningLevel,device\nweir,,4.9,weir-2\nnew,street,,\n'
    const answer = await csv(body, '?dryRun=true')
    expect(answer.body).toMatchObject({ accepted: 2, ...counts(2, 1) })
    expect(answer.body.changes).toEqual([
      {
        ...{ line: 2, kind: 'site', id: 'weir', change: 'change' },
        fields: { 'attributes.warningLevel': { from: 4.4, to: 4.9 } },
      },
      expect.objectContaining({ line: 2, kind: 'device', id: 'weir-2', change: 'create' }),
      expect.objectContaining({ line: 3, kind: 'site', id: 'new', change: 'create' }),
    ])
    await city.parts.view.refresh()
    expect(weir()).toEqual(before)
    expect(city.parts.view.site('new')).toBeUndefined()
  })
})

describe('attributes that readings are compared with', () => {
  test.each([
    ['+4.75', 4.75],
    ['"""4.750"""', 4.75],
    ['4.75E+02', 475],
    ['-0.5', -0.5],
  ])('%s is a number', async (cell, value) => {
    await csv(`site,attribute.warningLevel\nq,${cell}\n`)
    expect(city.parts.view.site('q')?.attributes).toEqual({ warningLevel: value })
  })

  test('a comma before decimals is one where commas separate no cells', async () => {
    await csv('site;attribute.warningLevel;lon;lat\nq;4,75;120,5;30,25\n')
    expect(city.parts.view.site('q')).toMatchObject({
      ...{ attributes: { warningLevel: 4.75 }, location: [120.5, 30.25] },
    })
  })

  test.each(['4.75 m', '"4,75"', 'high', '4.7.5'])(
    '%s is refused with the reason',
    async (cell) => {
      const { body } = await csv(`site,attribute.guaranteeLevel\nq,${cell}\n`)
      expect(body).toMatchObject({ accepted: 0, rejected: 1 })
      expect(body.errors[0].reason).toMatch(/attributes\.guaranteeLevel: .*plain number such as/)
    },
  )

  test('those that a rule of the registry names are among them', async () => {
    const levels = { red: { attribute: 'crest' } }
    await city.call('POST', '/rules', { body: { id: 'r', property: 'water_level', levels } })
    const { body } = await csv('site,attribute.crest\nq,six\n')
    expect(body.errors[0].reason).toContain('attributes.crest')
    const answer = await city.call('POST', '/sites', {
      body: { id: 'q', attributes: { crest: '6.0' } },
    })
    expect(answer).toMatchObject({ status: 400, body: { field: 'attributes.crest' } })
  })

  test('codes stay text', async () => {
    await csv('site,attribute.usgs,attribute.number\nq,03568320,1350\n')
    expect(city.parts.view.site('q')?.attributes).toEqual({ usgs: '03568320', number: 1350 })
  })

  test.each(['Asia/Shanghia', '8', 'Beijing time'])('the time zone %s is refused', async (zone) => {
    const attributes = { timeZone: zone }
    const answer = await city.call('PUT', '/sites/q', { body: { attributes } })
    expect(answer).toMatchObject({ status: 400, body: { field: 'attributes.timeZone' } })
    expect(answer.body.detail).toContain('Asia/Shanghai')
    const { body } = await csv(`site,attribute.timeZone\nq,${zone}\n`)
    expect(body).toMatchObject({ accepted: 0, rejected: 1 })
  })
})

test('an id with a comma is refused when it is made, because no list could name it', async () => {
  const answer = await city.call('PUT', `/devices/${encodeURIComponent('x,y')}`, { body: {} })
  expect(answer).toMatchObject({ status: 400, body: { field: 'id' } })
  const { body } = await csv('device\n"x,y"\n')
  expect(body.errors[0].reason).toMatch(/^id: .*comma/)
})

test('after a large import whose header is refused the next request is answered', async () => {
  await city.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = city.app.server.address() as AddressInfo
  const agent = new Agent({ connections: 1 })
  const ask = (path: string, init = {}) =>
    request(`http://127.0.0.1:${port}/api/v1${path}`, {
      dispatcher: agent,
      headers: { authorization: `Bearer ${tokens.admin}`, 'content-type': 'text/csv' },
      ...init,
    })
  const body = `device,wrong\n${'d,x\n'.repeat(100_000)}`
  const refused = await ask('/devices/import', { method: 'POST', body })
  expect(refused.statusCode).toBe(400)
  expect(await refused.body.json()).toMatchObject({ field: 'header' })
  const next = await ask('/sites')
  expect(next.statusCode).toBe(200)
  await next.body.dump()
  await agent.close()
})

describe('NDJSON', () => {
  test('nested lines, flat lines and both in one', async () => {
    const { body } = await ndjson([
      { site: { id: 's-1', kind: 'coast', attributes: { warningLevel: 2 } } },
      { device: { id: 'd-1', site: 's-1', profile: { keys: { t: 'temperature' } } } },
      { site: { id: 's-2' }, device: { id: 'd-2', site: 's-2' } },
      {
        device: 'd-3',
        site: 's-3',
        kind: 'street',
        lon: 118.5,
        lat: 32,
        enabled: false,
        'attribute.depth': 3,
      },
    ])
    expect(body).toEqual({ accepted: 4, rejected: 0, ...counts(6), errors: [] })
    const { view } = city.parts
    expect(view.device('d-1')?.profile).toEqual({ keys: { t: 'temperature' } })
    expect(view.site('s-3')).toMatchObject({ location: [118.5, 32], attributes: { depth: 3 } })
    expect(view.device('d-3')?.enabled).toBe(false)
  })

  test('each bad line is told', async () => {
    const long = `{"device": "${'x'.repeat(200_000)}"}`
    const lines = [
      '{"device":{"id":"ok"}}',
      'nonsense',
      '[]',
      'null',
      '{"device":{"id":"a"},"x":1}',
      '{"devise":"a"}',
      '{"device":{}}',
      '{"device":null,"site":null}',
      '{"device":[1]}',
      long,
      '{}',
      '{"device":{"id":"ok-2"}}',
    ]
    const { body } = await send('application/x-ndjson; charset=utf-8')(lines.join('\r\n'))
    expect(body).toMatchObject({ accepted: 2, rejected: 10 })
    expect(body.errors.map((e: { line: number }) => e.line)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ])
    expect(body.errors[8].reason).toContain('longer than')
  })
})

test('50,000 rows go in, the count of bad ones is exact, their list is not endless', async () => {
  const rows = ['site,kind,device,gateway']
  for (let i = 0; i < 50_000; i++) {
    const gateway = i % 100 === 0 ? '' : `d-${i - (i % 100)}`
    rows.push(i % 10 === 9 ? `bad site,street,d-${i},` : `s-${i % 500},street,d-${i},${gateway}`)
  }
  const answer = await csv(rows.join('\n'), '?tokens=true')
  expect(answer.body).toMatchObject({ accepted: 45_000, rejected: 5_000 })
  expect(answer.body.errors).toHaveLength(1_000)
  expect(Object.keys(answer.body.tokens)).toHaveLength(45_000)
  const { view } = city.parts
  expect(view.all('device')).toHaveLength(45_000)
  expect(view.deviceByTokenHash(hashSecret(answer.body.tokens['d-1']))?.gateway).toBe('d-0')
  const listed = await city.call('GET', '/devices?limit=3')
  expect(listed.body.items).toHaveLength(3)
})

test('an import that is too large is refused while it arrives', async () => {
  await city.close()
  city = await openCityApi({ settings: { BELLWETHER_API_BODY_BYTES_MAX: '1024' } })
  const answer = await csv(`device\n${'a\n'.repeat(40_000)}`)
  expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
  const fits = await csv(`device\n${Array.from({ length: 5_000 }, (_, i) => `d-${i}\n`).join('')}`)
  expect(fits.body.accepted).toBe(5_000)
})

test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'text/csvx'])(
  'an import as %s is not understood',
  async (type) => {
    expect((await send(type)('{}')).status).toBe(415)
  },
)
