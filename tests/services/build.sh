#!/usr/bin/env bash
# Builds temporal-server, temporal-sql-tool, temporal, and shfmt, which reads the chart's scripts, from their pinned Go
# modules, once, into a cache that outlives the checkout. About ten minutes on two cores when cold, less than a second
# afterwards. Pins are pins/*/go.mod; a program of another version than its pin is built again. E2E_CACHE chooses another
# place than ~/.cache/gitops-gen-e2e.
#
# usage: build.sh [--built]     --built builds nothing; exits 0 when everything is there, else 1
set -euo pipefail
shopt -s inherit_errexit

pins=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/pins
bin=${E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gitops-gen-e2e}/bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=mod" GOWORK=off

case ${1:-} in
--built) only_ask=yes ;;
'') only_ask='' ;;
*)
    echo "build.sh: unknown argument '$1'" >&2
    exit 2
    ;;
esac
command -v go >/dev/null || {
    echo "build.sh: Go 1.26 or newer is missing: https://go.dev/dl/" >&2
    exit 2
}

pinned() { # pin → the version that its go.mod requires
    awk '$1 == "require" { print $3 }' "$pins/$1/go.mod"
}

is_built() { # program pin
    [ -x "$bin/$1" ] && go version -m "$bin/$1" 2>/dev/null |
        awk -v pin="$(pinned "$2")" '$1 == "mod" && $3 == pin { same = 1 } END { exit !same }'
}

build() { # program pin package
    is_built "$1" "$2" && return
    [ -z "$only_ask" ] || exit 1
    echo "building $1 $(pinned "$2")" >&2
    [ -d "$scratch/$2" ] || cp -r "$pins/$2" "$scratch/$2"
    (cd "$scratch/$2" && go build -trimpath -ldflags "-s -w" -o "$bin/$1.new" "$3")
    mv "$bin/$1.new" "$bin/$1"
}

mkdir -p "$bin"
build shfmt shfmt mvdan.cc/sh/v3/cmd/shfmt
build temporal-sql-tool temporal go.temporal.io/server/cmd/tools/sql
build temporal-server temporal go.temporal.io/server/cmd/server
build temporal temporal-cli github.com/temporalio/cli/cmd/temporal
