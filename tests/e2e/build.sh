#!/usr/bin/env bash
# Builds the real control plane's programs from their pinned Go modules, once, into a cache that outlives the checkout.
#
# usage: build.sh [e2e|lint|node]…     (default: e2e)
#        build.sh --built [GROUP]…     builds nothing; exits 0 when everything of the groups is there, else 1
#
#   e2e    kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, etcd, kwok, argocd, external-secrets, helm, helm3, grpcurl
#   lint   actionlint, kubeconform, kube-score, conftest, kyverno, helm, helm3; checkov in a separate Python environment
#   node   kubelet, kube-proxy, coredns, kube-network-policies, Temporal's web UI and next minor version: with e2e, what runs pods for real
#
# Pins are pins/*/go.mod, and pins/checkov/requirements.txt. A program is built again when the module version that it
# states about itself (`go version -m`) is not the pinned one. Cold, the whole takes about 20 minutes on two cores and
# tells what it builds, each minute how long it has been at it, and how long it took; with everything there, less than a second. One build of a cache
# goes on at a time: another one waits. E2E_CACHE chooses another place than ~/.cache/gitops-gen-e2e.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/pins
only_ask=''
if [ "${1:-}" = --built ]; then
    only_ask=yes
    shift
fi
# shellcheck source=../go_programs.sh
. "$here/../go_programs.sh"

check_machine() {
    check_go
    command -v redis-server >/dev/null || complain "redis-server is missing: apt-get install redis-server (Debian), brew install redis"
    command -v git >/dev/null || complain "git is missing: apt-get install git"
    command -v openssl >/dev/null || complain "openssl is missing: apt-get install openssl"
}

module() { # module@version → its folder in Go's module cache
    (cd "$scratch" && go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

# CRDs, a script of Argo CD's image and the protobuf files of its repo-server: copied, so that a run needs no module cache.
share_argocd() {
    local version=$1 to=$share/argo-cd-$1 from library
    [ -d "$to" ] && return
    [ -z "$only_ask" ] || exit 1
    rm -rf "$to.new" && mkdir -p "$to.new/crds" "$to.new/path"
    from=$(module "github.com/argoproj/argo-cd/v3@$version")
    cp "$from"/manifests/crds/{application,appproject,applicationset}-crd.yaml "$to.new/crds/"
    install -m 755 "$from/hack/git-verify-wrapper.sh" "$to.new/path/"
    copy_protos "$from" "$to.new/protos/github.com/argoproj/argo-cd/v3"
    for library in api apimachinery apiextensions-apiserver; do
        copy_protos "$(module "k8s.io/$library@$(pinned argocd "k8s.io/$library")")" "$to.new/protos/k8s.io/$library"
    done
    chmod -R u+w "$to.new" && mv "$to.new" "$to"
}

copy_protos() { # from to
    mkdir -p "$2"
    (cd "$1" && find . -name '*.proto' -not -path '*/node_modules/*' -print0 | tar --null -T - -cf -) | tar -xf - -C "$2"
}

share_definitions() { # pin file…  → definitions of custom resources out of the pinned module
    local from to file
    to=$share/$1-$(pinned "$1")
    [ -d "$to" ] && return
    [ -z "$only_ask" ] || exit 1
    rm -rf "$to.new" && mkdir -p "$to.new/crds"
    from=$(module "$(awk '$1 == "require" { print $2 "@" $3 }' "$pins/$1/go.mod")")
    for file in "${@:2}"; do cp "$from/$file" "$to.new/crds/"; done
    chmod -R u+w "$to.new" && mv "$to.new" "$to"
}

build_e2e() {
    local release program
    release=$(pinned kubernetes)
    for program in kube-apiserver kube-controller-manager kube-scheduler kubectl; do
        build "$program" kubernetes "k8s.io/kubernetes/cmd/$program" "$(kubernetes_version "$release")"
    done
    build etcd etcd go.etcd.io/etcd/server/v3
    build kwok kwok sigs.k8s.io/kwok/cmd/kwok
    build conftest conftest github.com/open-policy-agent/conftest
    build helm helm helm.sh/helm/v4/cmd/helm
    build helm3 helm3 helm.sh/helm/v3/cmd/helm
    build argocd argocd github.com/argoproj/argo-cd/v3/cmd
    build external-secrets external-secrets github.com/external-secrets/external-secrets
    build grpcurl grpcurl github.com/fullstorydev/grpcurl/cmd/grpcurl
    share_argocd "$(pinned argocd)"
    share_definitions external-secrets deploy/crds/bundle.yaml
    share_definitions cert-manager deploy/crds/cert-manager.io_certificates.yaml
    share_definitions gateway-api config/crd/standard/gateway.networking.k8s.io_httproutes.yaml
    share_definitions prometheus-operator example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml
}

kubernetes_version() { # v1.36.3 → what its own build scripts tell the linker
    local package=k8s.io/component-base/version numbers=${1#v}
    echo "-X $package.gitVersion=$1 -X $package.gitMajor=${numbers%%.*} -X $package.gitMinor=$(cut -d. -f2 <<<"$numbers")"
}

build_lint() {
    build actionlint actionlint github.com/rhysd/actionlint/cmd/actionlint
    build kubeconform kubeconform github.com/yannh/kubeconform/cmd/kubeconform
    build kube-score kube-score github.com/zegl/kube-score/cmd/kube-score
    build conftest conftest github.com/open-policy-agent/conftest
    build helm helm helm.sh/helm/v4/cmd/helm
    build helm3 helm3 helm.sh/helm/v3/cmd/helm
    build kyverno kyverno github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno
    install_checkov
}

# Its hundred pins would fight with the project's own, so it has a separate environment. Done when a copy of the pins is in it.
install_checkov() {
    local to=$share/checkov pinned=$pins/checkov/requirements.txt
    cmp -s "$pinned" "$to/requirements.txt" && return
    [ -z "$only_ask" ] || exit 1
    echo "installing $(grep ^checkov= "$pinned")" >&2
    rm -rf "$to"
    "${PYTHON:-python3}" -m venv "$to"
    "$to/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$pinned"
    ln -sf "$to/bin/checkov" "$bin/checkov"
    cp "$pinned" "$to/"
}

build_node() {
    local release program
    release=$(pinned node)
    for program in kubelet kube-proxy; do
        build "$program" node "k8s.io/kubernetes/cmd/$program" "$(kubernetes_version "$release")"
    done
    build coredns coredns github.com/coredns/coredns
    build kube-network-policies network-policies sigs.k8s.io/kube-network-policies/cmd
    build temporal-server-next temporal-next go.temporal.io/server/cmd/server
    build temporal-sql-tool-next temporal-next go.temporal.io/server/cmd/tools/sql
    build temporal-ui-server temporal-ui github.com/temporalio/ui-server/v2/cmd/server
    share_temporal_ui "$(pinned temporal-ui)"
}

# The stock image's configuration, which is a template of environment variables.
share_temporal_ui() {
    local version=$1 to=$share/temporal-ui-$1
    [ -d "$to" ] && return
    [ -z "$only_ask" ] || exit 1
    rm -rf "$to.new" && mkdir -p "$to.new"
    install -m 644 "$(module "github.com/temporalio/ui-server/v2@$version")/config/docker.yaml" "$to.new/"
    mv "$to.new" "$to"
}

check_machine
take_cache
for group in "${@:-e2e}"; do
    case $group in
    e2e | lint | node) "build_$group" ;;
    *) complain "unknown group '$group' (e2e, lint, node)" ;;
    esac
done
