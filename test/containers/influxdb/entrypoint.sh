#!/bin/bash
# As the entry point of influxdb:2.x: sets itself up from DOCKER_INFLUXDB_INIT_* on the loopback interface, runs the
# scripts of /docker-entrypoint-initdb.d once, then serves everybody.
set -eu
data=/var/lib/influxdb2

serve() { # serve ADDRESS
  cat >/etc/influxdb2/influxdb.conf <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:8088"
[meta]
  dir = "$data/meta"
[data]
  dir = "$data/data"
  wal-dir = "$data/wal"
  query-log-enabled = false
[http]
  bind-address = "$1"
  auth-enabled = true
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
CONF
}

if [ ! -e "$data/.set-up" ]; then
  serve 127.0.0.1:8086
  influxd -config /etc/influxdb2/influxdb.conf &
  server=$!
  until influx ping 2>/dev/null; do sleep 0.2; done
  curl -fsS http://127.0.0.1:8086/query --data-urlencode \
    "q=CREATE USER admin WITH PASSWORD '$(cat "$DOCKER_INFLUXDB_INIT_PASSWORD_FILE")' WITH ALL PRIVILEGES"
  curl -fsS -u "admin:$(cat "$DOCKER_INFLUXDB_INIT_PASSWORD_FILE")" http://127.0.0.1:8086/query --data-urlencode \
    "q=CREATE DATABASE \"$DOCKER_INFLUXDB_INIT_BUCKET\""
  export DOCKER_INFLUXDB_INIT_BUCKET_ID=$DOCKER_INFLUXDB_INIT_BUCKET
  for script in /docker-entrypoint-initdb.d/*.sh; do bash "$script"; done
  kill "$server"
  wait "$server" || true
  touch "$data/.set-up"
fi
serve :8086
exec influxd -config /etc/influxdb2/influxdb.conf
