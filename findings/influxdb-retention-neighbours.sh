#!/usr/bin/env bash
# influxdb 1.6.7 of Debian: whether a point older than the retention is taken depends on what else is in its request.
#
# Behaviour: with a retention of two days, a point one minute too old is refused when it comes alone (400 "points beyond
#   retention policy dropped=1"), also while the shard of its time is there and holds data. The same line together with a
#   point of the same shard that is young enough is taken (204), stored and answered to queries.
# Expected: one rule for one point. InfluxData's guide on writing data: points outside of the retention are refused; the
#   line protocol knows no meaning of the points of a request for each other.
# Whom it touches: devices that send what they buffered. The same reading is lost or kept by chance, and "refused" cannot
#   be told from "stored" by its time alone: two databases with the same readings differ.
# What Bellwether does: it does not send what is older than retention and shard together, sends the rest, and searches each
#   refused batch until it knows which readings were dropped (stores/readings/influx/write/batch-classifier.ts; test/servers/influx/
#   refused-kinds.test.ts; docs/decisions/012-what-influxdb-refuses.md).
# Needs: curl, Debian 12's influxdb 1.6.7 (apt-get install influxdb).
set -euo pipefail
have=$(dpkg-query -W -f '${Version}' influxdb 2>/dev/null || true)
[[ $have == 1.6.7~* ]] || { echo "Not tried: needs influxdb 1.6.7 (apt-get install influxdb), not ${have:-none}"; exit 2; }
dir=$(mktemp -d)
server=
trap '[[ -z $server ]] || { kill "$server"; wait "$server" || true; } 2>/dev/null; rm -rf "$dir"' EXIT
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
influxd -config "$dir/influxdb.conf" >/dev/null 2>&1 &
server=$!
influx() { curl -s --unix-socket "$dir/http.sock" "$@"; }
for _ in $(seq 150); do influx -f http://influx/ping && break || sleep 0.2; done
ask() { influx http://influx/query --data-urlencode db=city --data-urlencode epoch=s --data-urlencode "q=$1"; }
write() { influx -o "$dir/answer" -w '%{http_code}' 'http://influx/write?db=city&precision=s' --data-binary "$1"; }

# The two points share a shard (a day of UTC) unless midnight is near; then it waits until that is past.
while edge=$(($(date +%s) - 2 * 86400)) && ((edge % 86400 < 90 || edge % 86400 > 86250)); do sleep 5; done
ask 'CREATE DATABASE city WITH DURATION 2d SHARD DURATION 1d' >/dev/null
old="air pm25=1 $((edge - 60))"
young=$(write "air pm25=2 $((edge + 120))")
alone=$(write "$old")
echo "a point two minutes younger than the edge: $young (its shard is there now)"
echo "a point one minute too old, alone: $alone $(cat "$dir/answer")"
together=$(write "$old
air pm25=3 $((edge + 121))")
echo "the same point with a younger one beside it: $together"
stored=$(ask "SELECT pm25 FROM air WHERE time = $((edge - 60))s" | grep -c '"values"' || true)
echo "the point is in the database: $stored"
if [[ $young$alone$together$stored == 2044002041 ]]; then echo 'As described.'; else echo 'CHANGED: not as described.'; exit 1; fi
