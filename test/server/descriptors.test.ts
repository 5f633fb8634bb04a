import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  descriptorLimit,
  loadsTogether,
  openFilesMin,
  requireDescriptors,
  withinDescriptors,
} from '../../server/descriptors.ts'
import { systemLog } from '../../runtime/system.ts'

const log = systemLog('silent', 'test')
const wished = { httpConnectionsMax: 2_000, mqttConnectionsMax: 50_000, mqttWebsocketsMax: 10_000 }

test('with room enough the settings hold; where the system does not tell, too', () => {
  expect(withinDescriptors(wished, 100_000, log)).toEqual(wished)
  expect(withinDescriptors(wished, null, log)).toEqual(wished)
  expect(descriptorLimit('/nowhere')).toBeNull()
})

test('whatever the limit, what is allowed fits into it beside the files', () => {
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 200_000 }), (limit) => {
      const { httpConnectionsMax, mqttConnectionsMax, mqttWebsocketsMax } = withinDescriptors(
        wished,
        limit,
        log,
      )
      const most = httpConnectionsMax + mqttConnectionsMax + 2 * mqttWebsocketsMax
      expect(most).toBeLessThanOrEqual(limit - 200)
      expect(
        Math.min(httpConnectionsMax, mqttConnectionsMax, mqttWebsocketsMax),
      ).toBeGreaterThanOrEqual(8)
    }),
  )
})

test('too few files are refused with the limit and where to raise it', () => {
  for (const limit of [null, openFilesMin, 65_536]) requireDescriptors(limit)
  const refusal = new RegExp(`${openFilesMin - 1}; .*ulimit -n.*LimitNOFILE`)
  expect(() => requireDescriptors(openFilesMin - 1)).toThrow(refusal)
})

test('roles load the program at the same time only where there is room for all its files at once', () => {
  expect(loadsTogether(null)).toBe(true)
  expect(loadsTogether(65_536)).toBe(true)
  expect(loadsTogether(1_024)).toBe(false)
})
