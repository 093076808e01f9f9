#!/bin/sh
# Hold a pod until PostgreSQL accepts connections, and a login of PGUSER when it is set.
# Reads libpq's own variables, PASSWORD_FILE and WAIT_TIMEOUT_SECONDS. Prints every ten seconds what it waits for, and fails at the deadline.
set -eu

: "${PGHOST:?}" "${PGPORT:?}"
export PGCONNECT_TIMEOUT=5
deadline=$(($(date +%s) + ${WAIT_TIMEOUT_SECONDS:-600}))
next_report=0

if [ -n "${PASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$PASSWORD_FILE")
    export PGPASSWORD
fi

answers() {
    if [ -n "${PGUSER:-}" ]; then
        psql --no-psqlrc --no-password --quiet --tuples-only --command 'SELECT 1' 2>&1
    else
        pg_isready --timeout=5 2>&1
    fi
}

until reason=$(answers); do
    now=$(date +%s)
    if [ "$now" -ge "$deadline" ]; then
        echo "PostgreSQL at $PGHOST:$PGPORT is not ready after ${WAIT_TIMEOUT_SECONDS:-600} s: $reason" >&2
        exit 1
    fi
    if [ "$now" -ge "$next_report" ]; then
        echo "waiting for PostgreSQL at $PGHOST:$PGPORT: $reason" >&2
        next_report=$((now + 10))
    fi
    sleep 1
done
echo "PostgreSQL at $PGHOST:$PGPORT is ready"
