#!/bin/sh
# Bring the data directory into the state that the release needs, before the server starts for its clients.
# Creates the cluster in a separate folder and renames it when complete, so a kill leaves either nothing or a cluster; then runs INIT_SCRIPT
# against a server that only this container can reach. Safe to repeat: it runs at every start, which also sets rotated passwords.
set -eu

: "${PGDATA:?}" "${INIT_SCRIPT:?}"
secrets=${SECRETS_DIR:-/run/secrets}
socket=$(mktemp -d)
incomplete=$PGDATA.incomplete

if [ ! -s "$PGDATA/PG_VERSION" ] && [ -s "${PGDATA%/*}/PG_VERSION" ]; then
    echo "FAIL the root of the volume holds a PostgreSQL cluster: the chart uses its folder ${PGDATA##*/} and would create a second, empty cluster there. Move the files into that folder" >&2
    exit 1
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # The rest of an init that was killed; a complete data directory never has this name.
    rm -rf "$incomplete"
    initdb --pgdata "$incomplete" --username postgres --pwfile "$secrets/postgres_password" \
        --auth-local trust --auth-host scram-sha-256 --encoding UTF8 --locale C.UTF-8 --data-checksums
    # rmdir fails unless it is empty: a mount point, or what a failed container left.
    [ ! -d "$PGDATA" ] || rmdir "$PGDATA"
    mv "$incomplete" "$PGDATA"
fi

# fsGroup makes the files of a volume that another deployment filled writable for the pod's group, and the server refuses such a data directory.
chmod u=rwx,go= "$PGDATA" || {
    echo "FAIL $PGDATA belongs to user $(stat -c %u "$PGDATA"), and this is user $(id -u): set postgresql.runAsUser to that user" >&2
    exit 1
}

printf 'local all postgres trust\n' >"$socket/pg_hba.conf"
stop() {
    pg_ctl stop --pgdata "$PGDATA" --mode fast --silent || true
    rm -rf "$socket"
}
trap stop EXIT
trap 'exit 143' INT TERM
pg_ctl start --pgdata "$PGDATA" --wait --timeout "${START_TIMEOUT_SECONDS:-240}" --silent --options \
    "-c listen_addresses='' -c unix_socket_directories='$socket' -c hba_file='$socket/pg_hba.conf' -c ssl=off -c log_statement=none"

PGHOST=$socket PGUSER=postgres SECRETS_DIR=$secrets sh "$INIT_SCRIPT"
