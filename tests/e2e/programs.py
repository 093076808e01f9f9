"""Where the programs of the control plane are, which versions are pinned, and what is missing.

`build.sh` makes everything that this module finds; nothing here builds or downloads.
"""

import os
import pathlib
import re
import shutil

from tests.built import BIN, CACHE

HERE = pathlib.Path(__file__).resolve().parent
BUILT = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubectl",
    "etcd",
    "kwok",
    "helm",
    "argocd",
    "external-secrets",
    "grpcurl",
)
INSTALLED = ("redis-server", "git", "openssl")


def pinned(pin: str) -> str:
    """The module version that `pins/<pin>/go.mod` requires, such as `v3.5.7`."""
    found = re.search(r"^require \S+ (\S+)", (HERE / "pins" / pin / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise LookupError(f"pins/{pin}/go.mod requires no module")
    return found[1]


def shared(pin: str) -> pathlib.Path:
    """The folder with the files of a pinned release that no program carries: CRDs, scripts, configuration."""
    names = {"argocd": "argo-cd", "external-secrets": "external-secrets", "temporal-ui": "temporal-ui"}
    return CACHE / "share" / f"{names[pin]}-{pinned(pin)}"


def missing() -> list[str]:
    """What a run needs and does not find, one line each; empty when the run can start."""
    built = [str(BIN / name) for name in BUILT if not os.access(BIN / name, os.X_OK)]
    folders = [str(shared(pin)) for pin in ("argocd", "external-secrets") if not shared(pin).is_dir()]
    return [*built, *folders, *(f"{name} (on PATH)" for name in INSTALLED if not shutil.which(name))]
