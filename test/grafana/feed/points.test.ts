/** Alerts, sites, devices, indices and figures as points. */

import { describe, expect, test } from 'vitest'
import { alertEventPoint, openAlertPoint } from '../../../grafana/feed/alert-points.ts'
import { deviceStatePoint } from '../../../grafana/feed/device-states.ts'
import { platformPoint } from '../../../grafana/feed/platform-point.ts'
import { refusedPoints } from '../../../grafana/feed/refused-counts.ts'
import { siteIndexPoint } from '../../../grafana/feed/site-index-point.ts'
import { type SiteState, siteStatePoint } from '../../../grafana/feed/site-states.ts'
import type { AlertChange } from '../../../domain/alert.ts'
import { type Device, deviceSchema } from '../../../domain/device.ts'
import { type Site, siteSchema } from '../../../domain/site.ts'
import type { IndexAnswer } from '../../../domain/standards/definition.ts'
import { refusalCodes } from '../../../domain/quarantine.ts'
import { viewOf } from '../../api/alert-record.ts'
import { noon, reading } from '../../api/city-api.ts'

const minute = 60_000

function change(more: Partial<AlertChange> = {}): AlertChange {
  return {
    id: 'msg_1',
    alert: 'alert-1',
    type: 'alert.raised',
    level: 'orange',
    previousLevel: null,
    observedAt: noon,
    recordedAt: noon + 50,
    value: 9.4,
    bound: 9.3,
    actor: null,
    note: null,
    view: viewOf({ level: 'orange' }),
    ...more,
  }
}

describe('a change of an alert', () => {
  test('says where, what and how bad, in both languages', () => {
    expect(alertEventPoint({ position: 12, change: change(), raiseRecordedAt: null })).toEqual({
      measurement: 'alert_event',
      tags: {
        rule: 'stage',
        site: 'g-1',
        district: '320106',
        device: 'alert-1',
        property: 'water_level',
        type: 'raised',
      },
      fields: {
        level_code: 3,
        level: 'orange',
        text_en: 'Water level above warning',
        text_zh: '水位超警戒',
        tags: 'orange,stage,g-1',
        alert: 'alert-1',
        state: 'firing',
        value: 9.4,
        bound: 9.3,
        ack_s: null,
        open_s: null,
        position: 12,
        change: 'msg_1',
      },
      at: noon + 50.012,
    })
  })

  test('an acknowledgement tells how long duty staff took, by the clock of the record', () => {
    const acknowledged = change({ type: 'alert.acknowledged', recordedAt: noon + 5 * minute })
    const taken = { position: 1, change: acknowledged, raiseRecordedAt: noon + 2 * minute }
    expect(alertEventPoint(taken).fields.ack_s).toBe(180)
    expect(alertEventPoint({ ...taken, raiseRecordedAt: null }).fields.ack_s).toBeNull()
  })

  test('the end is level 0 and tells how long it was open, by the time of what was observed', () => {
    const { fields, tags } = alertEventPoint({
      position: 1,
      change: change({
        type: 'alert.resolved',
        observedAt: noon + 30 * minute,
        recordedAt: noon + 9 * 60 * minute,
        view: viewOf({ level: 'orange', type: 'alert.resolved' }),
      }),
      raiseRecordedAt: null,
    })
    expect(fields).toMatchObject({ level_code: 0, level: 'orange', open_s: 1_800 })
    expect(tags.type).toBe('resolved')
  })

  test('an alert of no site has no site', () => {
    const { tags, fields } = alertEventPoint({
      position: 1,
      change: change({ view: viewOf({ site: null }) }),
      raiseRecordedAt: null,
    })
    expect([tags.site, tags.district, fields.tags]).toEqual([null, null, 'orange,stage'])
  })
})

test('an open alert shows its level and whether somebody has it', () => {
  const { tags, fields, at } = openAlertPoint(
    { view: viewOf({ level: 'red' }), isAcknowledged: true },
    noon + minute,
  )
  expect(tags).toEqual({
    rule: 'stage',
    site: 'g-1',
    district: '320106',
    device: 'alert-1',
    property: 'water_level',
  })
  expect(fields).toMatchObject({ level_code: 4, state: 'firing', acknowledged: 1, raised_ms: noon })
  expect(at).toBe(noon + minute)
})

describe('a site', () => {
  const gauge: Site = siteSchema.parse({
    id: 'g-1',
    name: { zh: '南门站', en: 'South gate' },
    kind: 'river-gauge',
    location: [118.78, 32.05],
    district: '320106',
    attributes: { warningLevel: 8.5, guaranteeLevel: 9.5, historicMaximum: 10.2, datum: 'Wusong' },
  })
  const calm: SiteState = {
    ...{ level: 0, alerts: 0, devices: 2, devicesSilent: 0, heardAt: noon - minute },
  }
  const fieldsOf = (state: Partial<SiteState>, site = gauge) =>
    siteStatePoint(site, { ...calm, ...state }, noon).fields

  test('shows its place, names and own levels', () => {
    expect(siteStatePoint(gauge, calm, noon)).toEqual({
      measurement: 'site_state',
      tags: { site: 'g-1', district: '320106', kind: 'river-gauge' },
      fields: {
        level_code: 0,
        silent: 0,
        lat: 32.05,
        lon: 118.78,
        silent_s: 60,
        devices: 2,
        devices_silent: 0,
        alerts_open: 0,
        name: '南门站 / South gate',
        warning_level: 8.5,
        guarantee_level: 9.5,
        record_level: 10.2,
      },
      at: noon,
    })
  })

  test('is silent when all of its devices are, not when some are', () => {
    expect(fieldsOf({ devicesSilent: 1 })).toMatchObject({ level_code: 0, silent: 0 })
    expect(fieldsOf({ devicesSilent: 2 })).toMatchObject({ level_code: -1, silent: 1 })
  })

  test('without devices is as unknown as a silent one', () => {
    const none = { devices: 0, devicesSilent: 0, heardAt: null }
    expect(fieldsOf(none)).toMatchObject({ level_code: -1, silent_s: null })
  })

  test('an open alert shows also when its site has gone silent', () => {
    const state = { level: 4, alerts: 2, devicesSilent: 2 }
    expect(fieldsOf(state)).toMatchObject({ level_code: 4, silent: 1, alerts_open: 2 })
  })

  test.each([
    [{ zh: '南门站' }, '南门站'],
    [{ en: 'South gate' }, 'South gate'],
    [{ zh: 'A1', en: 'A1' }, 'A1'],
    [{}, 'g-1'],
  ])('named %j is called %s', (name, called) => {
    expect(fieldsOf({}, { ...gauge, name }).name).toBe(called)
  })
})

describe('a device', () => {
  const logger: Device = deviceSchema.parse({ id: 'd-1', site: 'g-1', expectedInterval: '5m' })
  const state = { district: '320106', isOnline: true, refused: 3, heardAt: noon - 90_000 }

  test('shows battery, radio, silence and what of it was refused', () => {
    const readings = new Map([
      ['battery', reading({ property: 'battery', value: 81 })],
      ['rsrp', reading({ property: 'rsrp', value: -101 })],
    ])
    expect(deviceStatePoint(logger, { ...state, readings }, noon)).toEqual({
      measurement: 'device_state',
      tags: { device: 'd-1', site: 'g-1', district: '320106' },
      fields: {
        online: 1,
        silent_s: 90,
        interval_s: 300,
        battery: 81,
        rsrp: -101,
        snr: null,
        quarantined: 3,
      },
      at: noon,
    })
  })

  test('that was never heard has no age', () => {
    const never = { ...state, isOnline: false, heardAt: null, readings: undefined }
    const { fields } = deviceStatePoint({ ...logger, expectedInterval: null }, never, noon)
    expect(fields).toMatchObject({ online: 0, silent_s: null, interval_s: null, battery: null })
  })
})

describe('refused readings', () => {
  const n = (points: ReturnType<typeof refusedPoints>, code: string) =>
    points.find(({ tags }) => tags.code === code)?.fields.n

  test('are what came since, with zeros for all other codes', () => {
    const before = new Map([['too_old', 5]] as const)
    const points = refusedPoints(
      new Map([
        ['too_old', 7],
        ['malformed', 2],
      ]),
      before,
      noon,
    )
    expect([n(points, 'too_old'), n(points, 'malformed'), n(points, 'in_future')]).toEqual([
      2, 2, 0,
    ])
    expect(points).toHaveLength(refusalCodes.length)
  })

  test('at the start nothing is new', () => {
    expect(n(refusedPoints(new Map([['too_old', 7]]), null, noon), 'too_old')).toBe(0)
  })
})

describe('an index', () => {
  const site = siteSchema.parse({ id: 's-1', district: 'Gulou' })
  const period = { from: noon, to: noon + 3_600_000 }
  const answer: IndexAnswer = {
    index: 'cn-aqi-hourly',
    edition: 'HJ 633-2026',
    value: 73,
    sub: { pm25_1h: 73, o3_1h: 20, so2_1h: null },
    primary: ['pm25_1h'],
    category: { en: 'Good', zh: '良' },
    colour: 'yellow',
    rgb: [255, 255, 0],
    level: 2,
    details: {},
    notes: [],
  }

  test('of air stands at the beginning of its hour, under its edition', () => {
    expect(siteIndexPoint(site, answer, period)).toEqual({
      measurement: 'site_index',
      tags: { site: 's-1', district: 'Gulou', index: 'cn-aqi-hourly', edition: 'HJ 633-2026' },
      fields: {
        value: 73,
        level: 2,
        primary: 'pm25_1h',
        category_en: 'Good',
        category_zh: '良',
        sub_pm25_1h: 73,
        sub_o3_1h: 20,
        sub_so2_1h: null,
      },
      at: noon,
    })
  })

  test('that cannot be given clears the words of before', () => {
    const none = { ...answer, value: null, level: null, category: null, primary: [], sub: {} }
    expect(siteIndexPoint(site, none, period).fields).toEqual({
      ...{ value: null, level: null, primary: '', category_en: '', category_zh: '' },
    })
  })

  test('classes and signals are numbers', () => {
    const water: IndexAnswer = {
      ...answer,
      index: 'gb3838',
      value: 'IV',
      level: 4,
      sub: { nh3n: 'IV', ph: 'I', tp: 'V+', iron: 'exceeds', nitrate: 'meets' },
    }
    expect(siteIndexPoint(site, water, period).fields).toMatchObject({
      ...{ value: 4, level: 4, sub_nh3n: 4, sub_ph: 1, sub_tp: 6, sub_iron: 2, sub_nitrate: 1 },
    })
    const flood: IndexAnswer = {
      ...answer,
      index: 'flood-signal',
      value: 'orange',
      level: 3,
      sub: { level: 'orange', years: null },
    }
    const { fields } = siteIndexPoint(site, flood, period)
    expect(fields).toMatchObject({ value: 3, level: 3, sub_level: 3, sub_years: null })
  })

  test('drinking water counts the items beyond their limits', () => {
    const drinking: IndexAnswer = {
      ...answer,
      index: 'gb5749',
      value: 'exceeds',
      level: 2,
      sub: { turbidity: 'above', residual_chlorine: 'below', ph: 'meets' },
      details: { itemsBeyond: 2 },
    }
    expect(siteIndexPoint(site, drinking, period).fields).toMatchObject({
      ...{ value: 2, level: 2, sub_turbidity: 2, sub_residual_chlorine: 2, sub_ph: 1 },
    })
  })
})

test('figures of the program are in seconds, milliseconds and megabytes', () => {
  const figures = {
    ...{ received: 10, stored: 7, duplicate: 1, quarantined: 1, inFlight: 1 },
    ...{ journalLagUplinks: 3, ingestLagMs: 1_500, alertsLagMs: 20 },
    ...{ outboxPending: 2, outboxOldestMs: 3_000, connections: null },
    ...{ ackMs: { p50: 1.5, p99: 9 }, memoryBytes: 128_000_000 },
  }
  expect(platformPoint(figures, noon)).toEqual({
    measurement: 'bellwether',
    tags: {},
    fields: {
      ...{ received: 10, stored: 7, duplicate: 1, quarantined: 1, in_flight: 1 },
      ...{ ingest_lag_s: 1.5, alerts_lag_s: 0.02, journal_lag: 3 },
      ...{ ack_p50_ms: 1.5, ack_p99_ms: 9, outbox_pending: 2, outbox_oldest_s: 3 },
      ...{ connections: null, memory_mb: 128 },
    },
    at: noon,
  })
  const silent = platformPoint({ ...figures, ackMs: null }, noon)
  expect(silent.fields.ack_p99_ms).toBeNull()
})
