#!/bin/sh
# Turn secret files into variables and start the program. Kubernetes expands no variable inside a ConfigMap, so this is where secrets enter the
# environment. The pod runs as its final user already: there is no user to switch to.
# A file of one line becomes the upper-case variable of its name; certificates and keys stay files.
set -eu

for file in "${SECRETS_DIR:-/run/secrets}"/*; do
    [ -f "$file" ] || continue
    name=$(basename "$file")
    case $name in
    *.crt | *.key | *.pem) continue ;;
    esac
    [ "$(wc -l <"$file")" -le 1 ] || continue
    variable=$(printf '%s' "$name" | tr 'a-z.-' 'A-Z__')
    case $variable in
    [0-9]* | *[!A-Z0-9_]*) continue ;;
    esac
    export "$variable=$(cat "$file")"
done

exec "$@"
