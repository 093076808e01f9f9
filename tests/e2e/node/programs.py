"""What the tests on a real node need in addition to those on a simulated one, and what is missing."""

import os
import pathlib
import shutil
import sys

from tests.built import BIN, CACHE
from tests.e2e import programs

NEXT_TEMPORAL = ("temporal-server-next", "temporal-sql-tool-next")
BUILT = ("kubelet", "kube-proxy", "coredns", "kube-network-policies", "temporal-ui-server", *NEXT_TEMPORAL)
TEMPORAL = ("temporal-server", "temporal-sql-tool", "temporal")
#: the plugins of Debian's containernetworking-plugins
NETWORK_PLUGINS = pathlib.Path("/usr/lib/cni")
#: program: Debian's package
INSTALLED = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables-save": "iptables",
    "busybox": "busybox-static",
    "debootstrap": "debootstrap",
    "redis-server": "redis-server",
    "ip": "iproute2",
    "unshare": "util-linux",
    "mount": "mount",
}
#: folders that a run covers with its own
COVERED = ("/run", "/var/lib", "/var/log")


def unbuildable() -> list[str]:
    """Why the tests cannot run here whatever is built, one line each."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return ["they need Linux, and root: their own containers, mounts and network"]
    return [*_unfit(), *_not_installed()]


def missing() -> list[str]:
    """Why the tests cannot run here, one line each; empty when they can."""
    return unbuildable() or _not_built()


def _unfit() -> list[str]:
    if any(CACHE.is_relative_to(folder) for folder in COVERED):
        return [f"{CACHE} is below a folder that the run covers with its own: set E2E_CACHE to another place"]
    return []


def _not_installed() -> list[str]:
    packages = [package for program, package in INSTALLED.items() if not shutil.which(program)]
    if not (NETWORK_PLUGINS / "bridge").exists():
        packages.append("containernetworking-plugins")
    return [f"apt-get install {' '.join(sorted(set(packages)))}"] if packages else []


def _not_built() -> list[str]:
    absent = [name for name in BUILT if not os.access(BIN / name, os.X_OK)]
    temporal = [name for name in TEMPORAL if not os.access(BIN / name, os.X_OK)]
    return [
        *([f"tests/e2e/build.sh e2e (builds {', '.join(programs.missing())})"] if programs.missing() else []),
        *([f"tests/e2e/build.sh node (builds {', '.join(absent)})"] if absent else []),
        *([f"tests/services/build.sh (builds {', '.join(temporal)})"] if temporal else []),
    ]
