"""A real kube-apiserver with its etcd on loopback, and nothing else: enough to ask what it accepts."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING, Any

from tests.built import BIN
from tests.services.machine import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
HOW = "`make e2e` builds it"


def absent(*programs: str) -> str:
    """What is missing, with the command that builds it."""
    names = [name for name in (*PROGRAMS, *programs) if not (BIN / name).is_file()]
    return f"{', '.join(names)} missing: {HOW}" if names else ""


# Linux ends the children even when the tests are killed; elsewhere only an orderly end does.
WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()


class ApiServer:
    """Started in `folder`; `kubectl(…)` talks to it as the administrator.

    Without controllers nobody makes the ServiceAccounts that admission asks for, so that plugin is off by default.
    """

    def __init__(self, folder: Path, disabled_admission: str = "ServiceAccount") -> None:
        self.folder = folder
        self.kubeconfig = folder / "kubeconfig"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        etcd, peer, port = (free_port() for _ in range(3))
        token = secrets.token_hex(16)
        (folder / "tokens").write_text(f"{token},admin,admin,system:masters\n")
        subprocess.run(["openssl", "genrsa", "-out", folder / "sa.key", "2048"], check=True, capture_output=True)
        store, peers = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
        self.start("etcd", f"--data-dir={folder}/etcd", "--unsafe-no-fsync", f"--listen-client-urls={store}",
                   f"--advertise-client-urls={store}", f"--listen-peer-urls={peers}")  # fmt: skip
        # An API server gives up within 20 seconds of asking, and a busy machine starts both more slowly.
        self._until(lambda: _answers(etcd), "etcd")
        self.start("kube-apiserver", f"--etcd-servers={store}", "--bind-address=127.0.0.1", f"--secure-port={port}",
                   f"--cert-dir={folder}", f"--token-auth-file={folder}/tokens", "--authorization-mode=RBAC",
                   "--service-account-issuer=https://kubernetes.default.svc",
                   f"--service-account-key-file={folder}/sa.key",
                   f"--service-account-signing-key-file={folder}/sa.key",
                   f"--disable-admission-plugins={disabled_admission}")  # fmt: skip
        self.kubeconfig.write_text(json.dumps(_kubeconfig(f"https://127.0.0.1:{port}", token)))
        self._until(self._is_ready, "kube-apiserver")

    def kubectl(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        argv = [str(BIN / "kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)

    def namespace(self, name: str, **labels: str) -> None:
        metadata = {
            "name": name,
            "labels": {f"pod-security.kubernetes.io/{key}": value for key, value in labels.items()},
        }
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def apply(self, *objects: Any) -> None:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        done = self.kubectl("apply", "--server-side", "-f", "-", stdin=text)
        assert done.returncode == 0, done.stderr

    def start(self, program: str, *arguments: Any, **variables: str) -> None:
        """Run a program until `close`; its output goes to `<program>.log`."""
        argv = [*WITH_PARENT, BIN / program, *map(str, arguments)]
        with (self.folder / f"{program}.log").open("w") as log:
            self._processes[program] = subprocess.Popen(argv, stdout=log, stderr=log, env=os.environ | variables)

    def ended(self) -> list[str]:
        """The programs that ended by themselves."""
        return [name for name, process in self._processes.items() if process.poll() is not None]

    def close(self) -> None:
        """End everything, the last one first, and remove what it wrote."""
        for process in reversed(self._processes.values()):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder)

    def _is_ready(self) -> bool:
        return all(self.kubectl("get", *what).returncode == 0 for what in (("--raw", "/readyz"), ("ns", "default")))

    def _until(self, holds: Callable[[], bool], program: str) -> None:
        eventually(holds, lambda: (self.folder / f"{program}.log").read_text()[-2000:])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _kubeconfig(url: str, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
