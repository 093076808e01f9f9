#!/bin/sh
# Hold a pod until Redis answers and accepts the password. `redis-cli ping` exits 0 on NOAUTH too, so the answer itself is read.
set -eu

: "${REDIS_HOST:?}" "${REDIS_PORT:?}" "${PASSWORD_FILE:?}"
deadline=$(($(date +%s) + ${WAIT_TIMEOUT_SECONDS:-600}))
next_report=0
REDISCLI_AUTH=$(cat "$PASSWORD_FILE")
export REDISCLI_AUTH

answers() {
    answer=$(redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" ping 2>&1) || true
    [ "$(printf '%s\n' "$answer" | tail -n 1)" = PONG ]
}

until answers; do
    now=$(date +%s)
    if [ "$now" -ge "$deadline" ]; then
        echo "Redis at $REDIS_HOST:$REDIS_PORT is not ready after ${WAIT_TIMEOUT_SECONDS:-600} s: $answer" >&2
        exit 1
    fi
    if [ "$now" -ge "$next_report" ]; then
        echo "waiting for Redis at $REDIS_HOST:$REDIS_PORT: $answer" >&2
        next_report=$((now + 10))
    fi
    sleep 1
done
echo "Redis at $REDIS_HOST:$REDIS_PORT is ready"
