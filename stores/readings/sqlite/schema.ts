/**
 * Tables of the embedded readings store.
 *
 * - `log`: what was written lately, in the order written: one or few rows per batch, whatever the number
 *   of series. `first` is the ordinal of its first entry since the store was made. `tests` is null when no
 *   quality test was evaluated for any of them.
 * - `chunk`: what was sealed: points of one series, rising in time; the chunks of a series do not
 *   overlap. `start` and `until` are the times of its first and last point. `by_hour` and `by_5min` are its
 *   points summed up, or null where that does not pay.
 * - `state`: one row, moved in the same transaction as the log. Readings observed before `kept_from` are
 *   no longer there for anybody, even if their bytes still wait to be dropped. `ahead_from` and `ahead_to` are the
 *   stretch settled beyond `seq`, or null.
 *
 * `roll_up_forms`: up to which version roll-ups of an earlier form were made anew (`renewal.ts`).
 *
 * A reading may stand in the log and in a chunk at once while it is being sealed; the log wins.
 */

import type { Migrations } from '../../migrate.ts'

export const migrations: Migrations = [
  `
  create table state (
    id integer primary key check (id = 1),
    seq integer not null,
    received integer not null,
    stored integer not null,
    duplicate integer not null,
    quarantined integer not null,
    next_entry integer not null,
    kept_from real,
    series_removed integer not null
  ) strict;
  insert into state values (1, 0, 0, 0, 0, 0, 0, null, 0);

  create table series (
    id integer primary key,
    device text not null,
    property text not null,
    unique (device, property)
  ) strict;

  create table log (first integer primary key, entries blob not null) strict;

  create table chunk (
    series integer not null,
    start real not null,
    until real not null,
    points blob not null,
    primary key (series, start)
  ) strict, without rowid;
  `,
  'alter table log add column tests blob',
  `
  alter table chunk add column by_hour blob;
  alter table chunk add column by_5min blob;
  `,
  `
  alter table state add column ahead_from integer;
  alter table state add column ahead_to integer;
  `,
  'alter table state add column roll_up_forms integer not null default 0',
]
