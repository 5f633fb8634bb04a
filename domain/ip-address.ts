/**
 * IPv4 and IPv6 addresses and CIDR blocks, strictly parsed: only the canonical dotted form of IPv4 and the
 * forms of RFC 4291 §2.2 for IPv6. Odd spellings are the URL parser's work; what is odd here is no address.
 */

export interface IpAddress {
  version: 4 | 6
  /** 32 or 128 bits, most significant first, as a number. */
  bits: bigint
}

export interface IpBlock {
  address: IpAddress
  prefix: number
}

/** Null when the text is not an address. A zone (`%eth0`) is not taken. */
export function parseIp(text: string): IpAddress | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

function parseIpv4(text: string): IpAddress | null {
  const bits = ipv4Bits(text)
  return bits === null ? null : { version: 4, bits }
}

function ipv4Bits(text: string): bigint | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return null
  let bits = 0n
  for (const part of match.slice(1)) {
    // A leading zero means octal to some and decimal to others: no address for us.
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return null
    bits = (bits << 8n) | BigInt(part)
  }
  return bits
}

function parseIpv6(text: string): IpAddress | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map((half, i) => groupsOf(half, i === halves.length - 1))
  if (head === undefined || head === null || tail === null) return null
  const given = head.length + (tail?.length ?? 0)
  // `::` stands for at least one group of zeros.
  if (tail === undefined ? given !== 8 : given > 7) return null
  const zeros = new Array<number>(8 - given).fill(0)
  const bits = [...head, ...zeros, ...(tail ?? [])].reduce(
    (sum, group) => (sum << 16n) | BigInt(group),
    0n,
  )
  return { version: 6, bits }
}

/** 16-bit groups; an IPv4 address may stand for the last two of the whole. */
function groupsOf(text: string, isEnd: boolean): number[] | null {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else {
      const bits = isEnd && i === parts.length - 1 ? ipv4Bits(part) : null
      if (bits === null) return null
      groups.push(Number(bits >> 16n), Number(bits & 0xffffn))
    }
  }
  return groups
}

/** `10.0.0.0/8`, `fc00::/7`, or one address. */
export function parseBlock(text: string): IpBlock | null {
  const [base, length, ...more] = text.split('/')
  const address = parseIp(base ?? '')
  if (address === null || more.length > 0) return null
  const widest = address.version === 4 ? 32 : 128
  if (length === undefined) return { address, prefix: widest }
  if (!/^\d{1,3}$/.test(length) || Number(length) > widest) return null
  return { address, prefix: Number(length) }
}

export function inBlock(block: IpBlock, address: IpAddress): boolean {
  if (block.address.version !== address.version) return false
  const rest = BigInt((address.version === 4 ? 32 : 128) - block.prefix)
  return block.address.bits >> rest === address.bits >> rest
}
