/** The first administrator: a start without any way in makes a token and shows it once. */

import type { Config } from '../config.ts'
import type { Ports } from '../domain/ports.ts'
import { hashSecret, newSecret } from '../runtime/secret.ts'
import { openRegistry, openRegistryView } from '../stores/records/sqlite-registry.ts'
import { systemClock } from '../runtime/system.ts'
import { layoutOf } from '../runtime/data-layout.ts'

/** The new token, or null when one is configured or an `admin` token exists already. */
export async function ensureAdminToken(
  config: Config,
  { random, clock }: Pick<Ports, 'random' | 'clock'>,
): Promise<string | null> {
  if (config.adminToken !== undefined || !config.roles.includes('api')) return null
  const path = layoutOf(config.dataDir).registry
  const registry = openRegistry({ path, clock: systemClock })
  const view = await openRegistryView({ path })
  try {
    if (view.all('token').some((token) => token.role === 'admin')) return null
    const token = newSecret(random, 'bwt_')
    const entry = { at: clock.now(), actor: 'system', action: 'token.create', from: 'first start' }
    await registry.audit({ ...entry, target: 'token/admin', result: 'done' })
    await registry.insert('token', {
      id: 'admin',
      role: 'admin',
      description: 'made by the first start',
      hash: hashSecret(token),
    })
    return token
  } finally {
    await Promise.all([view.close(), registry.close()])
  }
}
