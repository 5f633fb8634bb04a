/**
 * How we connect to a webhook: only to an address that may be reached, checked at the moment of connecting
 * and used as checked, so that a name which answers otherwise the second time gains nothing.
 */

import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { parseIp } from '../../domain/ip-address.ts'
import {
  type AllowList,
  checkHost,
  isAllowed,
  isAllowedHost,
  mayConnect,
  unlessAllowed,
} from '../../domain/webhook-target.ts'

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>

export interface ResolvedAddress {
  address: string
  family: number
}

export function guardedConnector(options: {
  allow: AllowList
  resolve: Resolve
  timeoutMs: number
}): buildConnector.connector {
  const { allow, resolve, timeoutMs } = options
  const lookup: LookupFunction = (hostname, wanted, callback) => {
    resolve(hostname)
      .then((found) => usable(hostname, found, allow))
      .then(
        (addresses) => {
          const [first] = addresses
          if (wanted.all) callback(null, [...addresses])
          else if (first !== undefined) callback(null, first.address, first.family)
        },
        (error: NodeJS.ErrnoException) => callback(error, '', 0),
      )
  }
  const connect = buildConnector({ timeout: timeoutMs, lookup })
  return (target, callback) => {
    // An address in the URL is connected to without a lookup.
    const refusal = checkHost(target.hostname, allow)
    if (refusal !== null) callback(new Error(`The endpoint ${refusal}.`), null)
    else connect(target, callback)
  }
}

/**
 * One closed address spoils the name, because nobody serves the public from both; unless an operator has
 * named one of its addresses, then those that may be reached are used.
 */
function usable(
  hostname: string,
  found: readonly ResolvedAddress[],
  allow: AllowList,
): ResolvedAddress[] {
  if (found.length === 0) throw new Error(`The name ${hostname} has no address.`)
  if (isAllowedHost(hostname, allow)) return [...found]
  const parsed = found.map((each) => ({ each, ip: parseIp(each.address) }))
  const open = parsed.filter(({ ip }) => ip !== null && mayConnect(ip, allow))
  const wanted = parsed.some(({ ip }) => ip !== null && isAllowed(ip, allow))
  if (open.length === 0 || (open.length < parsed.length && !wanted)) {
    const closed = parsed.find((one) => !open.includes(one))?.each.address
    throw new Error(
      `The name ${hostname} leads to ${closed}, which is not a public address${unlessAllowed}.`,
    )
  }
  return open.map(({ each }) => each)
}
