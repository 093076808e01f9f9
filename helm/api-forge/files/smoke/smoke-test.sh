#!/bin/sh
# Ask for the application's health through its Service until it answers with success, or the deadline passes.
# The application's image has Python and curl; another image may have wget only.
set -eu

: "${SMOKE_URL:?}"
deadline=$(($(date +%s) + ${SMOKE_TIMEOUT_SECONDS:-60}))

fetch() {
    if command -v curl >/dev/null; then
        curl --fail --silent --show-error --max-time 5 --output /dev/null "$1" 2>&1
    elif command -v wget >/dev/null; then
        wget -q -T 5 -O /dev/null "$1" 2>&1
    elif command -v python3 >/dev/null; then
        python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5).read()' "$1" 2>&1 | tail -n 1
    else
        echo "the image has none of curl, wget and python3" >&2
        exit 2
    fi
}

until reason=$(fetch "$SMOKE_URL") && [ -z "$reason" ]; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo "FAIL $SMOKE_URL: ${reason:-no answer}" >&2
        exit 1
    fi
    sleep 2
done
echo "ok $SMOKE_URL"
