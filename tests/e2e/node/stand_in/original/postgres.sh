#!/bin/sh
# Replaces the entrypoint of the original's PostgreSQL: the data as it makes them, then the server, with TLS.
set -eu

as_user() { exec setpriv --reuid=999 --regid=999 --clear-groups "$@"; }

keys=/tmp/keys
rm -rf "$keys" && mkdir "$keys"
cp /run/secrets/postgres_password "$keys/password"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=postgres -keyout "$keys/server.key" -out "$keys/server.crt" 2>/dev/null
chmod 600 "$keys"/*
mkdir -p "$PGDATA"
chmod 700 "$PGDATA"
chown -R 999:999 "$keys" "$PGDATA"
[ -e "$PGDATA/PG_VERSION" ] || (PASSWORD_FILE=$keys/password && export PASSWORD_FILE && as_user sh /opt/entry/init-postgres.sh)
as_user "$@" -c "ssl_cert_file=$keys/server.crt" -c "ssl_key_file=$keys/server.key" -c "listen_addresses=*"
