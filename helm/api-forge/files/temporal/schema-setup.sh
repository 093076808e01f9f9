#!/bin/sh
# Set up and update the schemas of Temporal's two databases. Both commands leave a schema alone that is as new or newer, so running this
# again, or an older version of it after a revert, changes nothing. A SIGTERM (drain, eviction, deadline) does not end it: the shell, being the
# container's first process, ignores it, and the second that an update takes is less than the grace period. The databases exist already: the role may not create any.
# temporal-sql-tool reads SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_TLS*; the password stays off its arguments.
set -eu

: "${SQL_HOST:?}" "${SQL_USER:?}" "${PASSWORD_FILE:?}" "${TEMPORAL_DB:?}" "${TEMPORAL_VIS_DB:?}"
SQL_PASSWORD=$(cat "$PASSWORD_FILE")
export SQL_PASSWORD
# The driver writes a space as `+`, which PostgreSQL takes for a plus sign.
case $SQL_PASSWORD in *' '*) echo "FAIL postgres_temporal_pw: Temporal cannot log in with a password that has a space; set another one" >&2 && exit 1 ;; esac

update() {
    echo "schema $2 in database $1"
    SQL_DATABASE=$1
    export SQL_DATABASE
    temporal-sql-tool setup-schema -v 0.0
    temporal-sql-tool update-schema --schema-name "postgresql/v12/$2" || {
        echo "FAIL schema $2 in database $1. If a table \`already exists\`: an earlier run was killed within a version, which the tool does" >&2
        echo "not apply as one transaction, and a first installation must drop both databases; an upgrade must restore them." >&2
        exit 1
    }
}

update "$TEMPORAL_DB" temporal
update "$TEMPORAL_VIS_DB" visibility
echo "both schemas are up to date"
