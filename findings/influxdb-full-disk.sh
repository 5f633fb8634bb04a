#!/usr/bin/env bash
# influxdb 1.6.7 of Debian: after a full disk with room again, what it acknowledges is gone after its next restart.
#
# Behaviour: the disk gets full (500 "no space left on device"), gets room again, and InfluxDB is restarted. It answers
#   204 to all that comes then, and answers queries with it. One more orderly restart, and those points are gone, without
#   a word: they were written behind the broken end of the write-ahead log, where the next start does not read on.
# Expected: 204 means stored. InfluxData's page on the storage engine: a write is on disk (write and fsync of the WAL)
#   before it is acknowledged, and the WAL is read again at the start.
# Whom it touches: whoever makes room and restarts InfluxDB once, as one does: the day after is lost at the next restart.
# What Bellwether does: after "no space left" it keeps what it writes, looks for it after each restart and writes it again
#   (test/servers/influx/full-disk.test.ts; docs/decisions/012-what-influxdb-refuses.md).
# Needs: root (a tmpfs of 8 MB is mounted), curl, Debian 12's influxdb 1.6.7 (apt-get install influxdb).
set -euo pipefail
have=$(dpkg-query -W -f '${Version}' influxdb 2>/dev/null || true)
[[ $have == 1.6.7~* ]] || { echo "Not tried: needs influxdb 1.6.7 (apt-get install influxdb), not ${have:-none}"; exit 2; }
dir=$(mktemp -d)
mount -t tmpfs -o size=8m none "$dir" 2>/dev/null || { rmdir "$dir"; echo 'Not tried: this account may not mount a tmpfs.'; exit 2; }
server=
stop() { [[ -z $server ]] || { kill "$server"; wait "$server" || true; server=; } 2>/dev/null; }
trap 'stop; umount "$dir"; rmdir "$dir"' EXIT
head -c 3145728 /dev/zero >"$dir/ballast"
cat >"$dir/influxdb.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "$dir/meta"
[data]
  dir = "$dir/data"
  wal-dir = "$dir/wal"
[http]
  bind-address = "127.0.0.1:0"
  unix-socket-enabled = true
  bind-socket = "$dir/http.sock"
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
CONF
influx() { curl -s --unix-socket "$dir/http.sock" "$@"; }
start() {
  influxd -config "$dir/influxdb.conf" >/dev/null 2>&1 &
  server=$!
  for _ in $(seq 300); do influx -f http://influx/ping && return || sleep 0.2; done
}
ask() { influx 'http://influx/query?db=city' --data-urlencode "q=$1"; }
write() { influx -o /dev/null -w '%{http_code}' 'http://influx/write?db=city&precision=s' --data-binary @-; }
points() { seq "$1" "$2" | awk -v m="$3" '{ print m ",device=d" $1 % 40 " pm25=" $1 / 7 " " 1700000000 + $1 % 300000 }'; }
count() { ask "SELECT count(pm25) FROM $1" | sed -n 's/.*,\([0-9]*\)\]\].*/\1/p'; }

start
ask 'CREATE DATABASE city' >/dev/null
for n in $(seq 0 199); do
  code=$(points $((n * 4000)) $((n * 4000 + 3999)) before | write)
  [[ $code == 204 ]] || break
done
echo "the disk is full: write answered $code"
stop
rm "$dir/ballast"
start
codes=$(for n in 1 2 3; do points $((n * 700)) $((n * 700 + 699)) after | write; echo -n ' '; done)
stored=$(count after)
echo "room again, restarted: three writes answered $codes; points to be read: ${stored:-0}"
stop
start
left=$(count after)
echo "restarted once more: points to be read: ${left:-0}"
if [[ $code == 500 && $codes == '204 204 204 ' && $stored == 2100 && ${left:-0} -lt 2100 ]]; then
  echo 'As described.'
else
  echo 'CHANGED: not as described.'
  exit 1
fi
