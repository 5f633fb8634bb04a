/** What each answer of each version means. Bodies are those that the servers send. */

import { describe, expect, test } from 'vitest'
import type { InfluxAnswer } from '../../../../stores/readings/influx/http/client.ts'
import { outcomeOf, retryAfterMs } from '../../../../stores/readings/influx/write/outcome.ts'
import { versionNamed, versionOf } from '../../../../stores/readings/influx/http/version.ts'

const now = Date.UTC(2026, 10, 21)

function answer(
  status: number,
  body: unknown = '',
  headers: Record<string, string> = {},
): InfluxAnswer {
  return { status, body, header: (name) => headers[name] }
}

describe('outcomes', () => {
  test('only 204 is success', () => {
    expect(outcomeOf(answer(204), now)).toEqual({ kind: 'stored' })
    expect(outcomeOf(answer(200, '<html>'), now).kind).toBe('alarm')
    expect(outcomeOf(answer(201, { error: 'partial' }), now).kind).toBe('bisect')
  })

  test.each([408, 425, 429, 500, 502, 503, 504])('%d: later, all of it again', (status) => {
    expect(outcomeOf(answer(status), now)).toMatchObject({ kind: 'wait', retryAfterMs: 0 })
  })

  test.each([301, 401, 403, 404, 405, 415])('%d: somebody has to set something right', (status) => {
    expect(outcomeOf(answer(status), now).kind).toBe('alarm')
  })

  test('413: too much at once', () => {
    expect(outcomeOf(answer(413), now).kind).toBe('halve')
  })

  test.each([
    [
      '1.x, a line that does not parse',
      400,
      { error: "partial write: unable to parse 'x': invalid tag format dropped=0" },
      { kind: 'bisect', field: undefined },
    ],
    [
      '1.x, a field of another type',
      400,
      {
        error:
          'partial write: field type conflict: input field "pm25_q" on measurement "air" is type float, already exists as type integer dropped=1',
      },
      { kind: 'bisect', field: 'pm25_q' },
    ],
    [
      '1.x, older than the retention',
      400,
      { error: 'partial write: points beyond retention policy dropped=1' },
      { kind: 'aged', dropped: 1 },
    ],
    [
      '2.7 and later, older than the retention, with tags longer than the reason that is told',
      422,
      {
        code: 'unprocessable entity',
        message: `failure writing points to database: partial write: dropped 4 points outside retention policy of duration 24h0m0s - oldest point air,device=${'x'.repeat(400)} at 2026-11-19T00:00:01.541Z dropped because it violates a Retention Policy Lower Bound at 2026-11-20T00:00:00Z, newest point air,device=y at 2026-11-19T00:00:01.541Z dropped because it violates a Retention Policy Lower Bound at 2026-11-20T00:00:00Z dropped=4 for database: 9f282d63c7d3a5c0 for retention policy: autogen`,
      },
      { kind: 'aged', dropped: 4 },
    ],
    [
      '1.12, older than the retention',
      400,
      {
        error:
          'partial write: dropped 7 points outside retention policy of duration 1h0m0s - oldest point air at 2026-11-20T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2026-11-20T23:00:00Z dropped=7',
      },
      { kind: 'aged', dropped: 7 },
    ],
    [
      '1.12, outside of a write window: that is not its age',
      400,
      {
        error:
          'partial write: dropped 0 points outside retention policy of duration 1h0m0s and 3 points outside write window (-30m0s to 10m0s) - oldest point air at 2026-11-21T00:20:00Z dropped because it violates a Write Window Upper Bound at 2026-11-21T00:10:00Z dropped=3',
      },
      { kind: 'bisect', field: undefined, dropped: 3 },
    ],
    [
      '1.x, a shard that is on its way out',
      400,
      { error: 'partial write: shard 12 is pending deletion dropped=5' },
      { kind: 'wait', retryAfterMs: 0 },
    ],
    [
      '1.x, too many series',
      400,
      { error: 'partial write: max-series-per-database limit exceeded: (1000000) dropped=9' },
      { kind: 'bisect', field: undefined, dropped: 9 },
    ],
    [
      '2.x, a field of another type',
      422,
      {
        code: 'unprocessable entity',
        message:
          'failure writing points to database: partial write: field type conflict: input field "pm25" on measurement "air" is type float, already exists as type integer dropped=1',
      },
      { kind: 'bisect', field: 'pm25' },
    ],
    [
      '3.x, a line that does not parse',
      400,
      {
        error: 'parsing failed for write_lp endpoint',
        data: [{ original_line: 'x', line_number: 1, error_message: 'No fields were provided' }],
      },
      { kind: 'bisect', field: undefined },
    ],
    [
      '3.x, a field of another type',
      400,
      {
        error: 'partial write of line protocol occurred',
        data: [
          {
            error_message:
              "invalid column type for column 'pm25', expected iox::column_type::field::integer, got iox::column_type::field::float",
          },
        ],
      },
      { kind: 'bisect', field: 'pm25' },
    ],
  ])('%s', (_, status, body, expected) => {
    expect(outcomeOf(answer(status, body), now)).toMatchObject(expected)
  })

  test('reasons are short and on one line', () => {
    const outcome = outcomeOf(answer(400, { error: 'a\nb'.repeat(1_000) }), now)
    if (outcome.kind !== 'bisect') throw new Error(outcome.kind)
    expect(outcome.reason.length).toBeLessThanOrEqual(300)
    expect(outcome.reason).toMatch(/^400 a ba ba/)
  })
})

test.each([
  ['30', 30_000],
  [' 5 ', 5_000],
  ['0', 0],
  ['999999999', 3_600_000],
  ['Sat, 21 Nov 2026 00:00:10 GMT', 10_000],
  ['Fri, 20 Nov 2026 00:00:10 GMT', 0],
  ['soon', 0],
  ['-3', 0],
  [undefined, 0],
])('Retry-After %s is %d ms', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected)
})

describe('versions', () => {
  test.each([
    ['1.6.7~rc0', 1],
    ['1.12.4', 1],
    ['v2.9.1', 2],
    ['2.7.6', 2],
    ['3.10.1', 3],
    ['0.9.6', undefined],
    ['unknown', undefined],
    ['10.1', undefined],
  ])('%s', (text, generation) => {
    expect(versionOf(text)?.generation).toBe(generation)
  })

  test('are found in the header, the body of /ping, or /health', () => {
    expect(versionNamed('v2.9.1', '')?.generation).toBe(2)
    expect(versionNamed(undefined, { version: '3.10.1', revision: 'x' })?.generation).toBe(3)
    expect(versionNamed(undefined, { name: 'influxdb', version: '1.8.10' })?.generation).toBe(1)
    expect(versionNamed(undefined, 'OK')?.generation).toBe(3)
    expect(versionNamed(undefined, '<html>')).toBeUndefined()
    expect(versionNamed('nginx', { status: 'pass' })).toBeUndefined()
  })
})
