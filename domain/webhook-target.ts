/**
 * Which addresses a webhook may reach. An operator types the URL, our server makes the request from inside
 * the network: so an address that is not public is refused when the endpoint is made (`checkTarget`) and
 * again for the address of each connection (`mayConnect`), because a name may answer otherwise later.
 *
 * Sources: IANA IPv4 and IPv6 special-purpose address registries (RFC 6890), OWASP SSRF cheat sheet.
 */

import { type IpAddress, type IpBlock, inBlock, parseBlock, parseIp } from './ip-address.ts'

/** What `BELLWETHER_WEBHOOK_ALLOW` names although it is not public. */
export interface AllowList {
  hosts: ReadonlySet<string>
  blocks: readonly IpBlock[]
}

/** Not public although they look like ordinary IPv4 addresses. */
const closedIpv4 = blocks([
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier NAT, and the metadata service of Alibaba Cloud
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // host of an Azure machine
  '169.254.0.0/16', // link-local, and metadata services
  '172.16.0.0/12', // private
  '192.0.0.0/24', // IETF assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
])

/** Global unicast is 2000::/3; all else (loopback, mapped, NAT64, unique local, link-local, multicast) is closed. */
const globalIpv6 = blocks(['2000::/3'])
const closedIpv6 = blocks([
  '2001::/23', // IETF assignments: Teredo, ORCHID, benchmarks
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address inside
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
])

function blocks(texts: readonly string[]): readonly IpBlock[] {
  return texts.map((text) => parseBlock(text)).filter((block) => block !== null)
}

export function isPublic(address: IpAddress): boolean {
  const within = (block: IpBlock) => inBlock(block, address)
  if (address.version === 4) return !closedIpv4.some(within)
  return globalIpv6.some(within) && !closedIpv6.some(within)
}

/** `bad` lists the entries that are neither a host name, an address nor a CIDR block. */
export function parseAllowList(entries: readonly string[]): { allow: AllowList; bad: string[] } {
  const hosts = new Set<string>()
  const allowed: IpBlock[] = []
  const bad: string[] = []
  for (const entry of entries) {
    const block = parseBlock(entry.replace(/^\[(.*)\]$/, '$1'))
    if (block !== null) allowed.push(block)
    else if (hostName.test(entry)) hosts.add(plainHost(entry))
    else bad.push(entry)
  }
  return { allow: { hosts, blocks: allowed }, bad }
}

const hostName =
  /^(?!.*\.\d+$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i

/** Lower case, without the dot of the root and without the brackets of IPv6. */
function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/\.+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
}

/** Ends a refusal that an operator can lift. */
export const unlessAllowed =
  '; the setting BELLWETHER_WEBHOOK_ALLOW names those that may be reached'

/** Names that mean this machine or the network around it, whatever a resolver says. */
const innerNames = /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|corp)$/

/**
 * Why this URL cannot be an endpoint, or null when it can. A name that passes may still resolve to a
 * closed address: that is found at each connection.
 */
export function checkTarget(text: string, allow: AllowList): string | null {
  if (!/^[\x21-\x7e\u00a1-\uffff]+$/u.test(text))
    return 'must not hold spaces or control characters'
  if (text.includes('\\')) return 'must not hold a backslash'
  if (!/^https?:\/\/[^/]/i.test(text)) return 'must begin with http:// or https:// and a host'
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return 'is not a URL'
  }
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/?#]*@/.test(text)) {
    return 'must not hold a user name or password'
  }
  if (text.includes('#')) return 'must not hold a fragment (#)'
  return checkHost(url.hostname, allow)
}

/** The host as the URL class gives it, which has turned 127.1, 0x7f.1 or 2130706433 into 127.0.0.1. */
export function checkHost(hostname: string, allow: AllowList): string | null {
  const host = plainHost(hostname)
  if (allow.hosts.has(host)) return null
  const address = parseIp(host)
  if (address !== null) {
    return mayConnect(address, allow)
      ? null
      : `reaches ${host}, which is not a public address${unlessAllowed}`
  }
  if (host === '') return 'names no host'
  if (!host.includes('.') || innerNames.test(host)) {
    return `reaches ${host}, which is not a public name${unlessAllowed}`
  }
  return null
}

export function mayConnect(address: IpAddress, allow: AllowList): boolean {
  return isPublic(address) || isAllowed(address, allow)
}

/** Named by an operator, so wanted although it is not public. */
export function isAllowed(address: IpAddress, allow: AllowList): boolean {
  return allow.blocks.some((block) => inBlock(block, address))
}

export function isAllowedHost(hostname: string, allow: AllowList): boolean {
  return allow.hosts.has(plainHost(hostname))
}
