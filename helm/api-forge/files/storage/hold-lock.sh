#!/bin/sh
# Run a server, or the script that prepares its data, while no other server uses the same data directory.
# usage: hold-lock.sh NAME LOCK COMMAND…
# Waits for a lock (flock) on the file LOCK, which is on the volume, and becomes COMMAND. Every process that COMMAND starts shares the lock, and the
# kernel releases it when the last of them has ended, however it ended. PostgreSQL's own lock file cannot do that: it names a process, and
# the servers of two pods are both process 1.
set -eu

name=$1 lock=$2
shift 2
next_report=0
trap 'exit 143' INT TERM

fail() {
    echo "FAIL $1" >&2
    exit 1
}

reason=$( (true >>"$lock") 2>&1) || fail "the volume's folder ${lock%/*} must be writable for user $(id -u): $reason"
# Read and write: NFS locks exclusively only what is open for writing, and a truncated file would lose the holder's name.
exec 9<>"$lock"
until reason=$(flock -n 9 2>&1); do
    # flock prints nothing when another process holds the lock.
    [ -z "$reason" ] || fail "no lock on $lock, so nothing would keep another $name server out of this data directory: $reason (docs/chart/storage.md)"
    now=$(date +%s)
    if [ "$now" -ge "$next_report" ]; then
        echo "waiting for the other $name server on this data directory to stop: $lock is held by $(head -n 1 "$lock" 2>/dev/null)" >&2
        next_report=$((now + 10))
    fi
    sleep 1
done
# Only the message above needs it, so a full volume must not fail here.
printf '%s\n' "$(uname -n)" 2>/dev/null >&9 || true
exec "$@"
