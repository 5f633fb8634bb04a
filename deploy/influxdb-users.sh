#!/bin/bash
# Runs once, when the InfluxDB 2 container sets itself up: one user that may read and write the bucket (Bellwether), one
# that may only read it (Grafana). Both sign in as with InfluxDB 1 (user and password), which 2.x keeps working.
set -eu
bucket=${DOCKER_INFLUXDB_INIT_BUCKET_ID:?}
influx v1 auth create --username bellwether --password "$(cat /run/secrets/influx_password)" \
  --read-bucket "$bucket" --write-bucket "$bucket" >/dev/null
influx v1 auth create --username grafana --password "$(cat /run/secrets/grafana_influx_password)" \
  --read-bucket "$bucket" >/dev/null
echo 'users bellwether and grafana made'
