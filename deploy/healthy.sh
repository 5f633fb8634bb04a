#!/bin/bash
# Whether the server of this container answers on /healthz: exit code 0 or 1. It runs every 10 s, so it starts no
# Node: with bash alone it takes 3 MB and a few milliseconds.
host=${BELLWETHER_HTTP_HOST:-127.0.0.1}
case $host in 0.0.0.0 | :: | '[::]') host=127.0.0.1 ;; esac
exec 3<>"/dev/tcp/$host/${BELLWETHER_HTTP_PORT:-8080}" || exit 1
printf 'GET /healthz HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n\r\n' "$host" >&3
read -r -t 4 _ status _ <&3
# Hanging up in the middle of the answer would look like a fault on the other side.
while read -r -t 1 _ <&3; do :; done
[ "$status" = 200 ]
