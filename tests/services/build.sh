#!/usr/bin/env bash
# Builds temporal-server, temporal-sql-tool, temporal, and shfmt, which reads the chart's scripts, from their pinned Go
# modules, once, into a cache that outlives the checkout. About ten minutes on two cores when cold, less than a second
# afterwards. Pins are pins/*/go.mod; a program of another version than its pin is built again. E2E_CACHE chooses another
# place than ~/.cache/gitops-gen-e2e.
#
# usage: build.sh [--built]     --built builds nothing; exits 0 when everything is there, else 1
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/pins
case ${1:-} in
--built) only_ask=yes ;;
'') only_ask='' ;;
*)
    echo "build.sh: unknown argument '$1'" >&2
    exit 2
    ;;
esac
# shellcheck source=../go_programs.sh
. "$here/../go_programs.sh"

check_go
take_cache
build shfmt shfmt mvdan.cc/sh/v3/cmd/shfmt
build temporal-sql-tool temporal go.temporal.io/server/cmd/tools/sql
build temporal-server temporal go.temporal.io/server/cmd/server
build temporal temporal-cli github.com/temporalio/cli/cmd/temporal
