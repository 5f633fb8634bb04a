/** QARTOD test 5, climatology: what is usual for the season, the hour or the depth. */

import { z } from 'zod'
import { batchForm, batchTest } from './batch-test.ts'
import {
  checkLength,
  type Flags,
  isOutside,
  type Span,
  spanSchema,
  timeSchema,
  timesSchema,
  valuesSchema,
} from './series.ts'

const membersMax = 100
const dayMs = 86_400_000

/** Numbers of a moment (UTC) that a `tspan` can be about, named as in pandas. */
const periods = {
  year: (at: Date) => at.getUTCFullYear(),
  quarter: (at: Date) => Math.floor(at.getUTCMonth() / 3) + 1,
  month: (at: Date) => at.getUTCMonth() + 1,
  week: isoWeek,
  weekofyear: isoWeek,
  dayofyear: (at: Date) =>
    1 + Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / dayMs),
  dayofweek: (at: Date) => (at.getUTCDay() + 6) % 7,
  day: (at: Date) => at.getUTCDate(),
  hour: (at: Date) => at.getUTCHours(),
} as const
type Period = keyof typeof periods
const periodNames = Object.keys(periods) as [Period, ...Period[]]

/** ISO 8601: the week belongs to the year that its Thursday is in. */
function isoWeek(at: Date): number {
  const monday = Math.floor(at.getTime() / dayMs) - ((at.getUTCDay() + 6) % 7)
  const thursday = new Date((monday + 3) * dayMs)
  return Math.ceil(periods.dayofyear(thursday) / 7)
}

const memberSchema = z
  .strictObject({
    tspan: z.tuple([
      z.union([z.number(), z.string().max(40)]),
      z.union([z.number(), z.string().max(40)]),
    ]),
    period: z.enum(periodNames).optional(),
    vspan: spanSchema,
    fspan: spanSchema.optional(),
    zspan: spanSchema.optional(),
  })
  .transform((member, context) => {
    const refuse = (message: string) => {
      context.addIssue({ code: 'custom', path: ['tspan'], message })
      return z.NEVER
    }
    const ends: number[] = []
    for (const end of member.tspan) {
      const time =
        member.period === undefined ? timeSchema.safeParse(end) : z.number().safeParse(end)
      if (!time.success) {
        return refuse(
          member.period === undefined
            ? 'must hold two times (ISO 8601 or seconds since 1970 UTC), or numbers with period'
            : `must hold two numbers, as there is a period (${member.period})`,
        )
      }
      ends.push(time.data)
    }
    const [from = 0, to = 0] = ends
    if (from > to) return refuse('must rise; a season over the turn of the year takes two members')
    return { ...member, tspan: [from, to] as Span }
  })
type Member = z.output<typeof memberSchema>

function isInTime({ tspan, period }: Member, at: Date): boolean {
  return !isOutside(period === undefined ? at.getTime() / 1_000 : periods[period](at), tspan)
}

/** A member without depths is for all of them; one with depths needs one. */
function isInDepth({ zspan }: Member, depth: number | null): boolean {
  return zspan === undefined || (depth !== null && !isOutside(depth, zspan))
}

export const climatology = batchTest({
  name: 'climatology',
  title: { en: 'Climatology', zh: '气候态检验' },
  meaning: {
    en: 'Outside fspan 4, outside vspan 3, for the last member whose tspan (and zspan, if it has one) holds the time and depth of the value. All ends belong to their spans; a date without a clock time is its midnight UTC. No member 2, missing 9.',
    zh: '取时间（及深度）落在 tspan（及 zspan）内的最后一个 member：超出 fspan 为 4，超出 vspan 为 3；端点均属范围之内，只写日期者为 UTC 零点。无对应 member 为 2，缺测为 9。',
  },
  source: 'IOOS QARTOD test 5; ioos_qc climatology_test',
  form: batchForm({
    x: valuesSchema,
    t: timesSchema,
    z: valuesSchema.optional().meta({ description: 'Depth of each value, or null' }),
    members: z
      .array(memberSchema)
      .min(1)
      .max(membersMax)
      .meta({
        description: `tspan: from and to, or two numbers of period (${periodNames.join(', ')}; UTC, Monday is 0); vspan: usual values; fspan: possible values; zspan: depths`,
      }),
  }).superRefine((given, context) => {
    checkLength(context, 't', [given.x, given.t])
    if (given.z !== undefined) checkLength(context, 'z', [given.x, given.z])
  }),
  run: ({ x, t, z: depths, members }): Flags =>
    x.map((value, i) => {
      if (value === null) return 9
      const at = new Date((t[i] ?? 0) * 1_000)
      const depth = depths?.[i] ?? null
      const member = members.findLast((one) => isInDepth(one, depth) && isInTime(one, at))
      if (member === undefined) return 2
      if (member.fspan !== undefined && isOutside(value, member.fspan)) return 4
      return isOutside(value, member.vspan) ? 3 : 1
    }),
})
