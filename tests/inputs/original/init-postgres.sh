# The data of the original's PostgreSQL: the cluster that Docker's entrypoint makes, the roles and databases of its init
# script, and a table that the application made itself.
set -eu
initdb --pgdata "$PGDATA" --username postgres --pwfile "${PASSWORD_FILE:-/run/secrets/postgres_password}" \
  --auth-host=scram-sha-256 --auth-local=trust --data-checksums >/dev/null
pg_ctl start --pgdata "$PGDATA" --wait --silent --options "-c listen_addresses= -c unix_socket_directories=/tmp"
psql -h /tmp -U postgres -v ON_ERROR_STOP=1 -q <<'SQL'
CREATE ROLE appowner NOLOGIN; CREATE ROLE appuser LOGIN; CREATE ROLE backupuser LOGIN;
CREATE DATABASE appdb OWNER appowner;
CREATE ROLE temporaluser_owner NOLOGIN; CREATE ROLE temporaluser LOGIN;
CREATE DATABASE temporal OWNER temporaluser_owner; CREATE DATABASE temporal_visibility OWNER temporaluser_owner;
\connect appdb
CREATE EXTENSION btree_gin; CREATE SCHEMA app AUTHORIZATION appowner; GRANT USAGE, CREATE ON SCHEMA app TO appuser;
SET ROLE appuser; CREATE TABLE app.items (id serial, item text); INSERT INTO app.items (item) VALUES ('kept');
SQL
pg_ctl stop --pgdata "$PGDATA" --mode fast --silent
