#!/bin/sh
# Replaces the entrypoint of the original's Redis: snapshots only, the password, its own user.
set -eu

password=$(cat /run/secrets/redis_password)
export password
chown redis /data
# shellcheck disable=SC2016 # that user's shell puts the password in
exec su -s /bin/sh redis -c 'exec redis-server --dir /data --save 900 1 --requirepass "$password"'
