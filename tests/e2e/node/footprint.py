"""What a run could leave behind on the machine, read from outside before and after it."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields

CGROUPS = pathlib.Path("/sys/fs/cgroup")
#: the cgroup that holds every pod, in each hierarchy
ROOT = "gitops-gen-e2e"
#: what kubelet, kube-proxy and containerd set where they may
SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "net/ipv4/ip_forward",
    "net/netfilter/nf_conntrack_max",
)
#: where they write when nobody tells them otherwise
FOLDERS = (
    "/run/containerd",
    "/run/netns",
    "/var/lib/kubelet",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/log/pods",
    "/var/log/containers",
    "/etc/cni",
    "/opt/cni",
    "/opt/containerd",
)
#: systemd's, which come and go with every login
SYSTEMD = re.compile(r"\.(scope|service|slice|mount|socket)(/|$)")
NAMESPACES = ("pid_for_children", "mnt", "net")


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """The machine at one moment."""

    #: mount points with their file systems
    mounts: frozenset[str]
    interfaces: frozenset[str]
    rules: frozenset[str]
    cgroups: frozenset[str]
    settings: frozenset[str]
    files: frozenset[str]

    @classmethod
    def look(cls) -> "Footprint":
        return cls(
            mounts=frozenset(_mounts()),
            interfaces=frozenset(name for _, name in socket.if_nameindex()),
            rules=frozenset([*_rules("iptables-save"), *_rules("ip6tables-save")]),
            cgroups=frozenset(path for path in map(str, _cgroups("")) if not SYSTEMD.search(path)),
            settings=frozenset(_settings()),
            files=frozenset(str(path) for folder in FOLDERS for path in _with_content(pathlib.Path(folder))),
        )

    def added(self, later: "Footprint") -> list[str]:
        """What is there later and was not before, one line each."""
        names = [field.name for field in fields(self)]
        added = [(name, found) for name in names for found in sorted(getattr(later, name) - getattr(self, name))]
        return [f"{name}: {found}" for name, found in added if name != "cgroups" or not _is_used(pathlib.Path(found))]


def processes_in(namespaces: frozenset[str]) -> list[str]:
    """The processes that live in one of these namespaces, as `pid: command`."""
    return [f"processes: {path.name} {_command(path)}" for path in _processes() if _namespaces(path) & namespaces]


def namespaces_of(pid: int) -> frozenset[str]:
    """The namespaces that a process's children are in, where they are not those of this process."""
    return _namespaces(pathlib.Path(f"/proc/{pid}")) - _namespaces(pathlib.Path("/proc/self"))


def make_cgroups() -> None:
    """The cgroup below which the node's pods are; kubelet wants it to be there."""
    for hierarchy in _hierarchies():
        (hierarchy / ROOT).mkdir(exist_ok=True)
        # All pods together have the share of a single process otherwise: a busy machine would starve them.
        for name, share in {"cpu.shares": "16384", "cpu.weight": "1000"}.items():
            if (hierarchy / ROOT / name).exists():
                (hierarchy / ROOT / name).write_text(share)


def remove_cgroups() -> None:
    """Take it away; the kernel needs a moment until a cgroup whose processes were killed is empty."""
    end = time.monotonic() + 10
    while left := sorted(_cgroups(ROOT), reverse=True):
        for path in left:
            _remove(path)
        if time.monotonic() > end:
            return
        time.sleep(0.05)


def _remove(path: pathlib.Path) -> None:
    with contextlib.suppress(OSError):  # busy; what stays is found by who looks
        path.rmdir()


def _hierarchies() -> list[pathlib.Path]:
    """The root of cgroup v2, or of each controller of v1."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [path for path in CGROUPS.iterdir() if path.is_dir() and not path.is_symlink()]


def _cgroups(below: str) -> Iterator[pathlib.Path]:
    for hierarchy in _hierarchies():
        for folder, _, _ in os.walk(hierarchy / below):
            yield pathlib.Path(folder)


def _is_used(cgroup: pathlib.Path) -> bool:
    """Whether a process is in it: somebody else's, since those of a run are looked for by their namespaces."""
    try:
        return bool((cgroup / "cgroup.procs").read_text())
    except OSError:  # it is gone, or holds threads alone
        return False


def _mounts() -> Iterator[str]:
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        place, _, kind = line.partition(" - ")
        yield f"{place.split()[4]} ({kind.split()[0]})"


def _rules(program: str) -> Iterator[str]:
    saved = subprocess.run([program], capture_output=True, text=True, check=False).stdout
    for line in saved.splitlines():
        if not line.startswith(("#", "COMMIT")):
            without_counters = re.sub(r" *\[[0-9:]+\]$", "", line)
            yield f"{program} {without_counters}"


def _settings() -> Iterator[str]:
    for name in SETTINGS:
        path = pathlib.Path("/proc/sys") / name
        if path.exists():
            yield f"{name} = {path.read_text().strip()}"


def _with_content(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    if folder.exists():
        yield folder
        yield from folder.iterdir()


def _processes() -> Iterator[pathlib.Path]:
    return (path for path in pathlib.Path("/proc").iterdir() if path.name.isdigit())


def _namespaces(process: pathlib.Path) -> frozenset[str]:
    found = set()
    for name in NAMESPACES:
        with contextlib.suppress(OSError):  # ended, or ending
            found.add(os.readlink(process / "ns" / name))
    return frozenset(found)


def _command(process: pathlib.Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "(ended)"
