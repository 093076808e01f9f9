#!/bin/sh
# Check that PostgreSQL is as the release needs it: roles, ownership, grants, default privileges, extensions, TLS, and that the server refuses
# connections without TLS or a password. Runs every check, prints one line each (ok or FAIL, its name and what is wrong) and fails when one failed.
# Changes nothing. Reads PGHOST, PGPORT, PGSSLMODE, PGSSLROOTCERT, the names of roles and databases, and passwords from SECRETS_DIR.
set -eu

: "${PGHOST:?}" "${PGPORT:?}" "${APP_DB:?}" "${APP_SCHEMA:?}" "${APP_DB_OWNER:?}" "${APP_DB_USER:?}" "${APP_DB_RO_USER:?}"
secrets=${SECRETS_DIR:-/run/secrets}
export PGCONNECT_TIMEOUT=10
failures=0

ok() { echo "ok   $1"; }
bad() {
    echo "FAIL $1: $2"
    failures=$((failures + 1))
}

# as ROLE KEY DATABASE [psql's arguments]: one value, or the error, as that role.
as() {
    role=$1 key=$2 db=$3
    shift 3
    PGPASSWORD=$(cat "$secrets/$key") psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
        --username "$role" --dbname "$db" "$@" 2>&1
}

# expect NAME DATABASE HINT SQL: the superuser's query says t.
expect() {
    answer=$(as postgres postgres_password "$2" --set schema="$APP_SCHEMA" --set db="$APP_DB" --set owner="$APP_DB_OWNER" --set rw="$APP_DB_USER" \
        --set ro="$APP_DB_RO_USER" --set towner="${TEMPORAL_DB_OWNER:-}" --set tuser="${TEMPORAL_DB_USER:-}" --set subject="${subject:-}" <<SQL
$4
SQL
    ) || true
    case $answer in
    t) ok "$1" ;;
    f | '') bad "$1" "$3" ;;
    *) bad "$1" "$answer" ;;
    esac
}

log_in() {
    if answer=$(as "$1" "$2" "$3" --command 'SELECT 1'); then
        ok "login-$1"
    else
        bad "login-$1" "$answer (does the Secret's key $2 hold the role's password?)"
    fi
}

role_can_log_in() {
    subject=$1
    expect "role-$1" postgres "the role is missing, cannot log in, or may do more than log in" \
        "SELECT rolcanlogin AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication) FROM pg_roles WHERE rolname = :'subject'"
}

role_cannot_log_in() {
    subject=$1
    expect "role-$1" postgres "the role is missing, or it can log in" \
        "SELECT NOT rolcanlogin AND NOT rolsuper FROM pg_roles WHERE rolname = :'subject'"
}

database_owner() {
    subject=$1
    expect "database-$1" postgres "the database is missing or not owned by $2" \
        "SELECT pg_get_userbyid(datdba) = '$2' FROM pg_database WHERE datname = :'subject'"
    expect "extension-$1" "$1" "the extension btree_gin is missing" \
        "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'btree_gin')"
}

# default_privileges NAME TYPE PRIVILEGES: what the owner makes later, the application may use.
default_privileges() {
    expect "$1" "$APP_DB" "default privileges are missing: $APP_DB_USER will lack $3 on what $APP_DB_OWNER creates in schema $APP_SCHEMA" \
        "SELECT count(DISTINCT acl.privilege_type) = cardinality(string_to_array('$3', ','))
         FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) AS acl
         WHERE n.nspname = :'schema' AND d.defaclrole = to_regrole(quote_ident(:'owner')) AND d.defaclobjtype = '$2'
           AND acl.grantee = to_regrole(quote_ident(:'rw')) AND acl.privilege_type = ANY (string_to_array('$3', ','))"
}

refuses_plaintext() {
    if answer=$(PGSSLMODE=disable PGSSLROOTCERT='' as "$1" "$2" "$3" --command 'SELECT 1'); then
        bad "plaintext-$1" "a connection without TLS was accepted: pg_hba.conf needs hostnossl … reject"
    else
        case $answer in
        *pg_hba.conf*) ok "plaintext-$1" ;;
        *) bad "plaintext-$1" "not refused by pg_hba.conf: $answer" ;;
        esac
    fi
}

log_in postgres postgres_password postgres
log_in "$APP_DB_USER" postgres_app_user_pw "$APP_DB"
log_in "$APP_DB_RO_USER" postgres_app_ro_pw "$APP_DB"

role_cannot_log_in "$APP_DB_OWNER"
role_can_log_in "$APP_DB_USER"
role_can_log_in "$APP_DB_RO_USER"
database_owner "$APP_DB" "$APP_DB_OWNER"

expect schema-owner "$APP_DB" "schema $APP_SCHEMA is missing or not owned by $APP_DB_OWNER" \
    "SELECT pg_get_userbyid(nspowner) = :'owner' FROM pg_namespace WHERE nspname = :'schema'"
expect schema-grants "$APP_DB" "$APP_DB_USER lacks USAGE or CREATE on schema $APP_SCHEMA, or $APP_DB_RO_USER has CREATE" \
    "SELECT has_schema_privilege(:'rw', oid, 'USAGE') AND has_schema_privilege(:'rw', oid, 'CREATE')
        AND NOT has_schema_privilege(:'ro', oid, 'CREATE')
     FROM pg_namespace WHERE nspname = :'schema'"
expect table-grants "$APP_DB" "$APP_DB_USER lacks SELECT, INSERT, UPDATE or DELETE on at least one table of schema $APP_SCHEMA" \
    "SELECT coalesce(bool_and(has_table_privilege(:'rw', c.oid, privilege)), true)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
     WHERE n.nspname = :'schema' AND c.relkind IN ('r', 'p', 'v', 'm')"
expect table-grants-sequences "$APP_DB" "$APP_DB_USER lacks SELECT on at least one sequence of schema $APP_SCHEMA" \
    "SELECT coalesce(bool_and(has_sequence_privilege(:'rw', c.oid, 'SELECT')), true)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :'schema' AND c.relkind = 'S'"
expect read-only "$APP_DB" "$APP_DB_RO_USER may change at least one table of schema $APP_SCHEMA" \
    "SELECT NOT coalesce(bool_or(has_table_privilege(:'ro', c.oid, 'INSERT,UPDATE,DELETE,TRUNCATE')), false)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :'schema' AND c.relkind IN ('r', 'p', 'v', 'm')"
expect read-all "$APP_DB" "$APP_DB_RO_USER is no member of pg_read_all_data, which a backup needs" \
    "SELECT pg_has_role(:'ro', 'pg_read_all_data', 'USAGE')"
default_privileges default-tables r SELECT,INSERT,UPDATE,DELETE
default_privileges default-sequences S USAGE,SELECT

if [ -n "${TEMPORAL_DB_USER:-}" ]; then
    role_cannot_log_in "${TEMPORAL_DB_OWNER:?}"
    role_can_log_in "$TEMPORAL_DB_USER"
    for name in "${TEMPORAL_DB:?}" "${TEMPORAL_VIS_DB:?}"; do
        database_owner "$name" "$TEMPORAL_DB_OWNER"
        log_in "$TEMPORAL_DB_USER" postgres_temporal_pw "$name"
        expect "temporal-grants-$name" "$name" "$TEMPORAL_DB_USER lacks USAGE or CREATE on schema public" \
            "SELECT has_schema_privilege(:'tuser', 'public', 'USAGE') AND has_schema_privilege(:'tuser', 'public', 'CREATE')"
    done
fi

expect tls-on postgres "the server runs with ssl = off" "SELECT current_setting('ssl') = 'on'"
expect tls-session postgres "the verifier's own session is not encrypted" "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
refuses_plaintext "$APP_DB_USER" postgres_app_user_pw "$APP_DB"
refuses_plaintext postgres postgres_password postgres
expect hba-syntax postgres "pg_hba.conf has a line that the server cannot read" \
    "SELECT count(*) = 0 FROM pg_hba_file_rules WHERE error IS NOT NULL"
expect hba-tls-only postgres "pg_hba.conf accepts network connections without TLS, or without scram-sha-256" \
    "SELECT count(*) = 0 FROM pg_hba_file_rules
     WHERE (type IN ('host', 'hostnossl') AND auth_method <> 'reject') OR (type = 'hostssl' AND auth_method NOT IN ('scram-sha-256', 'cert', 'reject'))"
expect hba-reject postgres "pg_hba.conf has no hostnossl … reject for all addresses" \
    "SELECT count(*) > 0 FROM pg_hba_file_rules WHERE type = 'hostnossl' AND auth_method = 'reject' AND address IN ('0.0.0.0', 'all')"

if [ "$failures" -gt 0 ]; then
    echo "$failures checks failed"
    exit 1
fi
echo "all checks passed"
