#!/bin/sh
# Ask Redis with its password. `redis-cli ping` exits 0 on NOAUTH and while loading, so the answer itself is read.
set -eu

REDISCLI_AUTH=$(cat "${PASSWORD_FILE:-/run/secrets/redis_password}")
export REDISCLI_AUTH
answer=$(redis-cli -h 127.0.0.1 -p "${REDIS_PORT:-6379}" ping 2>&1) || true
[ "$(printf '%s\n' "$answer" | tail -n 1)" = PONG ] || {
    echo "$answer" >&2
    exit 1
}
