#!/bin/sh
# Hold the Temporal server until both schemas are at least as new as it needs. A newer schema is fine: a server that was rolled back runs on it.
set -eu

: "${PGHOST:?}" "${PGPORT:?}" "${PASSWORD_FILE:?}" "${TEMPORAL_DB:?}" "${TEMPORAL_VIS_DB:?}" "${TEMPORAL_SCHEMA:?}" "${TEMPORAL_VIS_SCHEMA:?}"
export PGCONNECT_TIMEOUT=5
deadline=$(($(date +%s) + ${WAIT_TIMEOUT_SECONDS:-600}))
next_report=0
PGPASSWORD=$(cat "$PASSWORD_FILE")
export PGPASSWORD

# `1.9` is older than `1.14`: compare number by number.
at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n | head -n 1)" = "$2" ]
}

schema_is_ready() {
    version=$(psql --no-psqlrc --no-password --quiet --tuples-only --no-align --dbname "$1" \
        --command 'SELECT curr_version FROM schema_version' 2>&1) || {
        reason="$1: $version"
        return 1
    }
    reason="$1 is at schema ${version:-nothing}, the server needs $2"
    [ -n "$version" ] && at_least "$version" "$2"
}

until schema_is_ready "$TEMPORAL_DB" "$TEMPORAL_SCHEMA" && schema_is_ready "$TEMPORAL_VIS_DB" "$TEMPORAL_VIS_SCHEMA"; do
    now=$(date +%s)
    if [ "$now" -ge "$deadline" ]; then
        echo "the schemas are not ready after ${WAIT_TIMEOUT_SECONDS:-600} s: $reason" >&2
        exit 1
    fi
    if [ "$now" -ge "$next_report" ]; then
        echo "waiting for the schema: $reason" >&2
        next_report=$((now + 10))
    fi
    sleep 1
done
echo "both schemas are ready"
