#!/bin/sh
# Hold a pod until Temporal knows the application's namespace.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}"
deadline=$(($(date +%s) + ${WAIT_TIMEOUT_SECONDS:-600}))
next_report=0

until reason=$(temporal operator namespace describe --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE" --command-timeout 10s 2>&1); do
    now=$(date +%s)
    if [ "$now" -ge "$deadline" ]; then
        echo "namespace $TEMPORAL_NAMESPACE at $TEMPORAL_ADDRESS is not ready after ${WAIT_TIMEOUT_SECONDS:-600} s: $reason" >&2
        exit 1
    fi
    if [ "$now" -ge "$next_report" ]; then
        echo "waiting for namespace $TEMPORAL_NAMESPACE at $TEMPORAL_ADDRESS: $reason" >&2
        next_report=$((now + 10))
    fi
    sleep 2
done
echo "namespace $TEMPORAL_NAMESPACE at $TEMPORAL_ADDRESS is ready"
