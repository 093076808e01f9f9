#!/usr/bin/env bash
# Create the five Secrets that the chart reads, from files or generated. Safe to repeat: a key that the cluster has is kept, so a second run
# changes nothing, and a key that was added later is filled in.
#
# usage: create-secrets.sh --namespace NAME [--from DIR] [--rotate KEY]… [--dry-run]
#
#   --from DIR     where values come from: DIR/keys/<key>.txt, DIR/certs/<file>.     default: infra/secrets
#                  A file wins over what the cluster has. What has neither is generated: passwords of 24 letters and digits, and
#                  a certificate authority with a server certificate for PostgreSQL.
#   --rotate KEY   give KEY a new value, from its file when there is one; `postgres-tls` makes a new server certificate and authority, and lets
#                  clients trust the previous authority too, until `--rotate postgres-ca` removes it
#   --dry-run      print what would be done, change nothing
#
# No value is ever an argument of a program, printed, or written to a disk: work happens in a folder in memory where there is one.
# After a rotation restart what reads the Secret: docs/chart/rotate-secrets.md.
set -euo pipefail
shopt -s inherit_errexit

namespace='' from=infra/secrets dry_run='' rotate=' '
die() {
    echo "create-secrets.sh: $1" >&2
    exit "${2:-1}"
}
while [ $# -gt 0 ]; do
    case $1 in
    --namespace | -n) namespace=${2:?}; shift 2 ;;
    --from) from=${2:?}; shift 2 ;;
    --rotate) rotate+="${2:?} "; shift 2 ;;
    --dry-run) dry_run=yes; shift ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) die "unknown argument '$1': see --help" 2 ;;
    esac
done
[ -n "$namespace" ] || die "--namespace is missing: see --help" 2
for program in kubectl openssl; do command -v "$program" >/dev/null || die "$program is not on PATH" 2; done

certificates="ca-bundle.crt root-ca.crt intermediate-ca.crt server.crt server.key"
declare -A keys=(
    [postgres-secrets]="postgres_password postgres_app_owner_pw postgres_app_user_pw postgres_app_ro_pw postgres_temporal_pw"
    [postgres-tls]="server.crt server.key"
    [postgres-ca]="ca-bundle.crt root-ca.crt intermediate-ca.crt"
    [redis-secrets]="redis_password"
    [app-secrets]="session_signing_secret csrf_signing_secret oidc_google_client_secret oidc_microsoft_client_secret oidc_keycloak_client_secret"
)
known=" postgres-tls postgres-ca ${keys[postgres-secrets]} ${keys[redis-secrets]} ${keys[app-secrets]} "
for key in $rotate; do
    [[ $known == *" $key "* ]] || die "--rotate $key: no such key; the keys are:$known" 2
done

umask 077
place=${TMPDIR:-/tmp}
[ ! -w /dev/shm ] || place=/dev/shm
work=$(mktemp -d "$place/secrets.XXXXXX")
# openssl prints progress to stderr: shown only when it fails.
finish() {
    [ ! -s "$work/openssl.log" ] || cat "$work/openssl.log" >&2
    rm -rf "$work"
}
trap finish EXIT
mkdir "$work/old" "$work/new" "$work/made"

# fetch SECRET: the values that the cluster has, as files in old/SECRET.
fetch() {
    mkdir -p "$work/old/$1"
    local entry value
    # shellcheck disable=SC2016 # variables of the Go template
    kubectl --namespace "$namespace" get secret "$1" --ignore-not-found \
        --output 'go-template={{range $key, $value := .data}}{{$key}} {{$value}}{{"\n"}}{{end}}' >"$work/fetched"
    while read -r entry value; do
        printf '%s' "$value" | base64 -d >"$work/old/$1/$entry"
    done <"$work/fetched"
}

# source_file KEY: where a file for KEY would be.
source_file() {
    case $1 in
    *.crt | *.key) echo "$from/certs/$1" ;;
    *) echo "$from/keys/$1.txt" ;;
    esac
}

generate_password() { # → 24 letters and digits
    local text=''
    while [ ${#text} -lt 24 ]; do text+=$(openssl rand -base64 48 | tr -dc 'A-Za-z0-9'); done
    printf '%s' "${text:0:24}"
}

# current_authority: the certificates of the authority in the cluster, without those that it followed.
current_authority() {
    local file
    for file in "$work"/old/postgres-ca/{intermediate-ca,root-ca}.crt; do
        [ ! -f "$file" ] || cat "$file"
    done
}

# Root, intermediate and server certificate. The names are those that clients in the namespace connect to.
# Each authority has its own name: if several have the same one, OpenSSL takes the first.
generate_certificates() {
    [ ! -e "$work/made/server.crt" ] || return 0
    local made
    made=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    (
        cd "$work/made"
        printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >ca.ext
        printf 'subjectAltName=DNS:postgres,DNS:localhost\nextendedKeyUsage=serverAuth\n' >server.ext
        openssl ecparam -name prime256v1 -genkey -noout -out root.key
        openssl req -x509 -new -key root.key -days 3650 -subj "/CN=api-forge root $made" -out root-ca.crt
        openssl ecparam -name prime256v1 -genkey -noout -out intermediate.key
        openssl req -new -key intermediate.key -subj "/CN=api-forge intermediate $made" |
            openssl x509 -req -CA root-ca.crt -CAkey root.key -CAcreateserial -days 1825 -extfile ca.ext -out intermediate-ca.crt
        openssl ecparam -name prime256v1 -genkey -noout -out server.key
        openssl req -new -key server.key -subj "/CN=postgres" |
            openssl x509 -req -CA intermediate-ca.crt -CAkey intermediate.key -CAcreateserial -days 825 -extfile server.ext -out leaf.crt
        cat leaf.crt intermediate-ca.crt >server.crt
        cat intermediate-ca.crt root-ca.crt >ca-bundle.crt
        [[ $rotate == *" postgres-ca "* ]] || current_authority >>ca-bundle.crt
    ) 2>"$work/openssl.log"
    rm "$work/openssl.log"
}

# decide SECRET KEY: the value goes to new/SECRET/KEY; prints where it came from.
decide() {
    local secret=$1 key=$2 file old=$work/old/$1/$2 new=$work/new/$1/$2 rotated=
    file=$(source_file "$key")
    [[ $rotate == *" $key "* ]] && rotated=yes
    if [[ " $certificates " == *" $key "* ]]; then
        decide_certificate "$key" "$file" "$old" "$new"
    elif [ -f "$file" ]; then
        printf '%s' "$(<"$file")" >"$new"
        echo "from $file"
        [ -z "$rotated" ] || ! cmp -s "$old" "$new" || die "--rotate $key: $file still has the old value: put the new one there, or remove the file"
    elif [ -f "$old" ] && [ -z "$rotated" ]; then
        cp "$old" "$new"
        echo kept
    else
        generate_password >"$new"
        echo generated
    fi
    [ -s "$new" ] || die "$file is empty"
}

# Certificates belong together: either all come from files, or all stay, or all are made.
decide_certificate() {
    if [ -n "$all_certificates_given" ]; then
        cp "$2" "$4"
        echo "from $2"
    elif [ -n "$all_certificates_stored" ] && [[ $rotate != *" postgres-tls "* ]]; then
        if [[ $1 = ca-bundle.crt && $rotate == *" postgres-ca "* ]]; then
            current_authority >"$4"
            echo "without the previous authority"
        else
            cp "$3" "$4"
            echo kept
        fi
    else
        generate_certificates
        cp "$work/made/$1" "$4"
        echo generated
    fi
}

for secret in "${!keys[@]}"; do fetch "$secret"; done

given=0 stored=0 total=0
for file in $certificates; do
    total=$((total + 1))
    [ ! -f "$from/certs/$file" ] || given=$((given + 1))
    compgen -G "$work/old/*/$file" >/dev/null && stored=$((stored + 1))
done
all_certificates_given=$([ "$given" -lt "$total" ] || echo yes)
all_certificates_stored=$([ "$stored" -lt "$total" ] || echo yes)
[ "$given" -eq 0 ] || [ -n "$all_certificates_given" ] || die "$from/certs has $given of the $total files $certificates: they belong together, so provide all of them, or none"
if [ -n "$all_certificates_given" ]; then
    openssl verify -CAfile "$from/certs/root-ca.crt" -untrusted "$from/certs/ca-bundle.crt" -verify_hostname postgres "$from/certs/server.crt" >/dev/null ||
        die "$from/certs/server.crt is not for the host \`postgres\`, or its authority is not in ca-bundle.crt and root-ca.crt"
fi

# Decide all of it before anything is written, so that a mistake leaves every Secret as it was.
for secret in postgres-secrets postgres-tls postgres-ca redis-secrets app-secrets; do
    mkdir "$work/new/$secret"
    for key in ${keys[$secret]}; do
        origin=$(decide "$secret" "$key")
        printf '%-17s %-30s %s\n' "$secret" "$key" "$origin"
    done
done
[ -z "$dry_run" ] || exit 0

for secret in "${!keys[@]}"; do
    # Other keys of the Secret stay.
    for file in "$work/old/$secret"/*; do
        [ ! -e "$file" ] || [ -e "$work/new/$secret/${file##*/}" ] || cp "$file" "$work/new/$secret/"
    done
    if [ "$(ls -A "$work/old/$secret")" ] && diff -rq "$work/old/$secret" "$work/new/$secret" >/dev/null; then continue; fi
    # Server-side: a client-side apply would repeat every value in an annotation.
    kubectl --namespace "$namespace" create secret generic "$secret" --from-file="$work/new/$secret" --dry-run=client --output yaml |
        kubectl --namespace "$namespace" apply --server-side --force-conflicts --field-manager create-secrets --filename - >/dev/null
    echo "wrote $secret"
done
