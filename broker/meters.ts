/** The numbers that the broker tells about itself, for `/metrics`. */

import type { Meter } from '../domain/ports.ts'

export type BrokerMeters = ReturnType<typeof createBrokerMeters>

export function createBrokerMeters(meter: Meter) {
  return {
    connections: meter.gauge('bellwether_mqtt_connections', 'MQTT connections that are open.'),
    identities: meter.gauge(
      'bellwether_mqtt_identities',
      'Devices and service accounts signed in.',
    ),
    uplinks: meter.counter(
      'bellwether_mqtt_uplinks_total',
      'Messages and session events made durable in the journal.',
    ),
    ackSeconds: meter.histogram(
      'bellwether_mqtt_ack_seconds',
      'From the first message of a group to its acknowledgement, once for each group.',
    ),
    commits: meter.counter('bellwether_journal_commits_total', 'Durable commits of the journal.'),
    writable: meter.gauge(
      'bellwether_journal_writable',
      '1 while the journal can be written, 0 while nothing is acknowledged.',
    ),
    bytes: meter.gauge('bellwether_journal_bytes', 'Size of the journal on disk.'),
    signIns: meter.counter('bellwether_mqtt_sign_ins_total', 'Successful sign-ins.'),
    refused: meter.counter(
      'bellwether_mqtt_sign_ins_refused_total',
      'Sign-ins answered with a CONNACK that refuses.',
      ['reason'],
    ),
    turnedAway: meter.counter(
      'bellwether_mqtt_connections_turned_away_total',
      'Connections closed before their first byte was read.',
      ['reason'],
    ),
    ended: meter.counter(
      'bellwether_mqtt_connections_ended_total',
      'Connections that the broker ended.',
      ['reason'],
    ),
    denied: meter.counter(
      'bellwether_mqtt_denied_total',
      'Publishes and subscriptions that the identity may not do, wills that were left out.',
      ['action'],
    ),
    oversize: meter.counter(
      'bellwether_mqtt_oversize_total',
      'Packets larger than allowed; the connection was closed.',
    ),
    slowed: meter.counter(
      'bellwether_mqtt_slowed_total',
      'How often a device was read more slowly because it had used up its rate.',
    ),
    dropped: meter.counter(
      'bellwether_mqtt_downlinks_dropped_total',
      'Downlinks and retained messages left out because a limit was reached.',
      ['what'],
    ),
    errors: meter.counter(
      'bellwether_mqtt_errors_total',
      'Faults inside the broker that were caught; each is logged.',
    ),
  }
}
