#!/bin/sh
# Create the roles, databases, schema and grants of the application and, when TEMPORAL_DB_USER is set, of Temporal. Safe to
# repeat: what exists is kept, what is missing is added, and passwords are set to those of the secret files.
# Connects as the superuser with libpq's variables. Passwords are read by psql from their files, so they are on no command line.
set -eu

: "${APP_DB:?}" "${APP_SCHEMA:?}" "${APP_DB_OWNER:?}" "${APP_DB_USER:?}" "${APP_DB_RO_USER:?}"
export SECRETS_DIR="${SECRETS_DIR:-/run/secrets}"

sql() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@" >/dev/null
}

# login ROLE KEY: a role that may log in with the password in the file KEY, and nothing more.
login() {
    PASSWORD_FILE=$SECRETS_DIR/$2 sql --dbname postgres --set role="$1" <<'SQL'
\set password `cat "$PASSWORD_FILE"`
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
SQL
}

# owner ROLE: a role that owns things and cannot log in.
owner() {
    sql --dbname postgres --set role="$1" <<'SQL'
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" WITH NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
SQL
}

# database NAME OWNER
database() {
    sql --dbname postgres --set name="$1" --set owner="$2" <<'SQL'
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'owner') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
ALTER DATABASE :"name" OWNER TO :"owner";
REVOKE CREATE, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
    sql --dbname "$1" --command 'CREATE EXTENSION IF NOT EXISTS btree_gin'
}

# The superuser's password may have been rotated too.
PASSWORD_FILE=$SECRETS_DIR/postgres_password sql --dbname postgres <<'SQL'
\set password `cat "$PASSWORD_FILE"`
ALTER ROLE postgres PASSWORD :'password';
SQL

echo "roles and database of the application"
owner "$APP_DB_OWNER"
login "$APP_DB_USER" postgres_app_user_pw
login "$APP_DB_RO_USER" postgres_app_ro_pw
database "$APP_DB" "$APP_DB_OWNER"
sql --dbname "$APP_DB" --set schema="$APP_SCHEMA" --set db="$APP_DB" --set owner="$APP_DB_OWNER" --set rw="$APP_DB_USER" --set ro="$APP_DB_RO_USER" <<'SQL'
CREATE SCHEMA IF NOT EXISTS :"schema" AUTHORIZATION :"owner";
ALTER SCHEMA :"schema" OWNER TO :"owner";
REVOKE ALL ON SCHEMA :"schema" FROM PUBLIC;
REVOKE CREATE ON SCHEMA :"schema" FROM :"ro";
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA :"schema" FROM :"ro";

GRANT CONNECT, TEMPORARY ON DATABASE :"db" TO :"rw";
GRANT CONNECT ON DATABASE :"db" TO :"ro";
GRANT USAGE, CREATE ON SCHEMA :"schema" TO :"rw";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA :"schema" TO :"rw";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA :"schema" TO :"rw";
-- The reader makes the backups, so it may read everything, whoever makes it: https://www.postgresql.org/docs/15/predefined-roles.html
GRANT pg_read_all_data TO :"ro";

-- What the owner makes later, the application may use.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"rw";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT USAGE, SELECT ON SEQUENCES TO :"rw";

ALTER ROLE :"rw" IN DATABASE :"db" SET search_path = :"schema", public;
ALTER ROLE :"ro" IN DATABASE :"db" SET search_path = :"schema", public;
SQL

if [ -n "${TEMPORAL_DB_USER:-}" ]; then
    echo "roles and databases of Temporal"
    owner "${TEMPORAL_DB_OWNER:?}"
    login "$TEMPORAL_DB_USER" postgres_temporal_pw
    for name in "${TEMPORAL_DB:?}" "${TEMPORAL_VIS_DB:?}"; do
        database "$name" "$TEMPORAL_DB_OWNER"
        sql --dbname "$name" --set db="$name" --set owner="$TEMPORAL_DB_OWNER" --set user="$TEMPORAL_DB_USER" <<'SQL'
GRANT CONNECT, TEMPORARY ON DATABASE :"db" TO :"user";
GRANT USAGE, CREATE ON SCHEMA public TO :"user";
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public TO :"user";
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO :"user";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLES TO :"user";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO :"user";
SQL
    done
fi
echo "roles, databases and grants are up to date"
