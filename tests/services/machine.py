"""Pods of the rendered chart as processes on this machine, without a kubelet and without root.

A `Machine` is one network namespace in which every Service's name is the loopback address. A `Pod` runs the containers
of a rendered Deployment or Job in it, each as its pod says: the same command, arguments and variables, the same user,
the ConfigMaps and Secrets as files where the container mounts them, a root file system that cannot be written, no
capability. Programs are those of this machine (Debian's packages) instead of an image's. What runs is therefore what
the chart rendered, and not a copy of it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.built import BIN
from tests.services.branches import INSIDE, noted, recorder

POSTGRES_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
NAMES = ("postgres", "redis", "temporal", "temporal-web", "app")
USERS = {999: "postgres", 1000: "temporal", 1001: "appuser"}
PATH = f"{POSTGRES_PROGRAMS}:/programs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
LONGEST = 120

Manifest = Mapping[str, Any]


class Machine:
    """A separate network, and the folder of everything that its pods keep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[Running] = []
        argv = ["unshare", "--user", "--map-root-user", "--net", "--kill-child", "--fork", "sh", "-c", _HOLD]
        self._holder = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        self.entry = self._holder.stdout.readline().strip()
        assert self.entry, "no network namespace: are unprivileged user namespaces switched off?"

    def claim(self, name: str) -> Path:
        """The folder of a volume, which outlives its pods."""
        folder = self.folder / "claims" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def close(self) -> None:
        for running in self.running:
            running.kill()
        self._holder.kill()
        self._holder.wait()
        assert self._holder.stdout is not None
        self._holder.stdout.close()


_HOLD = "ip link set lo up && sh -c 'echo $PPID' && exec sleep infinity"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a container ended."""

    code: int
    log: str


@dataclass(frozen=True, kw_only=True)
class Running:
    """A container that runs. Its processes go with it, as a pod's do."""

    container: str
    process: subprocess.Popen[str]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def kill(self) -> None:
        """What a node does that loses its power."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> None:
        """SIGTERM to the container's first process."""
        os.kill(_first_process(self.process.pid), signal.SIGTERM)

    def wait(self, seconds: float = LONGEST) -> Finished:
        return Finished(code=self.process.wait(seconds), log=self.log)


@dataclass(kw_only=True)
class Pod:
    """The pod of one rendered workload."""

    machine: Machine
    workload: Manifest
    config_maps: Mapping[str, Manifest]
    secrets: Mapping[str, Mapping[str, str]]
    folder: Path = field(init=False)
    running: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        pods = self.machine.folder / "pods"
        pods.mkdir(exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(dir=pods, prefix=f"{self.workload['metadata']['name']}-"))

    @property
    def spec(self) -> Manifest:
        spec: Manifest = self.workload["spec"]["template"]["spec"]
        return spec

    def prepare(self, **variables: str) -> str:
        """Run the init containers one after the other; each must succeed. Their logs."""
        logs = [self.run(container["name"], **variables) for container in self.spec.get("initContainers", [])]
        assert all(done.code == 0 for done in logs), "\n".join(done.log for done in logs)
        return "\n".join(done.log for done in logs)

    def run(self, container: str, *command: str, **variables: str) -> Finished:
        """Run a container to its end: its own command, or another one in its place."""
        return self.start(container, *command, **variables).wait()

    def start(self, container: str, *command: str, **variables: str) -> Running:
        sandbox = self._sandbox(self._container(container), command, variables)
        log_file = Path(tempfile.mkstemp(dir=self.folder, prefix=f"{container}-", suffix=".log")[1])
        with log_file.open("w") as log:
            process = subprocess.Popen(sandbox, stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        running = Running(container=container, process=process, log_file=log_file)
        self.running.append(running)
        self.machine.running.append(running)
        return running

    def exec(self, container: str, *command: str, **variables: str) -> Finished:
        """Run a command inside of a container that runs, as `kubectl exec` does."""
        inside = _first_process(next(item for item in self.running if item.container == container).process.pid)
        environment = self._environment(self._container(container)) | variables
        argv = [
            *("nsenter", "--target", self.machine.entry, "--user", "--preserve-credentials"),
            *("nsenter", "--target", str(inside), "--user", "--mount", "--pid", "--net", "--root"),
            "--preserve-credentials",
            *_UNPRIVILEGED, "env", "-i", "--chdir=/", *_assignments(environment), *command,
        ]  # fmt: skip
        done = subprocess.run(
            argv, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LONGEST, check=False
        )
        return Finished(code=done.returncode, log=done.stdout)

    def probe(self, container: str, kind: str = "readinessProbe") -> Finished:
        """Ask as the kubelet would, with the exec probe."""
        return self.exec(container, *self._container(container)[kind]["exec"]["command"])

    def refresh(self, secrets: Mapping[str, Mapping[str, str]]) -> None:
        """Give the running containers the files of changed Secrets, as the kubelet does after a while."""
        self.secrets = secrets
        for volume in self.spec["volumes"]:
            self._volume(volume["name"])

    def wait_ready(self, container: str) -> None:
        running = self.running[-1]
        eventually(lambda: running.process.poll() is not None or self.probe(container).code == 0, self.logs)
        assert running.process.poll() is None, running.log

    def terminate(self) -> Finished:
        """End the container that runs as the kubelet does: its preStop hook, then SIGTERM to its first process."""
        (running,) = [item for item in self.running if item.process.poll() is None]
        hook = self._container(running.container).get("lifecycle", {}).get("preStop", {}).get("exec")
        if hook:
            self.exec(running.container, *hook["command"])
        if running.process.poll() is None:
            running.terminate()
        return running.wait(self.spec["terminationGracePeriodSeconds"])

    def logs(self) -> str:
        return "\n".join(running.log for running in self.running)

    def close(self) -> None:
        for running in self.running:
            running.kill()

    def _container(self, name: str) -> Manifest:
        containers = [*self.spec.get("initContainers", []), *self.spec["containers"]]
        found: Manifest
        (found,) = [container for container in containers if container["name"] == name]
        return found

    def _sandbox(self, container: Manifest, command: tuple[str, ...], variables: Mapping[str, str]) -> list[str]:
        argv = list(command) or [*container.get("command", []), *container.get("args", [])]
        environment = {**self._environment(container), **variables}
        script = "\n".join(self._mounts(container)) + f"\nexec chroot {shlex.quote(str(self._root))} "
        script += shlex.join([*_UNPRIVILEGED, "env", "-i", *_assignments(environment), *argv])
        user = self.spec["securityContext"]["runAsUser"]
        group = self.spec["securityContext"]["runAsGroup"]
        return [
            *("nsenter", "--target", self.machine.entry, "--user", "--net", "--preserve-credentials"),
            *("unshare", "--user", f"--map-user={user}", f"--map-group={group}", "--keep-caps", "--mount"),
            *("--pid", "--ipc", "--fork", "--kill-child", "sh", "-euc", script),
        ]

    def _environment(self, container: Manifest) -> dict[str, str]:
        found = {"PATH": PATH, "HOME": "/"}
        for source in container.get("envFrom", []):
            found |= self.config_maps[source["configMapRef"]["name"]]["data"]
        for entry in container.get("env", []):
            found[entry["name"]] = entry.get("value", "127.0.0.1")  # the pod's address, where the field is asked for
        return found

    @property
    def _root(self) -> Path:
        return self.folder / "root"

    def _mounts(self, container: Manifest) -> Iterator[str]:
        """The shell commands that make the container's file system; the mount points are made here."""
        _make_root(self._root)
        yield f"mount --bind {self._root} {self._root}"
        for name in ("usr", "dev", "proc", "etc/alternatives"):
            if Path("/", name).exists():
                yield f"mount --rbind /{name} {self._root}/{name}"
        if BIN.is_dir():
            yield f"mount --bind {BIN} {self._root}/programs"
        if notes := recorder():
            yield f"mount --bind {notes} {self._root}{INSIDE}"
        for mount in container.get("volumeMounts", []):
            source = self._volume(mount["name"]) / mount.get("subPath", "")
            yield _bind(source, self._root / mount["mountPath"].lstrip("/"), read_only=mount.get("readOnly", False))
        yield f"mount -o remount,bind,ro {self._root}"

    def _volume(self, name: str) -> Path:
        (volume,) = [volume for volume in self.spec["volumes"] if volume["name"] == name]
        if "persistentVolumeClaim" in volume:
            return self.machine.claim(volume["persistentVolumeClaim"]["claimName"])
        folder = self.folder / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        if "configMap" in volume:
            data = self.config_maps[volume["configMap"]["name"]]["data"]
            _write(folder, {name: noted(text) for name, text in data.items()}, 0o444)
        for source in volume.get("projected", {}).get("sources", []):
            held = self.secrets[source["secret"]["name"]]
            _write(folder, {item["path"]: held[item["key"]] for item in source["secret"]["items"]}, 0o400)
        return folder


_UNPRIVILEGED = ("setpriv", "--ambient-caps=-all", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs")


def _assignments(environment: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in environment.items()]


def eventually(holds: Callable[[], bool], explain: Callable[[], str], seconds: float = LONGEST) -> None:
    """Ask until it holds; the assertion that fails at the deadline says what `explain` does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.1)


def _first_process(pid: int) -> int:
    """The process that is 1 in its namespace: the youngest of the chain nsenter → unshare → it."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if Path(f"/proc/{pid}/ns/pid").readlink() != Path(f"/proc/{children[0]}/ns/pid").readlink():
            return int(children[0])
        pid = int(children[0])
    return pid


def _make_root(root: Path) -> None:
    if root.exists():
        return
    for name in ("usr", "dev", "proc", "etc/alternatives", "programs", "tmp", "var", INSIDE[1:]):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    passwd = "".join(f"{name}:x:{uid}:{uid}::/:/bin/sh\n" for uid, name in USERS.items())
    (root / "etc/passwd").write_text(passwd)
    (root / "etc/group").write_text("".join(f"{name}:x:{uid}:\n" for uid, name in USERS.items()))
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost {' '.join(NAMES)}\n")


def _bind(source: Path, target: Path, *, read_only: bool) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    command = f"mount --bind {source} {target}"
    return f"{command} && mount -o remount,bind,ro {target}" if read_only else command


def _write(folder: Path, files: Mapping[str, str], mode: int) -> None:
    for name, text in files.items():
        file = folder / name
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(mode)


def missing(*programs: str) -> str:
    """What is missing of what a test needs, with the command that installs it; empty when nothing is."""
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        return "unshare and nsenter are missing: apt-get install util-linux (Linux only)"
    packages = {"postgres": "postgresql-15", "redis-server": "redis-server", "openssl": "openssl", "ip": "iproute2"}
    path = f"{POSTGRES_PROGRAMS}:{BIN}:{os.environ['PATH']}:/usr/sbin"
    absent = [program for program in ("openssl", "ip", *programs) if not shutil.which(program, path=path)]
    if built := [program for program in absent if program not in packages]:
        return f"{', '.join(built)} missing: tests/services/build.sh builds it"
    if absent:
        return f"{', '.join(absent)} missing: apt-get install {' '.join(packages[program] for program in absent)}"
    return ""
