/**
 * Tables of `influx.db`, the small file beside InfluxDB, which knows no transactions.
 *
 * - `state`: one row: position and counts. Readings observed before `kept_from` are hidden. Entries of the log before
 *   `next_entry` are settled. `begun`: InfluxDB was asked for what it held before us.
 * - `series`: names and numbers. `book`: what is known of 1,024 series each (`series-book.ts`), as of when the log was
 *   last cut; what came since is in the log.
 * - `log`: the newest readings in the order written, one or few rows per batch, as in the embedded store.
 * - `place`: the tags that the points of a device are written with, `history` those of all times when there is more than
 *   one; readings observed up to `moved` may stand under others. `earlier`: of before the registry kept placements, and
 *   not compared with it yet (1), or it is learning from their points (2). `retag`: times whose points belong to another site by now and are written again under its
 *   tags.
 * - `pending`: identities that were looked up in InfluxDB and not found there, of a batch that is on its way. After a
 *   crash they count as new although InfluxDB may hold them by now.
 * - `dirty`: hours (`1h`) and days (`1d`) of rows that are to be summed up, by their beginning and their first series.
 *   `unsummed`: hours of rows that were tried in vain: InfluxDB could not tell or not take their sums. Which hours before
 *   `summed_from` were dirty, nobody knows.
 *   `tags_due`: where devices stood before is to be learned from the tags of points (`written-sites.ts`).
 *   Sums of amounts, counters and levels before `forms_from` are of an earlier form (`renewal.ts`).
 * - `full_disk`: InfluxDB refused a write because its disk was full, and may lose what came since (`full-disk.ts`).
 */

import type { Migrations } from '../../../migrate.ts'

export const migrations: Migrations = [
  `
  create table state (
    id integer primary key check (id = 1),
    seq integer not null,
    ahead_from integer,
    ahead_to integer,
    received integer not null,
    stored integer not null,
    duplicate integer not null,
    quarantined integer not null,
    next_entry integer not null,
    kept_from real,
    begun integer not null
  ) strict;
  insert into state values (1, 0, null, null, 0, 0, 0, 0, 0, null, 0);

  create table series (
    id integer primary key,
    device text not null,
    property text not null,
    unique (device, property)
  ) strict;

  create table book (block integer primary key, bytes blob not null) strict;

  create table log (first integer primary key, entries blob not null, tests blob) strict;

  create table place (
    device text primary key,
    site text,
    district text,
    moved real
  ) strict, without rowid;

  create table pending (
    device text not null,
    property text not null,
    observed_at integer not null,
    primary key (device, property, observed_at)
  ) strict, without rowid;

  create table dirty (
    span text not null,
    start integer not null,
    series integer not null,
    primary key (span, start, series)
  ) strict, without rowid;
  `,
  `
  alter table state add column summed_from integer;
  -- Sums that were made before may be of readings that count no more.
  update state set summed_from = (unixepoch() / 3600 + 1) * 3600000 where begun = 1;

  create table unsummed (
    start integer not null,
    series integer not null,
    primary key (start, series)
  ) strict, without rowid;
  `,
  `
  create table full_disk (
    id integer primary key check (id = 1),
    started text not null,
    restarts integer not null
  ) strict;
  `,
  `
  alter table state add column forms_from integer;
  update state set forms_from = (unixepoch() / 3600 + 1) * 3600000 where begun = 1;
  `,
  `
  alter table place add column history text;
  create table retag (
    id integer primary key autoincrement,
    device text not null,
    since real not null,
    until real not null
  ) strict;
  `,
  `
  -- Points of these may stand where the device stood before the registry kept placements.
  alter table place add column earlier integer;
  update place set earlier = 1 where history is null;
  alter table state add column tags_due integer;
  update state set tags_due = 1 where begun = 1;
  `,
]
