/**
 * Sign-in: who is at the other end of a connection, judged by the registry as it stands at that moment.
 *
 * Three forms (contract section 2): user name = device id with password = token; user name = token alone; a
 * client certificate whose common name is the device id. An API token of role `admin`, as user name or as
 * password, signs in a service account. Unknown names and wrong tokens get the same answer after the same
 * work. Tokens are compared by their hashes, in constant time.
 */

import type { Log } from '../domain/ports.ts'
import { equalSecret, hashSecret } from '../runtime/secret.ts'
import type { RegistryView, SecretHash } from '../stores/records/registry.ts'
import type { Identity } from './access.ts'

/** Return codes of CONNACK (MQTT 3.1.1 §3.2.2.3). */
export const connack = {
  unacceptableVersion: 1,
  identifierRejected: 2,
  serverUnavailable: 3,
  badCredentials: 4,
  notAuthorized: 5,
} as const
export type RefusalReason = keyof typeof connack

export interface Credentials {
  username: string | undefined
  password: string | undefined
  /** Common name of a client certificate that our authority has signed. */
  certificate: string | undefined
}

/** How an identity proved itself: the hash of its token, or null for a certificate. */
export interface Proof {
  identity: Identity
  tokenHash: SecretHash | null
}

export interface SignIn {
  judge(credentials: Credentials): Promise<Proof | RefusalReason>
  /** Whether what was shown then would still be good now; without looking for news. */
  stillGood(proof: Proof): boolean
}

export interface SignInOptions {
  registry: RegistryView
  /** Hash of the configured administrator token, which stands in no registry. */
  adminTokenHash: SecretHash | null
  log: Log
}

/** Compared with when there is nothing to compare with, so that both take the same time. */
const nobodysHash = '0'.repeat(64)

/** The proof, if there is one; else the reason that says more. */
function better(one: Proof | RefusalReason, other: Proof | RefusalReason): Proof | RefusalReason {
  if (typeof one !== 'string') return one
  return typeof other !== 'string' || other === 'notAuthorized' ? other : one
}

export function createSignIn({ registry, adminTokenHash, log }: SignInOptions): SignIn {
  function byName(name: string, token: string): Proof | RefusalReason {
    const hash = hashSecret(token)
    const device = registry.device(name)
    const service = serviceOf(hash)
    if (equalSecret(device?.tokenHash ?? nobodysHash, hash) && device !== undefined) {
      return deviceProof(device, hash)
    }
    return service ?? 'badCredentials'
  }

  function byTokenAlone(token: string): Proof | RefusalReason {
    const hash = hashSecret(token)
    const device = registry.deviceByTokenHash(hash)
    if (device !== undefined) return deviceProof(device, hash)
    return serviceOf(hash) ?? 'badCredentials'
  }

  function byCertificate(name: string): Proof | RefusalReason {
    const device = registry.device(name)
    return device === undefined ? 'badCredentials' : deviceProof(device, null)
  }

  function deviceProof(
    device: { id: string; enabled: boolean },
    tokenHash: SecretHash | null,
  ): Proof | RefusalReason {
    if (!device.enabled) return 'notAuthorized'
    return { identity: { kind: 'device', id: device.id }, tokenHash }
  }

  function serviceOf(hash: SecretHash): Proof | RefusalReason | undefined {
    if (adminTokenHash !== null && equalSecret(adminTokenHash, hash)) {
      return { identity: { kind: 'service', id: 'administrator' }, tokenHash: hash }
    }
    const token = registry.tokenByHash(hash)
    if (token === undefined) return undefined
    if (token.role !== 'admin') return 'notAuthorized'
    return { identity: { kind: 'service', id: token.id }, tokenHash: hash }
  }

  /** What was registered a moment ago must be able to sign in now. */
  async function refreshed(): Promise<boolean> {
    try {
      await registry.refresh()
      return true
    } catch (error) {
      log.error({ error }, 'The registry cannot be read; sign-ins go by what is remembered.')
      return false
    }
  }

  return {
    async judge({ username, password, certificate }) {
      const fresh = await refreshed()
      const named = username !== undefined && username !== ''
      let verdict: Proof | RefusalReason = 'badCredentials'
      if (named && password) verdict = byName(username, password)
      // Devices set up for ThingsBoard send their token as user name, and whatever they have as password.
      if (named) verdict = better(verdict, byTokenAlone(username))
      if (certificate !== undefined) verdict = better(verdict, byCertificate(certificate))
      // What we remember may be too old to refuse on; it is good enough to keep a city's sensors connected.
      return typeof verdict === 'string' && !fresh ? 'serverUnavailable' : verdict
    },
    stillGood({ identity, tokenHash }) {
      if (identity.kind === 'service') {
        if (adminTokenHash !== null && tokenHash === adminTokenHash) return true
        return tokenHash !== null && registry.tokenByHash(tokenHash)?.role === 'admin'
      }
      const device = registry.device(identity.id)
      if (device === undefined || !device.enabled) return false
      return tokenHash === null || device.tokenHash === tokenHash
    },
  }
}
