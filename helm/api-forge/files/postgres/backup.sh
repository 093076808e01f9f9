#!/bin/sh
# Dump each database and the names of the roles into a new folder of BACKUPS, and read every dump back to its end. The newest KEEP backups stay; older
# ones are removed after a backup that succeeded, so a series of failures removes none.
# Connects as the role that may only read, with libpq's variables. A folder is renamed when it is complete: one that ends in .part is no backup.
set -eu

: "${BACKUPS:?}" "${KEEP:?}" "${APP_DB:?}"
PGPASSWORD=$(cat "${SECRETS_DIR:-/run/secrets}/postgres_app_ro_pw")
export PGPASSWORD
umask 077

# What a killed run left; one of today may still be written by a run that was started by hand.
find "$BACKUPS" -maxdepth 1 -name '*.part' -mmin +1440 -exec rm -rf {} +

to=$BACKUPS/$(date -u +%Y%m%dT%H%M%SZ)
mkdir "$to.part"
trap 'rm -rf "$to.part"' EXIT
trap 'exit 143' INT TERM
pg_dumpall --no-password --globals-only --no-role-passwords --file "$to.part/globals.sql"
for name in "$APP_DB" "${TEMPORAL_DB:-}" "${TEMPORAL_VIS_DB:-}"; do
    [ -n "$name" ] || continue
    pg_dump --no-password --format custom --file "$to.part/$name.dump" "$name"
    pg_restore --file /dev/null "$to.part/$name.dump"
    echo "$name: $(pg_restore --list "$to.part/$name.dump" | grep -c ' TABLE DATA ') tables, $(wc -c <"$to.part/$name.dump") bytes"
done
mv "$to.part" "$to"

find "$BACKUPS" -maxdepth 1 -type d -name '????????T??????Z' | sort -r | tail -n "+$((KEEP + 1))" | while read -r old; do
    rm -rf "$old"
    echo "removed $old"
done
echo "$to"
