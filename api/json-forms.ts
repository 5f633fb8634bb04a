/** The JSON forms of what the API answers (contract section 3), and how they are made from what the stores hold. */

import { z } from 'zod'
import type { AlertChange } from '../domain/alert.ts'
import { alertChangeTypes, alertStates, enders } from '../domain/alert.ts'
import { propertyOf } from '../domain/catalogue.ts'
import type { Device, DeviceStatus } from '../domain/device.ts'
import { deviceSchema } from '../domain/device.ts'
import { storedProfileSchema } from '../domain/profile.ts'
import { refusalCodes } from '../domain/quarantine.ts'
import type { Aggregate, Reading } from '../domain/reading.ts'
import { aggregateFns, qualityFlags } from '../domain/reading.ts'
import { alertLevelSchema } from '../domain/rule.ts'
import { locationSchema, siteKindSchema } from '../domain/site.ts'
import { durationMs, nameSchema } from '../domain/text.ts'
import type { Delivery } from '../domain/webhook.ts'
import { deliveryStates } from '../domain/webhook.ts'
import type { QuarantineEntry } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { timeText } from './readings/time-text.ts'

const time = z.string().meta({ format: 'date-time' })

export const readingForm = z
  .strictObject({
    device: z.string(),
    site: z.string().nullable(),
    property: z.string(),
    value: z.number().nullable(),
    unit: z.string().meta({ description: 'UCUM' }),
    quality: z
      .literal([...qualityFlags])
      .meta({ description: 'QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing' }),
    observedAt: time,
    receivedAt: time,
  })
  .meta({ id: 'Reading' })
export type ReadingForm = z.infer<typeof readingForm>

export function readingJson(view: RegistryView, reading: Reading): ReadingForm {
  return {
    device: reading.device,
    site: view.siteAt(reading.device, reading.observedAt),
    property: reading.property,
    value: reading.value,
    unit: propertyOf(reading.property)?.unit ?? '',
    quality: reading.quality,
    observedAt: timeText(reading.observedAt),
    receivedAt: timeText(reading.receivedAt),
  }
}

export const aggregateForm = z
  .strictObject({
    device: z.string(),
    site: z.string().nullable(),
    property: z.string(),
    fn: z.enum(aggregateFns),
    value: z.number().nullable(),
    unit: z.string(),
    count: z.int().meta({ description: 'Readings that count in this window' }),
    from: time,
    to: time,
    completeness: z.number().min(0).max(1).nullable().meta({
      description:
        'Share of the readings due in the whole window that count; null where the device has no expectedInterval',
    }),
  })
  .meta({ id: 'Aggregate' })
export type AggregateForm = z.infer<typeof aggregateForm>

export function aggregateJson(view: RegistryView, window: Aggregate): AggregateForm {
  const device = view.device(window.device)
  return {
    device: window.device,
    site: view.siteAt(window.device, window.to - 1),
    property: window.property,
    fn: window.fn,
    value: window.value,
    // The number of readings has the unit one, whatever was measured.
    unit: window.fn === 'count' ? '1' : (propertyOf(window.property)?.unit ?? ''),
    count: window.count,
    from: timeText(window.from),
    to: timeText(window.to),
    completeness: completenessOf(window, device?.expectedInterval ?? null),
  }
}

function completenessOf({ count, from, to }: Aggregate, interval: string | null): number | null {
  if (interval === null) return null
  return Math.min(1, (count * durationMs(interval)) / (to - from))
}

export const deviceForm = z
  .strictObject({
    ...deviceSchema.shape,
    profile: storedProfileSchema.nullable(),
    lastSeenAt: time.nullable(),
    connected: z.boolean(),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .meta({ id: 'DeviceWithStatus' })
export type DeviceForm = z.infer<typeof deviceForm>

export function deviceJson(device: Device, status: DeviceStatus | undefined): DeviceForm {
  return {
    id: device.id,
    site: device.site,
    profile: device.profile,
    gateway: device.gateway,
    enabled: device.enabled,
    expectedInterval: device.expectedInterval,
    lastSeenAt: typeof status?.lastSeenAt === 'number' ? timeText(status.lastSeenAt) : null,
    connected: status?.connected ?? false,
    attributes: { ...status?.attributes },
  }
}

export const quarantineForm = z
  .strictObject({
    id: z.string(),
    code: z.enum(refusalCodes),
    reason: z.string(),
    device: z.string(),
    key: z.string().nullable().meta({ description: 'Key as sent; null: the whole message' }),
    topic: z.string(),
    payload: z.string(),
    encoding: z.enum(['utf8', 'base64']),
    receivedAt: time,
  })
  .meta({ id: 'QuarantineEntry' })

export function quarantineJson(entry: QuarantineEntry): z.infer<typeof quarantineForm> {
  const { id, code, reason, device, key, topic, payload, encoding, receivedAt } = entry
  const at = timeText(receivedAt)
  return { id, code, reason, device, key, topic, payload, encoding, receivedAt: at }
}

const alertFields = {
  id: z.string(),
  rule: z.string(),
  level: alertLevelSchema,
  previousLevel: alertLevelSchema.nullable(),
  state: z.enum(alertStates),
  site: z
    .strictObject({
      id: z.string(),
      name: nameSchema,
      location: locationSchema.nullable(),
      district: z.string().nullable(),
      kind: siteKindSchema.optional(),
    })
    .nullable(),
  device: z
    .string()
    .nullable()
    .meta({ description: 'null: an alert of the site as a whole, of a rule on an index' }),
  property: z.string().meta({ description: 'Of the catalogue, or the name of an index' }),
  value: z.number().nullable(),
  unit: z.string().meta({ description: 'UCUM' }),
  bound: z.number(),
  boundFrom: z
    .strictObject({ attribute: z.string(), plus: z.number() })
    .nullable()
    .optional()
    .meta({
      description: 'Attribute of the site that the bound comes from; null: a number of the rule',
    }),
  observedAt: time,
  raisedAt: time,
  learnedAt: time.optional().meta({
    description:
      'When what is shown became known: as observedAt, unless it is late. Absent in alerts of earlier versions',
  }),
  late: z.boolean().optional().meta({
    description: 'Known long after it was observed, or after what came later was known',
  }),
  endedBy: z.enum(enders).nullable().meta({
    description:
      'What ended it: the value came back, or the rule, an attribute of the site or the device was changed or taken away; null while it is open',
  }),
  summary: z.strictObject({ en: z.string(), zh: z.string() }),
  url: z.string(),
}

export const alertForm = z.strictObject(alertFields).meta({ id: 'Alert' })

export const alertChangeForm = z
  .strictObject({
    id: z.string().meta({ description: 'Also the webhook-id of its deliveries' }),
    type: z.enum(alertChangeTypes),
    level: alertLevelSchema,
    previousLevel: alertLevelSchema.nullable(),
    observedAt: time,
    recordedAt: time,
    learnedAt: time,
    late: z.boolean(),
    value: z.number().nullable(),
    bound: z.number().nullable(),
    actor: z.string().nullable(),
    note: z.string().nullable(),
    mutedBy: z.array(z.string()).meta({
      description:
        'Silences that were on: it was told to nobody then, but an end to those who had heard of the alert',
    }),
  })
  .meta({ id: 'AlertChange' })

export const alertDetailForm = z
  .strictObject({
    ...alertFields,
    history: z.array(alertChangeForm).meta({ description: 'What stands, in the order observed' }),
    withdrawn: z
      .array(z.strictObject({ ...alertChangeForm.shape, withdrawnAt: time }))
      .meta({ description: 'What was recorded and turned out not to have happened' }),
  })
  .meta({ id: 'AlertDetail' })

export function alertChangeJson(change: AlertChange): z.infer<typeof alertChangeForm> {
  const { id, type, level, previousLevel, value, bound, actor, note, late = false } = change
  const mutedBy = [...(change.mutedBy ?? [])]
  const observedAt = timeText(change.observedAt)
  const recordedAt = timeText(change.recordedAt)
  const times = { observedAt, recordedAt, learnedAt: late ? recordedAt : observedAt, late }
  return { id, type, level, previousLevel, ...times, value, bound, actor, note, mutedBy }
}

/** Changes in the order recorded, as the log has them. */
export function alertHistoryJson(
  changes: readonly AlertChange[],
): Pick<z.infer<typeof alertDetailForm>, 'history' | 'withdrawn'> {
  const standing = changes.filter(({ withdrawnAt }) => withdrawnAt === undefined)
  const history = standing.toSorted((a, b) => a.observedAt - b.observedAt).map(alertChangeJson)
  const withdrawn = changes.flatMap((change) =>
    change.withdrawnAt === undefined
      ? []
      : [{ ...alertChangeJson(change), withdrawnAt: timeText(change.withdrawnAt) }],
  )
  return { history, withdrawn }
}

export const deliveryForm = z
  .strictObject({
    id: z.string(),
    webhook: z.string(),
    alert: z.string().nullable(),
    messageId: z.string().meta({ description: 'The webhook-id header' }),
    type: z.string(),
    state: z.enum(deliveryStates),
    attempts: z.array(
      z.strictObject({
        at: time,
        status: z.int().nullable(),
        answer: z.string().meta({ description: 'First bytes of the answer, or what went wrong' }),
        durationMs: z.number(),
      }),
    ),
    nextAttemptAt: time.nullable(),
    createdAt: time,
  })
  .meta({ id: 'Delivery' })

export function deliveryJson(delivery: Delivery): z.infer<typeof deliveryForm> {
  const { id, webhook, alert, messageId, type, state, nextAttemptAt } = delivery
  return {
    id,
    webhook,
    alert,
    messageId,
    type,
    state,
    attempts: delivery.attempts.map((attempt) => ({ ...attempt, at: timeText(attempt.at) })),
    nextAttemptAt: nextAttemptAt === null ? null : timeText(nextAttemptAt),
    createdAt: timeText(delivery.createdAt),
  }
}
