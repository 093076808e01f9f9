# shellcheck shell=bash
# Programs built once, from pinned Go modules, into a cache that outlives the checkout. Sourced by tests/e2e/build.sh and
# tests/services/build.sh, which set `pins`, the folder of the go.mod files, and `only_ask`: when it is not empty nothing
# is built, and exit 1 tells that something is missing.
set -euo pipefail
shopt -s inherit_errexit

cache=${E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gitops-gen-e2e}
bin=$cache/bin
share=$cache/share
scratch=$(mktemp -d)
building=''
trap 'rm -rf "$scratch"; [ -z "$building" ] || kill "$building"' EXIT
export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=mod" GOWORK=off

complain() {
    echo "build.sh: $1" >&2
    exit 2
}

check_go() {
    local version
    command -v go >/dev/null || complain "Go 1.26 or newer is missing: https://go.dev/dl/"
    version=$(go env GOVERSION)
    [ "$(printf '%s\n' go1.26 "$version" | sort -V | head -n 1)" = go1.26 ] ||
        complain "Go 1.26 or newer is needed, this is $version: https://go.dev/dl/"
}

# Two builds of one cache would write the same files. The lock ends with the last process that holds the descriptor.
take_cache() {
    mkdir -p "$bin" "$share"
    [ -z "$only_ask" ] || return 0
    exec 9>"$cache/build.lock"
    lock --nonblock && return
    echo "another build fills $cache: waiting until it has ended" >&2
    lock
}

lock() { # not flock(1), which only Linux has
    "${PYTHON:-python3}" - "$@" <<'PYTHON'
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | (fcntl.LOCK_NB if sys.argv[1:] else 0))
except BlockingIOError:
    sys.exit(1)
PYTHON
}

pinned() { # pin [module]  → the version that pins/<pin>/go.mod requires, or replaces the module by
    local module=${2:-}
    if [ -n "$module" ]; then
        awk -v module="$module" '$1 == module && $2 == "=>" { print $4 }' "$pins/$1/go.mod"
    else
        awk '$1 == "require" { print $3 }' "$pins/$1/go.mod"
    fi
}

is_built() { # program pin
    [ -x "$bin/$1" ] && go version -m "$bin/$1" 2>/dev/null | awk -v pin="$(pinned "$2")" '$1 == "mod" { same = $3 == pin } END { exit !same }'
}

build() { # program pin package [linker flags]
    is_built "$1" "$2" && return
    [ -z "$only_ask" ] || exit 1
    echo "building $1 $(pinned "$2")$(expected "$1")" >&2
    [ -d "$scratch/$2" ] || cp -r "$pins/$2" "$scratch/$2"
    (cd "$scratch/$2" && exec go build -trimpath -ldflags "-s -w ${4:-}" -o "$bin/$1.new" "$3") &
    follow "$1" $!
    mv "$bin/$1.new" "$bin/$1"
}

# How long the longer builds take on two cores when Go's own cache is empty.
expected() { # program
    case $1 in
    kube-apiserver | argocd | temporal-server) echo ", about 4 minutes" ;;
    kubelet) echo ", about 7 minutes" ;;
    external-secrets) echo ", about 3 minutes" ;;
    kyverno) echo ", about 6 minutes" ;;
    esac
}

# Wait for a build; every minute a line says that it goes on.
follow() { # program pid
    local began=$SECONDS printed=0 seconds
    building=$2
    while kill -0 "$2" 2>/dev/null; do
        sleep 0.2
        seconds=$((SECONDS - began))
        if [ $((seconds / 60)) -gt "$printed" ]; then
            printed=$((seconds / 60))
            echo "$1: building for $printed min" >&2
        fi
    done
    building=''
    wait "$2"
    seconds=$((SECONDS - began))
    echo "built $1 in $((seconds / 60)) min $((seconds % 60)) s" >&2
}
