#!/bin/sh
# Start the Temporal server with the database password from its secret file. The server's own template reads the other variables.
set -eu

POSTGRES_PWD=$(cat "${PASSWORD_FILE:-/run/secrets/postgres_temporal_pw}")
export POSTGRES_PWD
exec temporal-server start
