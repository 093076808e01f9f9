#!/bin/sh
# usage: restore.sh BACKUP, the name of a folder of the volume with the backups
# Put each database back as the backup has it, each in one transaction: after an error it is as it was before. Refuses while clients are connected,
# which would hold locks and write between two databases.
set -eu

: "${APP_DB:?}"
backups=${BACKUPS:-/var/lib/postgresql/backups}
from=$backups/${1:?the name of a backup is missing}
export PGHOST=127.0.0.1 PGSSLMODE=require PGUSER=postgres
PGPASSWORD=$(cat "${SECRETS_DIR:-/run/secrets}/postgres_password")
export PGPASSWORD

databases=$APP_DB
[ -z "${TEMPORAL_DB:-}" ] || databases="$databases $TEMPORAL_DB ${TEMPORAL_VIS_DB:?}"
for name in $databases; do
    [ -s "$from/$name.dump" ] || {
        echo "FAIL $from/$name.dump is missing or empty. Backups: $(find "$backups" -mindepth 1 -maxdepth 1 -type d -name '*Z' -exec basename {} \; | sort | paste -s -d ' ' -)" >&2
        exit 1
    }
done

clients=$(psql --no-psqlrc --tuples-only --no-align --dbname postgres --set databases="$databases" <<'SQL'
SELECT string_agg(DISTINCT usename || ' in ' || datname, ', ') FROM pg_stat_activity
WHERE backend_type = 'client backend' AND datname = ANY (string_to_array(:'databases', ' '));
SQL
)
if [ -n "$clients" ]; then
    echo "FAIL these are connected: $clients. Stop app, worker and temporal first" >&2
    exit 1
fi

for name in $databases; do
    pg_restore --clean --if-exists --exit-on-error --single-transaction --dbname "$name" "$from/$name.dump"
    echo "$name is restored"
done
