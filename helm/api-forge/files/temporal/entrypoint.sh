#!/bin/sh
# Start the Temporal server with the database password from its secret file. The server's own template reads the other variables; it puts the
# password between double quotes in YAML as it is: https://github.com/temporalio/temporal/blob/v1.31.2/common/config/config_template_embedded.yaml
set -eu

POSTGRES_PWD=$(sed 's/[\\"]/\\&/g' "${PASSWORD_FILE:-/run/secrets/postgres_temporal_pw}")
export POSTGRES_PWD
# Its driver writes a space as `+`, which PostgreSQL takes for a plus sign: .../v1.31.2/common/persistence/sql/sqlplugin/postgresql/session/session.go
case $POSTGRES_PWD in *' '*) echo "FAIL postgres_temporal_pw: Temporal cannot log in with a password that has a space; set another one" >&2 && exit 1 ;; esac
exec temporal-server start
