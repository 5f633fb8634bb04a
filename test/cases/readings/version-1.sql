-- A readings store as version 1 of the schema left it; made by the program of that time.
CREATE TABLE state (
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
CREATE TABLE series (
    id integer primary key,
    device text not null,
    property text not null,
    unique (device, property)
  ) strict;
CREATE TABLE log (first integer primary key, entries blob not null) strict;
CREATE TABLE chunk (
    series integer not null,
    start real not null,
    until real not null,
    points blob not null,
    primary key (series, start)
  ) strict, without rowid;
insert into state values (1, 5, 10, 9, 1, 0, 10, null, 0);
insert into series values (1, 'air-1', 'pm25');
insert into series values (2, '闸门-1', 'water_level');
insert into log values (6, x'00008071b61f7a4200008571b61f7a421f85eb51b89e22400200000001');
insert into log values (7, x'0000cc8eb61f7a42000064c9b61f7a420000d18eb61f7a42000069c9b61f7a420000000000001c409a9999999999444001000000010000000401');
insert into log values (9, x'00002680b61f7a4200002b80b61f7a42a4703d0ad7a322400200000002');
insert into chunk values (1, 1795219200000, 1795219380000, x'00010100040000000000779db61f7a429a9999999919434080e0b8b6bf68bfb6b1b6bf680000a001000000c005141414');
insert into chunk values (1, 1795219440000, 1795219500000, x'1c000300020000000000c3bab61f7a42555555555555d53f8086d6b6bf68bfdcceb6bf68a00100090301555555555555d53f');
pragma user_version = 1;
