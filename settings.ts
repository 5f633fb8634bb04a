/**
 * Every setting there is, in one table: name, form, default, meaning. From it come the checks, the frozen
 * configuration, `bellwether config` and `docs/config.md`. A limit carries its unit in its name.
 */

import { z } from 'zod'
import { isTimeZone } from './domain/calendar.ts'
import { parseAllowList } from './domain/webhook-target.ts'

const text = z.string().min(1)
const whole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error })
}
const port = whole(0, 65_535)
const flag = z.stringbool()
const list = z.string().transform((all) =>
  all
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)

export const allRoles = ['broker', 'ingest', 'alerts', 'api'] as const
export type RoleName = (typeof allRoles)[number]
const roleList = list.pipe(z.array(z.enum(allRoles)).min(1))

export interface Setting {
  form: z.ZodType
  about: string
  secret?: boolean
}

/** The order here is the order of `docs/config.md`. */
export const settings = {
  DATA_DIR: {
    form: text.default('./data'),
    about: 'Folder of the embedded stores; created with mode 0700.',
  },
  ROLES: {
    form: roleList.default([...allRoles]),
    about:
      'Which parts this process runs, separated by commas: `broker`, `ingest`, `alerts`, `api`.',
  },
  THREADS: {
    form: flag.default(true),
    about:
      'Run each role in a thread of its own, so that a heavy query never delays an acknowledgement.',
  },
  LOG_LEVEL: {
    form: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    about: 'Least severity that is logged, as JSON lines on stderr.',
  },

  MQTT_HOST: { form: text.default('127.0.0.1'), about: 'Address the MQTT listeners bind to.' },
  MQTT_PORT: { form: port.default(1883), about: 'MQTT over TCP; 0 takes a free port.' },
  MQTTS_PORT: {
    form: port.optional(),
    about: 'MQTT over TLS; off unless set. Needs TLS_CERT and TLS_KEY.',
  },
  TLS_CERT: { form: text.optional(), about: 'PEM file of the server certificate and its chain.' },
  TLS_KEY: { form: text.optional(), about: 'PEM file of the private key.' },
  TLS_CA: {
    form: text.optional(),
    about:
      'PEM file of the authority of client certificates; with it, a certificate whose common name is a device id signs that device in.',
  },
  HTTP_HOST: {
    form: text.default('127.0.0.1'),
    about: 'Address of the HTTP API and of MQTT over WebSocket (`/mqtt`).',
  },
  HTTP_PORT: { form: port.default(8080), about: 'HTTP port; 0 takes a free port.' },
  HTTP_CONNECTIONS_MAX: {
    form: whole(8, 100_000).default(2_000),
    about:
      'HTTP connections at a time. When there are more, one that asks for nothing or does not get on makes room.',
  },
  HTTP_CONNECTIONS_PER_ADDRESS_MAX: {
    form: whole(4, 100_000).default(1_000),
    about: 'Of these from one address; a proxy in front is one address.',
  },
  ADMIN_TOKEN: {
    form: z.string().min(16, 'must be at least 16 characters').optional(),
    about:
      'API token with role `admin`. If unset, the first start makes one, prints it once and keeps only its hash.',
    secret: true,
  },

  MQTT_CONNECTIONS_MAX: {
    form: whole(1, 1_000_000).default(50_000),
    about: 'Connections at a time, over all listeners.',
  },
  MQTT_CONNECTIONS_PER_ADDRESS_MAX: {
    form: whole(1, 1_000_000).default(20_000),
    about:
      'Connections at a time from one address (IPv6: one /64 network). High, because a whole fleet may come through one address of a mobile network.',
  },
  MQTT_WEBSOCKETS_MAX: {
    form: whole(1, 1_000_000).default(10_000),
    about: 'Of these over WebSocket at a time.',
  },
  MQTT_CONNECT_TIMEOUT_MS: {
    form: whole(100, 600_000).default(10_000),
    about: 'A connection that has not signed in by then is closed.',
  },
  MQTT_CONNECT_BYTES_MAX: {
    form: whole(64, 65_536).default(4_096),
    about: 'Largest packet before sign-in.',
  },
  MQTT_PACKET_BYTES_MAX: {
    form: whole(1_024, 16_777_216).default(262_144),
    about:
      'Largest packet after sign-in; a larger one closes the connection and leaves a note in quarantine (`too_large`).',
  },
  MQTT_KEEPALIVE_SECONDS_MAX: {
    form: whole(10, 65_535).default(3_600),
    about:
      'Longest keep-alive that is honoured; a device that asks for none or for more is closed after 1.5 times this silence.',
  },
  MQTT_CONNECTS_PER_SECOND_MAX: {
    form: whole(1, 1_000_000).default(2_000),
    about: 'New connections per second from one address; more are closed.',
  },
  MQTT_MESSAGES_PER_SECOND_MAX: {
    form: whole(1, 10_000_000).default(20_000),
    about: 'Messages per second from one device; above it, its connection is read more slowly.',
  },
  MQTT_SIGN_IN_FAILURES_MAX: {
    form: whole(1, 1_000_000).default(20),
    about: 'Failed sign-ins from one address within a minute; after that its answers are delayed.',
  },
  MQTT_INFLIGHT_MAX: {
    form: whole(1, 65_535).default(1_000),
    about: 'Unacknowledged messages of one connection; above it, the connection is not read.',
  },
  MQTT_SUBSCRIPTIONS_MAX: {
    form: whole(1, 10_000).default(16),
    about: 'Subscriptions of one device.',
  },
  MQTT_OFFLINE_MESSAGES_MAX: {
    form: whole(0, 100_000).default(100),
    about:
      'Downlinks kept for one device that is offline with a persistent session; in memory, so a restart loses them.',
  },
  MQTT_RETAINED_MESSAGES_MAX: {
    form: whole(0, 1_000_000).default(10_000),
    about: 'Retained messages in all; in memory, so a restart loses them.',
  },
  MQTT_DEVICE_WILLS: {
    form: flag.default(false),
    about: 'Take wills and retained messages from devices.',
  },

  PAYLOAD_BYTES_MAX: {
    form: whole(64, 16_777_216).default(65_536),
    about:
      'Largest payload that is decoded; a larger one is acknowledged and quarantined as `too_large`.',
  },
  JOURNAL_GROUP_DELAY_MS: {
    form: whole(0, 1_000).default(2),
    about: 'How long an acknowledgement may wait for others to share its disk write.',
  },
  JOURNAL_GROUP_MESSAGES_MAX: {
    form: whole(1, 100_000).default(1_000),
    about: 'Messages that share one disk write at most.',
  },
  JOURNAL_SEGMENT_MIB: {
    form: whole(1, 4_096).default(64),
    about: 'Size at which a new journal file is begun.',
  },
  JOURNAL_MIB_MAX: {
    form: whole(2, 10_000_000).default(8_192),
    about: 'Size of the journal at which messages are no longer acknowledged.',
  },
  JOURNAL_ARCHIVE_DAYS: {
    form: whole(0, 36_500).default(0),
    about:
      'Days that journal files are kept, packed, in the folder `archive` after everybody has read them; 0 drops them. `bellwether replay` rebuilds readings from them.',
  },

  INGEST_BATCH_MESSAGES_MAX: {
    form: whole(1, 100_000).default(5_000),
    about: 'Messages that are judged and stored together at most.',
  },
  READINGS: {
    form: z.enum(['sqlite', 'influx']).default('sqlite'),
    about:
      'Store of the readings: `sqlite` in the data folder, or `influx`, which needs INFLUX_URL.',
  },
  INFLUX_URL: {
    form: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
    about:
      'InfluxDB 1.x, 2.x or 3.x Core, such as `http://127.0.0.1:8086`; the version is found out.',
  },
  INFLUX_BUCKET: {
    form: z
      .string()
      .regex(/^[\w.-]{1,128}$/, 'must be letters, digits, "_", "-" or "."')
      .default('bellwether'),
    about: 'Bucket (2.x) or database (1.x, 3.x); made at the start if the user may.',
  },
  INFLUX_ORG: {
    form: text.optional(),
    about: 'Organisation of 2.x; needed only to make the bucket.',
  },
  INFLUX_TOKEN: {
    form: text.optional(),
    about: 'Token of 2.x or 3.x.',
    secret: true,
  },
  INFLUX_USERNAME: {
    form: text.optional(),
    about: 'User of 1.x, or of 2.x made with `influx v1 auth create`; in place of a token.',
  },
  INFLUX_PASSWORD: { form: text.optional(), about: 'Password of that user.', secret: true },
  READINGS_DAYS: {
    form: whole(0, 36_500).default(0),
    about: 'Days that readings are kept; 0 keeps them forever.',
  },
  READING_AGE_DAYS_MAX: {
    form: whole(0, 36_500).default(7),
    about: 'Older readings are refused as `too_old`.',
  },
  READING_AHEAD_SECONDS_MAX: {
    form: whole(0, 86_400).default(300),
    about: 'Readings observed further in the future are refused as `in_future`.',
  },
  QUALITY_CONTROL: {
    form: flag.default(true),
    about:
      'Run the quality tests (QARTOD) on all readings; off, only missing values and the plausible range are judged.',
  },
  TIME_ZONE: {
    form: text.refine(isTimeZone, 'must be a time zone such as Asia/Shanghai').default('UTC'),
    about:
      'Time zone (IANA) of the days of sites that have neither an attribute `timeZone` nor a location.',
  },
  QUARANTINE_MESSAGES_PER_DEVICE_MAX: {
    form: whole(1, 1_000_000).default(1_000),
    about:
      'Refused messages kept of each device, the newest; those that wait for a person are not among them.',
  },
  QUARANTINE_KEPT_MIB_PER_DEVICE_MAX: {
    form: whole(1, 1_048_576).default(32),
    about:
      'Room of each device for refused messages that wait for a person, whatever their age and number: `too_old`, `in_future`, `unknown_property`, `refused_by_store`. Beyond it they are kept like other refused messages.',
  },
  QUARANTINE_DAYS: {
    form: whole(1, 36_500).default(30),
    about: 'Days that refused messages are kept, but for those that wait for a person.',
  },

  STALE_AFTER_SECONDS: {
    form: whole(1, 31_536_000).default(3_600),
    about:
      'An open alert without new readings for so long becomes stale; for devices with an expected interval, after three of those instead.',
  },
  WEBHOOK_ALLOW: {
    form: list
      .superRefine((entries, context) => {
        const [bad] = parseAllowList(entries).bad
        if (bad === undefined) return
        const message = `"${bad}" is neither a host name, an address nor a CIDR block such as 10.0.0.0/8`
        context.addIssue({ code: 'custom', message })
      })
      .default([]),
    about:
      'Hosts and CIDRs that webhooks may reach although they are not public, separated by commas.',
  },
  WEBHOOK_TIMEOUT_MS: {
    form: whole(100, 60_000).default(15_000),
    about: 'An endpoint that has not answered by then has failed this attempt.',
  },
  WEBHOOK_CONCURRENCY_MAX: {
    form: whole(1, 1_000).default(4),
    about: 'Requests at a time to one endpoint.',
  },

  API_BODY_BYTES_MAX: {
    form: whole(1_024, 1_073_741_824).default(1_048_576),
    about: 'Largest request body; imports may be 64 times as large.',
  },
  API_REQUESTS_PER_MINUTE_MAX: {
    form: whole(1, 10_000_000).default(60_000),
    about: 'Requests per minute of one token or, without one, one address.',
  },
  API_STREAMS_MAX: {
    form: whole(1, 100_000).default(500),
    about: 'Server-sent event streams at a time.',
  },
} as const satisfies Record<string, Setting>
