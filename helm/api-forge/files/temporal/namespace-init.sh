#!/bin/sh
# Create the application's Temporal namespace, or bring its retention up to date. Waits for the cluster first, until the deadline.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}" "${TEMPORAL_RETENTION:?}"
deadline=$(($(date +%s) + ${WAIT_TIMEOUT_SECONDS:-600}))

operator() {
    temporal operator "$@" --address "$TEMPORAL_ADDRESS" --command-timeout 10s 2>&1
}

# Another run may have created it, or the frontend may not have loaded its namespaces: both look like a failure and are not.
bring_up_to_date() {
    operator cluster health || return 1
    if operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null; then
        operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"
    else
        operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"
    fi
}

until reason=$(bring_up_to_date); do
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo "FAIL namespace $TEMPORAL_NAMESPACE at $TEMPORAL_ADDRESS: $reason" >&2
        exit 1
    fi
    echo "not yet: $reason" >&2
    sleep 3
done
echo "namespace $TEMPORAL_NAMESPACE keeps closed workflows for $TEMPORAL_RETENTION"
