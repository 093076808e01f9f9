#!/bin/sh
# api-forge-prod to helm, environment production
# Made by `gitops-gen migrate`; run it in the project's folder. It stops at the first step that fails, and
# continues there when it is run again. The argument `back` rolls back, from what the steps under `Back up` wrote.
# shellcheck disable=SC2016 # what is in single quotes is for kubectl, or for a shell in a pod
set -eu

steps=backup-api-forge-prod/steps
number=0
title=
finished=
mkdir -p -m 700 backup-api-forge-prod
touch "$steps"
trap '[ "$finished" ] || printf "%s\n" "stopped at step $number: $title" >&2' EXIT

# begin NUMBER TITLE: whether the step must still run.
begin() {
    number=$1
    title=$2
    ! grep -qx "$number" "$steps" || return 1
    printf '%s\n' "$number. $title"
}

end() {
    echo "$number" >>"$steps"
}

# ask: wait until a person has done the step.
ask() {
    printf 'done? [y/N] '
    read -r answer
    [ "$answer" = y ]
}

if [ "${1:-}" = back ]; then
    number=back-1 title='check that the backup exists'
    printf "%s\n" "$number. $title"
    test -s backup-api-forge-prod/restore.yaml
    number=back-2 title='delete the ExternalSecrets and keep their Secrets'
    printf "%s\n" "$number. $title"
    kubectl -n api-forge-prod delete externalsecrets --selector=app.kubernetes.io/instance=api-forge --cascade=orphan
    number=back-3 title='uninstall the release; volumes and Secrets are kept'
    printf "%s\n" "$number. $title"
    helm -n api-forge-prod uninstall api-forge --ignore-not-found --wait --timeout 10m
    number=back-4 title='allow the original'"'"'s pods, which start as root, in the namespace'
    printf "%s\n" "$number. $title"
    kubectl label namespace api-forge-prod pod-security.kubernetes.io/enforce-
    number=back-5 title='apply the original'"'"'s manifests'
    printf "%s\n" "$number. $title"
    kubectl -n api-forge-prod apply -f backup-api-forge-prod/restore.yaml
    number=back-6 title='wait until every Deployment is rolled out'
    printf "%s\n" "$number. $title"
    kubectl -n api-forge-prod rollout status deployment/app deployment/postgres deployment/redis deployment/temporal deployment/temporal-web deployment/worker --timeout=15m
    number=back-7 title='check that every claim is the same as before, with the same volume'
    printf "%s\n" "$number. $title"
    kubectl -n api-forge-prod get persistentvolumeclaims postgres-backups postgres-data redis-data --no-headers -o custom-columns=:.metadata.name,:.metadata.uid,:.spec.volumeName | diff backup-api-forge-prod/claims.txt -
    rm "$steps"
    finished=yes
    exit
fi

# Check the prerequisites
if begin 1 'check that app-secrets has csrf_signing_secret, oidc_google_client_secret, oidc_keycloak_client_secret, oidc_microsoft_client_secret, session_signing_secret'; then
    kubectl -n api-forge-prod get secret app-secrets -o 'go-template={{range $key, $value := .data}}{{println $key}}{{end}}' | grep -cxF -e csrf_signing_secret -e oidc_google_client_secret -e oidc_keycloak_client_secret -e oidc_microsoft_client_secret -e session_signing_secret | grep -qx 5
    end
fi
if begin 2 'check that postgres-ca has ca-bundle.crt'; then
    kubectl -n api-forge-prod get secret postgres-ca -o 'go-template={{range $key, $value := .data}}{{println $key}}{{end}}' | grep -cxF -e ca-bundle.crt | grep -qx 1
    end
fi
if begin 3 'check that postgres-secrets has postgres_app_owner_pw, postgres_app_ro_pw, postgres_app_user_pw, postgres_password, postgres_temporal_pw'; then
    kubectl -n api-forge-prod get secret postgres-secrets -o 'go-template={{range $key, $value := .data}}{{println $key}}{{end}}' | grep -cxF -e postgres_app_owner_pw -e postgres_app_ro_pw -e postgres_app_user_pw -e postgres_password -e postgres_temporal_pw | grep -qx 5
    end
fi
if begin 4 'check that postgres-tls has server.crt, server.key'; then
    kubectl -n api-forge-prod get secret postgres-tls -o 'go-template={{range $key, $value := .data}}{{println $key}}{{end}}' | grep -cxF -e server.crt -e server.key | grep -qx 2
    end
fi
if begin 5 'check that redis-secrets has redis_password'; then
    kubectl -n api-forge-prod get secret redis-secrets -o 'go-template={{range $key, $value := .data}}{{println $key}}{{end}}' | grep -cxF -e redis_password | grep -qx 1
    end
fi
if begin 6 'check that /var/lib/postgresql/data/pgdata has data of PostgreSQL 15, owned by user 999'; then
    kubectl -n api-forge-prod exec deployment/postgres -c postgres -- sh -c 'cd /var/lib/postgresql/data/pgdata && echo "$(cat PG_VERSION) $(stat -c %u PG_VERSION)"' | grep -x '15 999'
    end
fi
if begin 7 'make Redis write its append-only file: the chart'"'"'s Redis reads this file, not the snapshot'; then
    kubectl -n api-forge-prod exec deployment/redis -c redis -- sh -c 'set -e
export REDISCLI_AUTH="$(cat /run/secrets/redis_password)"
redis-cli config set appendonly yes
until redis-cli info persistence | grep -q "aof_rewrite_scheduled:0" &&
  redis-cli info persistence | grep -q "aof_rewrite_in_progress:0"; do sleep 1; done
redis-cli info persistence | grep "aof_last_bgrewrite_status:ok"
test -d "$(redis-cli config get dir | tail -n 1)/appendonlydir"'
    end
fi

# Back up
if begin 8 'create a folder that only you can read'; then
    mkdir -p -m 700 backup-api-forge-prod
    end
fi
if begin 9 'export the objects'; then
    kubectl -n api-forge-prod get deployments,services,configmaps,persistentvolumeclaims,networkpolicies,jobs,ingresses,serviceaccounts -o yaml > backup-api-forge-prod/objects.yaml
    end
fi
if begin 10 'write the manifests that a rollback applies'; then
    gitops-gen migrate production --helm --live backup-api-forge-prod/objects.yaml --output restore > backup-api-forge-prod/restore.yaml
    end
fi
if begin 11 'export the Secrets: store this file as you store passwords'; then
    kubectl -n api-forge-prod get secrets -o yaml > backup-api-forge-prod/secrets.yaml
    end
fi
if begin 12 'record the volume of each claim'; then
    kubectl -n api-forge-prod get persistentvolumeclaims postgres-backups postgres-data redis-data --no-headers -o custom-columns=:.metadata.name,:.metadata.uid,:.spec.volumeName > backup-api-forge-prod/claims.txt
    end
fi
if begin 13 'set the reclaim policy of the volumes to Retain'; then
    kubectl patch persistentvolume pv-persistentvolumeclaim-postgres-backups pv-persistentvolumeclaim-postgres-data pv-persistentvolumeclaim-redis-data --patch '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'
    end
fi

# Fill the secret store
if begin 14 'copy the values of these Secrets to the secret store, unchanged: External Secrets takes ownership of existing Secrets and overwrites them with the store'"'"'s values'; then
    printf '%s\n' '   app-secrets: session_signing_secret, csrf_signing_secret, oidc_google_client_secret, oidc_microsoft_client_secret, oidc_keycloak_client_secret at api-forge/production/app-secrets of vault'
    printf '%s\n' '   postgres-ca: ca-bundle.crt, root-ca.crt, intermediate-ca.crt at api-forge/production/postgres-ca of vault'
    printf '%s\n' '   postgres-secrets: postgres_password, postgres_app_owner_pw, postgres_app_user_pw, postgres_app_ro_pw, postgres_temporal_pw at api-forge/production/postgres-secrets of vault'
    printf '%s\n' '   postgres-tls: server.crt, server.key at api-forge/production/postgres-tls of vault'
    printf '%s\n' '   redis-secrets: redis_password at api-forge/production/redis-secrets of vault'
    ask
    end
fi

# Prepare the adoption by Helm
if begin 15 'annotate the adopted objects with the Helm release'; then
    kubectl -n api-forge-prod annotate --overwrite configmap/app-config configmap/app-env configmap/postgres-config configmap/postgres-verifier-config configmap/temporal-config configmap/universal-entrypoint deployment.apps/postgres deployment.apps/redis deployment.apps/temporal deployment.apps/temporal-web deployment.apps/worker persistentvolumeclaim/postgres-backups persistentvolumeclaim/postgres-data persistentvolumeclaim/redis-data service/app service/postgres service/redis service/temporal service/temporal-web meta.helm.sh/release-name=api-forge meta.helm.sh/release-namespace=api-forge-prod
    end
fi
if begin 16 'label the adopted objects as managed by Helm'; then
    kubectl -n api-forge-prod label --overwrite configmap/app-config configmap/app-env configmap/postgres-config configmap/postgres-verifier-config configmap/temporal-config configmap/universal-entrypoint deployment.apps/postgres deployment.apps/redis deployment.apps/temporal deployment.apps/temporal-web deployment.apps/worker persistentvolumeclaim/postgres-backups persistentvolumeclaim/postgres-data persistentvolumeclaim/redis-data service/app service/postgres service/redis service/temporal service/temporal-web app.kubernetes.io/managed-by=Helm
    end
fi
if begin 17 'make Helm the manager of the fields that kubectl set, so that the chart can remove them'; then
    kubectl -n api-forge-prod get configmap/app-config configmap/app-env configmap/postgres-config configmap/postgres-verifier-config configmap/temporal-config configmap/universal-entrypoint deployment.apps/postgres deployment.apps/redis deployment.apps/temporal deployment.apps/temporal-web deployment.apps/worker service/app service/postgres service/redis service/temporal service/temporal-web -o yaml | sed '/^    resourceVersion: /d' | kubectl -n api-forge-prod apply --server-side --force-conflicts --field-manager=helm -f -
    end
fi

# Stop the original and dump the databases
if begin 18 'stop app, temporal, temporal-web, worker'; then
    kubectl -n api-forge-prod scale --replicas=0 deployment/app deployment/temporal deployment/temporal-web deployment/worker
    end
fi
if begin 19 'wait until their pods are deleted'; then
    kubectl -n api-forge-prod wait --for=delete pod '--selector=app.kubernetes.io/name in (app,temporal,temporal-web,worker)' --timeout=5m
    end
fi
if begin 20 'dump every database and role'; then
    kubectl -n api-forge-prod exec deployment/postgres -c postgres -- sh -c 'export PGHOST=127.0.0.1 PGSSLMODE=require PGUSER=postgres PGPASSWORD="$(cat /run/secrets/postgres_password)"; exec pg_dumpall' > backup-api-forge-prod/database.sql
    end
fi
if begin 21 'check that the dump is complete'; then
    tail -n 5 backup-api-forge-prod/database.sql | grep 'PostgreSQL database cluster dump complete'
    end
fi
if begin 22 'stop postgres, redis'; then
    kubectl -n api-forge-prod scale --replicas=0 deployment/postgres deployment/redis
    end
fi
if begin 23 'wait until their pods are deleted'; then
    kubectl -n api-forge-prod wait --for=delete pod '--selector=app.kubernetes.io/name in (postgres,redis)' --timeout=5m
    end
fi
if begin 24 'delete Deployment/app, to be created again: an autoscaler sets its replicas, and does not scale up from 0'; then
    kubectl -n api-forge-prod delete deployment.apps/app --ignore-not-found --cascade=foreground --timeout=5m
    end
fi

# Install
if begin 25 'install the chart with Helm 4'; then
    helm upgrade --install api-forge helm/api-forge --namespace api-forge-prod --values environments/production/values.yaml --set argocd.enabled=false --force-conflicts --wait --wait-for-jobs --timeout 30m
    end
fi

# Check the result
if begin 26 'check that every claim is the same as before, with the same volume'; then
    kubectl -n api-forge-prod get persistentvolumeclaims postgres-backups postgres-data redis-data --no-headers -o custom-columns=:.metadata.name,:.metadata.uid,:.spec.volumeName | diff backup-api-forge-prod/claims.txt -
    end
fi
if begin 27 'wait until every Deployment is rolled out'; then
    kubectl -n api-forge-prod rollout status deployment/app deployment/postgres deployment/redis deployment/temporal deployment/temporal-web deployment/worker --timeout=15m
    end
fi
if begin 28 'wait until every Job has succeeded, including the verifier'; then
    kubectl -n api-forge-prod wait --for=condition=complete job --selector=app.kubernetes.io/instance=api-forge --timeout=15m
    end
fi

# Clean up
if begin 29 'delete the remaining objects of the original'; then
    kubectl -n api-forge-prod delete job.batch/postgres-verifier job.batch/temporal-namespace-init job.batch/temporal-schema-setup networkpolicy.networking.k8s.io/app-ingress networkpolicy.networking.k8s.io/postgres-ingress networkpolicy.networking.k8s.io/redis-ingress networkpolicy.networking.k8s.io/temporal-ingress --ignore-not-found --cascade=foreground --timeout=5m
    end
fi
if begin 30 'archive k8s/base and k8s/scripts of the application'"'"'s repository, so that nobody applies them again; move backup-api-forge-prod to your backups'; then
    ask
    end
fi

finished=yes
