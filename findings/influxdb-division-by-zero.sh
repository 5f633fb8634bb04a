#!/usr/bin/env bash
# influxdb 1.6.7 of Debian: in InfluxQL a number divided by zero is 0, and this 0 goes into the mean around it.
#
# Behaviour: `a / b` is 0 where b is 0, of floats and integers; `a % b` of the same floats is null. A mean over a subquery
#   counts the zeros as results: the mean ratio of two rows, one of them 10/0, is half of the other.
# Expected: IEEE 754-2008 §7.2, §7.3 (an infinity; NaN for 0/0), or null as for `%` and as SQL servers with nulls do; a null is
#   left out by mean(). InfluxData's page on mathematical operators says nothing about zero.
# Whom it touches: boards with ratios (leakage, load, share of good readings): a device that stands still pulls the mean
#   of the city towards zero, and nothing shows that it did.
# What Bellwether does: its boards keep rows with a divisor of zero out of the outer query (grafana/utilities.ts);
#   test/servers/meter-boards.test.ts.
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

ask 'CREATE DATABASE city' >/dev/null
influx -f 'http://influx/write?db=city&precision=s' --data-binary 'flow least=10,mean=0,n=10i,d=0i 1700000000
flow least=12,mean=4,n=12i,d=4i 1700000060'

changed=0
look() { # question, what the values are
  local got
  got=$(ask "$1" | grep -o '"values":.*\]\]' || true)
  echo "$1 → $got"
  [[ $got == "\"values\":$2" ]] || changed=1
}
look 'SELECT least / mean FROM flow' '[[1700000000,0],[1700000060,3]]'
look 'SELECT n / d FROM flow' '[[1700000000,0],[1700000060,3]]'
look 'SELECT least % mean FROM flow' '[[1700000000,null],[1700000060,0]]'
look 'SELECT mean(ratio) FROM (SELECT least / mean AS ratio FROM flow)' '[[0,1.5]]'
if ((changed)); then echo 'CHANGED: not as described.'; else echo 'As described.'; fi
exit "$changed"
