#!/usr/bin/env bash
# Build the application's image, the only one that is not stock, and print the values to deploy it.
#
# usage: build-images.sh --tag TAG [--repository NAME] [--context DIR] [--file DOCKERFILE] [--platform LIST] [--push] [--load kind|minikube|k3d[:CLUSTER]]
#
#   --tag TAG         required, and never `latest`, which does not identify a version
#   --repository NAME default: api-forge-app
#   --context DIR     the application's source tree; default: the current folder
#   --file FILE       default: <context>/Dockerfile
#   --platform LIST   for example linux/amd64,linux/arm64; more than one needs --push
#   --push            push to the registry and print the digest
#   --load CLUSTER    copy the image into a local cluster instead
#
# Takes docker or podman, or what CONTAINER_TOOL names.
set -euo pipefail

repository=api-forge-app tag='' context=. file='' platform='' push='' load=''
die() {
    echo "build-images.sh: $1" >&2
    exit "${2:-1}"
}
while [ $# -gt 0 ]; do
    case $1 in
    --tag) tag=${2:?}; shift 2 ;;
    --repository) repository=${2:?}; shift 2 ;;
    --context) context=${2:?}; shift 2 ;;
    --file) file=${2:?}; shift 2 ;;
    --platform) platform=${2:?}; shift 2 ;;
    --push) push=yes; shift ;;
    --load) load=${2:?}; shift 2 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) die "unknown argument '$1': see --help" 2 ;;
    esac
done
[ -n "$tag" ] || die "--tag is missing: see --help" 2
[ "$tag" != latest ] || die "--tag latest does not identify a version: use a version or a commit" 2
[[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || die "--tag $tag is not a valid image tag" 2
[[ $platform != *,* || -n $push ]] || die "an image for several platforms cannot stay on this machine: add --push" 2
case ${load%%:*} in
'') ;;
kind | k3d | minikube) command -v "${load%%:*}" >/dev/null || die "--load $load: ${load%%:*} is not on PATH" 2 ;;
*) die "--load $load: kind, minikube or k3d, each with :CLUSTER if it is not the default one" 2 ;;
esac
file=${file:-$context/Dockerfile}
[ -f "$file" ] || die "$file does not exist: --context is the application's source tree" 2

tool=${CONTAINER_TOOL:-$(command -v docker || command -v podman || true)}
[ -n "$tool" ] || die "neither docker nor podman is on PATH" 2
image=$repository:$tag

"$tool" build --file "$file" --tag "$image" ${platform:+--platform "$platform"} "$context"

digest=
if [ -n "$push" ]; then
    "$tool" push "$image"
    digest=$("$tool" image inspect --format '{{index .RepoDigests 0}}' "$image")
    digest=${digest##*@}
fi
cluster=()
[[ $load != *:* ]] || cluster=("${load#*:}")
case ${load%%:*} in
kind) kind load docker-image "$image" "${cluster[@]/#/--name=}" ;;
k3d) k3d image import "$image" "${cluster[@]/#/--cluster=}" ;;
minikube) minikube image load "$image" "${cluster[@]/#/--profile=}" ;;
esac

echo "built $image${digest:+ ($digest)}; deploy it with"
echo "  app: {image: {repository: $repository, tag: \"$tag\"${digest:+, digest: $digest}}}"
