#!/bin/sh
# Start Redis with its password, which neither an argument list nor a ConfigMap may show.
set -eu

config=/tmp/redis.conf
umask 077
{
    cat "${REDIS_CONFIG:-/etc/redis/redis.conf}"
    printf 'requirepass "%s"\n' "$(sed 's/[\\"]/\\&/g' "${PASSWORD_FILE:-/run/secrets/redis_password}")"
} >"$config"
exec redis-server "$config"
