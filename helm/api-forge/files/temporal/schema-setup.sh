#!/bin/sh
# Set up and update the schemas of Temporal's two databases. Both commands leave a schema alone that is as new or newer, so running this
# again, or an older version of it after a revert, changes nothing. The databases exist already: the role may not create any.
# temporal-sql-tool reads SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_TLS*; the password stays off its arguments.
set -eu

: "${SQL_HOST:?}" "${SQL_USER:?}" "${PASSWORD_FILE:?}" "${TEMPORAL_DB:?}" "${TEMPORAL_VIS_DB:?}"
SQL_PASSWORD=$(cat "$PASSWORD_FILE")
export SQL_PASSWORD

update() {
    echo "schema $2 in database $1"
    SQL_DATABASE=$1
    export SQL_DATABASE
    temporal-sql-tool setup-schema -v 0.0
    temporal-sql-tool update-schema --schema-name "postgresql/v12/$2"
}

update "$TEMPORAL_DB" temporal
update "$TEMPORAL_VIS_DB" visibility
echo "both schemas are up to date"
