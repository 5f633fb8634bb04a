#!/bin/sh
# Makes the secrets of docker-compose.yml, each of 32 random bytes. What exists stays as it is, so it may run again.
# Containers run as other users than the one who owns the files, and file secrets keep their mode: the files can be
# read by all, the folder only by its owner.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

random() {
  head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n'
}

keep() { # keep NAME: the standard input, unless there is such a secret
  if [ ! -s "secrets/$1" ]; then
    cat >"secrets/$1"
    chmod 0444 "secrets/$1"
    echo "made deploy/secrets/$1"
  fi
}

for name in admin_token influx_admin_password influx_admin_token influx_password \
  grafana_admin_password grafana_secret_key grafana_influx_password; do
  random | keep "$name"
done

# Only for deploy/influxdb3.yml: the token bare, and in the form that the server reads.
printf 'apiv3_%s' "$(random)" | keep influx3_token
printf '{"token":"%s","name":"_admin"}\n' "$(cat secrets/influx3_token)" | keep influx3_admin_token.json
