"""A real control plane on loopback, without containers.

etcd, kube-apiserver, controller-manager, scheduler, a KWOK node, Redis, Argo CD's repo-server, application-controller
and API server, and External Secrets: up in about fifteen seconds, and gone with the `with` block.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import types
from collections.abc import Mapping
from typing import Self

from tests.built import BIN, CACHE

from .api import Api, Kubectl, Object
from .observer import Observer
from .processes import Processes, connect, free_ports
from .programs import shared

MANIFESTS = pathlib.Path(__file__).resolve().parent / "manifests"
VOLUMES = 150
#: the addresses of Services
SERVICES = "10.96.0.0/12"
#: how often Argo CD compares an Application by itself, in seconds: each time it asks the API server about every object
POLL = 20
PORTS = (
    "etcd",
    "etcd-peer",
    "apiserver",
    "controller-manager",
    "scheduler",
    "kwok",
    "redis",
    "repo-server",
    "repo-server-metrics",
    "application-controller-metrics",
    "argocd-server",
    "argocd-server-metrics",
    "external-secrets-metrics",
)


class BusyError(RuntimeError):
    """Another run uses the state folder."""


class Cluster:
    """One control plane; `with Cluster() as cluster:` starts it and takes it down.

    Args:
        state: where data and logs go; `log/` is kept when the block is left.
        sync_timeout: Argo CD's `controller.sync.timeout.seconds`; 0 lets a sync run without end.
    """

    def __init__(self, state: pathlib.Path | None = None, *, sync_timeout: int = 0) -> None:
        self.state = state or pathlib.Path(os.environ.get("E2E_STATE") or CACHE / "state")
        self.sync_timeout = sync_timeout
        self.log = self.state / "log"
        self.kubeconfig = self.state / "kubeconfig"
        self.port = free_ports(PORTS)
        self.processes = Processes(self.state, self.log)
        self.kubectl = Kubectl(kubeconfig=self.kubeconfig)
        self._token = secrets.token_hex(16)
        self._url = f"https://127.0.0.1:{self.port['apiserver']}"
        self.api = Api(self._url, self._token, self.state / "pki/apiserver.crt")
        self.observer = Observer(self.api)
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with self._exit:
            self._lock()
            self._exit.callback(self._clear)
            self._exit.callback(self.processes.stop_all)
            self._exit.callback(self.observer.close)
            self._start()
            self._exit = self._exit.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self._exit.close()

    def start_external_secrets(self) -> None:
        """Start the External Secrets operator; `processes.stop("external-secrets")` takes it down."""
        metrics = f"127.0.0.1:{self.port['external-secrets-metrics']}"
        environment = {"KUBECONFIG": str(self.kubeconfig)}
        flags = ("--metrics-addr", metrics, "--enable-leader-election=false")
        self.processes.start("external-secrets", BIN / "external-secrets", *flags, env=environment)

    def _lock(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        lock = self._exit.enter_context((self.state / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"another run uses {self.state}; set E2E_STATE to another folder") from None

    def _clear(self) -> None:
        for path in self.state.iterdir():
            if path.is_dir() and path != self.log:
                shutil.rmtree(path)
            elif path.is_file() and path.name != "lock":
                path.unlink()

    def _start(self) -> None:
        self._clear()
        shutil.rmtree(self.log, ignore_errors=True)
        for folder in ("log", "pki", "etcd", "redis", "tmp"):
            (self.state / folder).mkdir()
        self._write_credentials()
        self._start_api()
        self._start_controllers()
        self._start_argocd()
        self._install_external_secrets()
        self.observer.start()

    def _write_credentials(self) -> None:
        (self.state / "tokens.csv").write_text(f"{self._token},admin,admin,system:masters\n")
        cluster = {"server": self._url, "certificate-authority": str(self.state / "pki/apiserver.crt")}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "e2e",
            "clusters": [{"name": "e2e", "cluster": cluster}],
            "users": [{"name": "e2e", "user": {"token": self._token}}],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "e2e", "namespace": "argocd"}}],
        }
        self.kubeconfig.write_text(json.dumps(config))
        self.kubeconfig.chmod(0o600)
        signing_key = self.state / "pki/service-accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", signing_key, "2048"], check=True, capture_output=True)

    def _start_api(self) -> None:
        etcd = f"http://127.0.0.1:{self.port['etcd']}"
        peer = f"http://127.0.0.1:{self.port['etcd-peer']}"
        clients = (f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}", f"--listen-peer-urls={peer}")
        self.processes.start("etcd", BIN / "etcd", "--data-dir", self.state / "etcd", *clients, "--unsafe-no-fsync")
        self.processes.wait("etcd", lambda: connect(self.port["etcd"]))
        self.processes.start("apiserver", BIN / "kube-apiserver", f"--etcd-servers={etcd}", *self._api_flags())
        self.processes.wait("apiserver", self.api.ready)

    def _api_flags(self) -> tuple[str, ...]:
        pki = self.state / "pki"
        return (
            f"--secure-port={self.port['apiserver']}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--cert-dir={pki}",
            f"--service-account-key-file={pki}/service-accounts.key",
            f"--service-account-signing-key-file={pki}/service-accounts.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self.state}/tokens.csv",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={SERVICES}",
            "--endpoint-reconciler-type=none",
            "--disable-admission-plugins=TaintNodesByCondition",
        )

    def _start_controllers(self) -> None:
        client = (f"--kubeconfig={self.kubeconfig}", "--kube-api-qps=200", "--kube-api-burst=400")
        pki = self.state / "pki"
        self.processes.start(
            "controller-manager",
            BIN / "kube-controller-manager",
            *client,
            f"--service-account-private-key-file={pki}/service-accounts.key",
            f"--root-ca-file={pki}/apiserver.crt",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port['controller-manager']}",
            # Nodes and metrics are simulated: their controllers would find them wanting.
            "--controllers=*,-node-ipam-controller,-node-lifecycle-controller,-horizontal-pod-autoscaler-controller",
        )
        listen = ("--bind-address=127.0.0.1", f"--secure-port={self.port['scheduler']}")
        self.processes.start("scheduler", BIN / "kube-scheduler", *client, "--leader-elect=false", *listen)
        self.kubectl("apply", "-f", str(MANIFESTS / "storage.yaml"))
        self._start_nodes()

    def _start_nodes(self) -> None:
        """What runs the pods: here a node that only says that it does."""
        self.kubectl("apply", "-f", str(MANIFESTS / "kwok.yaml"))
        self.kubectl.apply(*(_volume(number) for number in range(VOLUMES)))
        self.processes.start(
            "kwok",
            BIN / "kwok",
            f"--kubeconfig={self.kubeconfig}",
            "--manage-all-nodes",
            f"--config={MANIFESTS / 'stages.yaml'}",
            "--node-name=kwok",
            f"--server-address=127.0.0.1:{self.port['kwok']}",
        )

    def _start_argocd(self) -> None:
        self._install_crds(shared("argocd") / "crds")
        self.kubectl("apply", "-f", str(MANIFESTS / "argocd.yaml"))
        redis = ("--port", str(self.port["redis"]), "--bind", "127.0.0.1", "--save", "", "--dir", self.state / "redis")
        self.processes.start("redis", "redis-server", *redis)
        self._start_argocd_part(
            "repo-server",
            f"--port={self.port['repo-server']}",
            "--address=127.0.0.1",
            "--metrics-address=127.0.0.1",
            f"--metrics-port={self.port['repo-server-metrics']}",
            "--disable-tls",
            "--client-ca-path=",
            "--revision-cache-expiration=2s",
        )
        self.processes.wait("repo-server", lambda: connect(self.port["repo-server"]))
        self._start_application_controller()
        self._start_argocd_server()

    def set_sync_timeout(self, seconds: int) -> None:
        """Restart Argo CD's controller with another sync timeout, as one does after a change of its settings."""
        self.sync_timeout = seconds
        self.processes.stop("application-controller")
        self._start_application_controller()

    def _start_application_controller(self) -> None:
        self._start_argocd_part(
            "application-controller",
            f"--kubeconfig={self.kubeconfig}",
            "--namespace=argocd",
            f"--repo-server=127.0.0.1:{self.port['repo-server']}",
            "--repo-server-plaintext",
            f"--metrics-port={self.port['application-controller-metrics']}",
            f"--app-resync={POLL}",
            "--app-resync-jitter=0",
            "--repo-error-grace-period-seconds=5",
            f"--sync-timeout={self.sync_timeout}",
        )

    def _start_argocd_server(self) -> None:
        """The server that the `argocd` command talks to; nobody waits for it but who uses that."""
        self._start_argocd_part(
            "server",
            f"--kubeconfig={self.kubeconfig}",
            "--namespace=argocd",
            f"--repo-server=127.0.0.1:{self.port['repo-server']}",
            "--repo-server-plaintext",
            "--disable-auth",
            "--insecure",
            "--address=127.0.0.1",
            f"--port={self.port['argocd-server']}",
            "--metrics-address=127.0.0.1",
            f"--metrics-port={self.port['argocd-server-metrics']}",
            "--dex-server=http://127.0.0.1:1",
        )

    def _start_argocd_part(self, name: str, *flags: str) -> None:
        redis = f"--redis=127.0.0.1:{self.port['redis']}"
        # One binary, which asks this variable who it is.
        environment = {**self._argocd_environment(), "ARGOCD_BINARY_NAME": f"argocd-{name}"}
        self.processes.start(name, BIN / "argocd", redis, *flags, env=environment)

    def _argocd_environment(self) -> Mapping[str, str]:
        scratch = str(self.state / "tmp")
        return {
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_K8S_CLIENT_QPS": "1000",
            "ARGOCD_K8S_CLIENT_BURST": "2000",
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_TLS_DATA_PATH": scratch,
            "ARGOCD_SSH_DATA_PATH": scratch,
            "KUBECONFIG": str(self.kubeconfig),
            "NAMESPACE": "argocd",
            "HOME": scratch,
            "TMPDIR": scratch,
            "PATH": f"{shared('argocd') / 'path'}:{BIN}:{os.environ['PATH']}",
        }

    def _install_external_secrets(self) -> None:
        self._install_crds(shared("external-secrets") / "crds")
        self.start_external_secrets()

    def _install_crds(self, folder: pathlib.Path) -> None:
        self.kubectl("apply", "--server-side", "-f", str(folder))
        # kubectl gives up on a definition that has no conditions yet.
        established = ("wait", "--for=condition=Established", "--timeout=5s", "crd", "--all")
        self.processes.wait("apiserver", lambda: self.kubectl(*established))


def _volume(number: int) -> Object:
    spec = {
        "capacity": {"storage": "100Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "standard",
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": f"/nowhere/{number}"},  # no pod is real, so nobody looks
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"volume-{number}"}, "spec": spec}
