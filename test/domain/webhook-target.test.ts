/** Which addresses a webhook may reach: every way we know to say "inside" without saying it. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseBlock, parseIp } from '../../domain/ip-address.ts'
import { checkTarget, isPublic, parseAllowList } from '../../domain/webhook-target.ts'

const nothing = parseAllowList([]).allow

const hosts = `
127.0.0.1 127.1 127.0.1 127.255.255.254 0 0.0.0.0 0.1.2.3 2130706433 0x7f.1 0x7f000001 0X7F.0.0.1
0177.0.0.1 0177.1 017700000001 127.0.0.1. 127.1. 0x0 00 0.0 ①②⑦.⓪.⓪.① 127。0。0。1 127．0．0．1 １２７.0.0.1
10.0.0.1 10.255.255.255 10.1 012.0.0.1 0xa.0.0.1 167772161 100.64.0.1 100.127.255.255 100.100.100.200
169.254.0.1 169.254.169.254 0xa9fea9fe 2852039166 169.254.43518 169.16689662 0251.0376.0251.0376
172.16.0.1 172.31.255.255 0xac.0x10.0.1 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 192.168.0.1
192.168.1 192.168.255.255 3232235521 0xc0a80001 0300.0250.0.1 198.18.0.1 198.19.255.255 198.51.100.7
203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 4294967295 0xffffffff 168.63.129.16
192.31.196.1 192.52.193.1 192.175.48.1
[::] [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:10.0.0.1]
[::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [::127.0.0.1] [::7f00:1] [::ffff:0:127.0.0.1]
[64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::10.0.0.1] [100::1] [fc00::1] [fd00:ec2::254]
[fdff:ffff::1] [fe80::1] [febf::1] [fec0::1] [ff02::1] [ff0e::1] [2001::1] [2001:db8::1] [2001:10::1]
[2001:20::1] [2002:7f00:1::] [2002:a9fe:a9fe::1] [3fff::1] [2620:4f:8000::1] [5f00::1] [4000::1]
[::ffff:8.8.8.8] [64:ff9b::8.8.8.8]
localhost LOCALHOST LocalHost localhost. localhost.. foo.localhost a.b.localhost. localhost.localdomain ｌｏｃａｌｈｏｓｔ
router printer.local metadata.google.internal db.internal. intranet nas.lan gw.home files.corp a.intranet
`
  .trim()
  .split(/\s+/)

const texts = [
  'http:\\\\127.0.0.1',
  'http:\\\\duty.example.org\\hook',
  'http://duty.example.org\\@127.0.0.1/',
  'http:/\\127.0.0.1/',
  'https://user@duty.example.org/',
  'https://user:secret@duty.example.org/',
  'https://@duty.example.org/',
  'https://:@duty.example.org/',
  'https://duty.example.org@127.0.0.1/',
  'https://duty.example.org:80@127.0.0.1/',
  'https://127.0.0.1#@duty.example.org/',
  'https://duty.example.org/#x',
  'https://duty.example.org#@127.0.0.1/',
  'http:127.0.0.1',
  'http:/127.0.0.1',
  'http:///127.0.0.1',
  'http:////127.0.0.1',
  'http://',
  'http:///',
  'http://.',
  'http://..',
  'http://%31%32%37.0.0.1/',
  'http://127.0.0.1%00.example.org/',
  'http://duty.example.org/\r\nhost: x',
  'http://duty.example.org/\n',
  'http://duty.example.org/ x',
  ' http://duty.example.org/',
  '\thttp://duty.example.org/',
  'ht\ntp://duty.example.org/',
  'http://duty.exa\tmple.org/',
  'http://duty.example.org:99999/',
  'http://duty.example.org:port/',
  'http://[::1',
  'http://[fe80::1%25eth0]/',
  'http://999.1.1.1/',
  'http://1.2.3.4.5/',
  '//duty.example.org/',
  'duty.example.org',
  '/hook',
  '',
  'gopher://duty.example.org/',
  'file:///etc/passwd',
  'ftp://duty.example.org/',
  'javascript:alert(1)',
  'data:text/plain,x',
  'ws://duty.example.org/',
  'blob:http://duty.example.org/',
  'unix:/run/x.sock',
]

describe('targets', () => {
  test('more than a hundred ways in are refused, with a reason', () => {
    const all = [
      ...hosts.flatMap((host) => [
        `http://${host}/`,
        `https://${host}:8443/hook?x=1`,
        `HTTPS://${host}`,
      ]),
      ...texts,
    ]
    expect(all.length).toBeGreaterThan(300)
    expect(all.filter((text) => checkTarget(text, nothing) === null)).toEqual([])
  })

  test.each([
    'https://duty.example.org/hook',
    'http://duty.example.org',
    'HTTPS://Duty.Example.ORG:8443/a?b=c',
    'https://值班.中国/告警',
    'https://8.8.8.8/hook',
    'http://8.8.8.8./',
    'https://[2606:4700:4700::1111]/hook',
    'https://172.15.0.1/',
    'https://172.32.0.1/',
    'https://100.63.0.1/',
    'https://100.128.0.1/',
    'https://duty.example.org./hook',
    'https://duty.example.org/@someone',
    'https://localhost.example.org/',
    'https://internal.example.org/',
  ])('%s is taken', (url) => {
    expect(checkTarget(url, nothing)).toBeNull()
  })

  test('the reason names what is wrong', () => {
    expect(checkTarget('http://2130706433/', nothing)).toContain('127.0.0.1')
    for (const url of ['http://10.0.0.1/', 'http://[::1]/', 'http://localhost/']) {
      expect(checkTarget(url, nothing)).toContain('BELLWETHER_WEBHOOK_ALLOW')
    }
    expect(checkTarget('https://a@b.org/', nothing)).toContain('user name')
    expect(checkTarget('ftp://b.org/', nothing)).toContain('http')
  })
})

describe('what an operator allows', () => {
  const { allow, bad } = parseAllowList([
    '127.0.0.1',
    '10.20.0.0/16',
    'fd00:1::/32',
    '[::1]',
    'Hooks.Internal',
    'localhost',
  ])

  test('is reached, and its neighbours are not', () => {
    expect(bad).toEqual([])
    const open = (url: string) => checkTarget(url, allow) === null
    expect(open('http://127.0.0.1:9000/')).toBe(true)
    expect(open('http://127.1:9000/')).toBe(true)
    expect(open('http://127.0.0.2:9000/')).toBe(false)
    expect(open('http://10.20.30.40/')).toBe(true)
    expect(open('http://10.21.0.1/')).toBe(false)
    expect(open('http://[::1]/')).toBe(true)
    expect(open('http://[fd00:1::5]/')).toBe(true)
    expect(open('http://[fd00:2::5]/')).toBe(false)
    expect(open('http://hooks.internal/')).toBe(true)
    expect(open('http://HOOKS.internal./')).toBe(true)
    expect(open('http://x.hooks.internal/')).toBe(false)
    expect(open('http://localhost:1/')).toBe(true)
    expect(open('http://user@localhost:1/')).toBe(false)
  })

  test('must be hosts, addresses or blocks', () => {
    const wrong = [
      '10.0.0.0/33',
      '10.0.0/8',
      '::/129',
      'http://x.org',
      'a b',
      '',
      '*',
      '1.2.3',
      'a/b',
    ]
    expect(parseAllowList(wrong).bad).toEqual(wrong)
  })
})

describe('addresses', () => {
  const ipv4 = fc.ipV4()
  const ipv6 = fc.ipV6()

  test('are read as the URL class reads them', () => {
    fc.assert(
      fc.property(ipv6, (text) => {
        const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1)
        expect(parseIp(text)).toEqual(parseIp(canonical))
        expect(parseIp(text)).not.toBeNull()
      }),
    )
    fc.assert(
      fc.property(ipv4, (text) => {
        expect(parseIp(text)?.version).toBe(4)
      }),
    )
  })

  test('an IPv4 address inside an IPv6 one opens nothing', () => {
    const wraps = (ip: string) => {
      const [a, b, c, d] = ip.split('.').map(Number) as [number, number, number, number]
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
      return [`::ffff:${ip}`, `::${ip}`, `64:ff9b::${ip}`, `2002:${hex}::`, `2001:0:${hex}::1`]
    }
    fc.assert(
      fc.property(ipv4, (ip) => {
        for (const text of wraps(ip)) expect(isPublic(parseIp(text)!)).toBe(false)
      }),
    )
  })

  test.each([
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.-4',
    ' 1.2.3.4',
    '1.2.3.4 ',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '12345::',
    '::g',
    '::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    ':1',
    '1:',
  ])('%j is none', (text) => {
    expect(parseIp(text)).toBeNull()
    expect(parseBlock(text)).toBeNull()
  })
})
