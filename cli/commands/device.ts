/** `bellwether device`: devices and their tokens, directly in the registry of the data folder. */

import { parseArgs } from 'node:util'
import { deviceSchema } from '../../domain/device.ts'
import { siteSchema } from '../../domain/site.ts'
import { hashSecret, newSecret } from '../../runtime/secret.ts'
import { systemRandom } from '../../runtime/system.ts'
import { type Command, UsageError } from '../command.ts'
import { placeDevice, showPlacements } from '../placements.ts'
import { audited, checked, withRegistry } from '../registry-access.ts'

const options = {
  site: { type: 'string' },
  gateway: { type: 'string' },
  profile: { type: 'string' },
  interval: { type: 'string' },
  from: { type: 'string' },
  until: { type: 'string' },
  'new-site': { type: 'boolean' },
  force: { type: 'boolean' },
} as const

export const deviceCommand: Command = {
  name: 'device',
  help: `Usage: bellwether device add ID [--site ID [--new-site]] [--gateway ID] [--profile NAME] [--interval 5m]
       bellwether device token ID
       bellwether device list
       bellwether device remove ID
       bellwether device placements ID
       bellwether device place ID --site ID --from TIME [--until TIME] [--force]

"add" registers the device and prints its token once; with --new-site it also makes the site, if it is not known
yet. "token" makes a new token, and the old one stops working. Works on the registry of BELLWETHER_DATA_DIR, whether
the server runs or not.

A reading belongs to the site at which its device stood when it was observed. "placements" lists where a device has
stood (site, from, until; "-" for none), also one that was removed. "place" corrects it: from --from until --until it
stood at --site ("-" for none), whatever was known of that time before. Readings, windows and indices of both sites
follow at once; a running server goes on.

  --from TIME   a time with its zone, such as 2026-11-21T08:00:00+08:00, a day (from 00:00 UTC), or "ever"
  --until TIME  the same; left out, it still stands there (of a removed device: until it was removed)
  --force       also for a device that nothing is known of, such as one removed before placements were kept
`,
  async run(argv) {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options })
    const [action, id] = positionals
    return withRegistry(async ({ registry, view }) => {
      const giveToken = async (device: string) => {
        const token = newSecret(systemRandom, 'bwd_')
        await audited(registry, 'device.token', `device/${device}`, () =>
          registry.setDeviceToken(device, hashSecret(token)),
        )
        process.stdout.write(`${token}\n`)
        return 0
      }
      if (action === 'list') {
        for (const device of view.all('device')) {
          const { site, gateway, enabled } = device
          process.stdout.write(
            `${device.id}\t${site ?? '-'}\t${gateway ?? '-'}\t${enabled ? 'enabled' : 'disabled'}\n`,
          )
        }
        return 0
      }
      if (id === undefined)
        throw new UsageError(
          'say "add ID", "token ID", "list", "remove ID", "placements ID" or "place ID"',
        )
      if (action === 'add') {
        const { site, gateway, profile, interval: expectedInterval } = values
        if (values['new-site'] === true && site === undefined) {
          throw new UsageError('--new-site makes the site that --site names: say --site ID')
        }
        const device = checked(deviceSchema, { id, site, gateway, profile, expectedInterval })
        if (site !== undefined && view.site(site) === undefined) {
          // A misspelt site must not become one of its own, where nobody looks for the readings.
          if (values['new-site'] !== true) {
            process.stderr.write(
              `bellwether device: --site: there is no site "${site}"; make it first (POST /api/v1/sites), or here with --new-site.\n`,
            )
            return 1
          }
          const place = checked(siteSchema, { id: site })
          await audited(registry, 'site.create', `site/${place.id}`, () =>
            registry.insert('site', place),
          )
        }
        await audited(registry, 'device.create', `device/${id}`, () =>
          registry.insert('device', device),
        )
        return giveToken(id)
      }
      if (action === 'token') return giveToken(id)
      if (action === 'placements') return showPlacements({ view }, id)
      if (action === 'place') return placeDevice({ registry, view }, id, values)
      if (action === 'remove') {
        const remove = () => registry.remove('device', id)
        if (await audited(registry, 'device.remove', `device/${id}`, remove)) return 0
        process.stderr.write(`There is no device "${id}".\n`)
        return 1
      }
      throw new UsageError(`"${action}" is not one of add, token, list, remove, placements, place`)
    })
  },
}
