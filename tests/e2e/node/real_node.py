"""A control plane whose one node is real: containerd, kubelet, kube-proxy and CoreDNS run the pods.

To be started inside of the namespaces that `python -m tests.e2e.node` makes: it takes their network for its own, and
ends every process in them when it is left.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from tests.built import BIN
from tests.e2e.api import Object
from tests.e2e.cluster import Cluster

from . import images
from .footprint import ROOT
from .programs import NETWORK_PLUGINS

#: the node's address: that of the bridge which the pods are on
GATEWAY = "10.244.0.1"
PODS = "10.244.0.0/24"
NAME = "node"
#: what the first process of the run's namespaces was started as
INSIDE = os.fsencode(pathlib.Path(__file__).resolve().parent / "inside.sh")
#: containerd's own default; /run is the run's own
SOCKET = "/run/containerd/containerd.sock"
VOLUMES = 32
#: of the packets that a NetworkPolicy decides about
QUEUE = 100
#: the rules of kube-network-policies, which makes them for nftables only, and not every kernel has the queue of that
DIVERTED = (
    ("-p", "udp", "--dport", "53", "-j", "ACCEPT"),
    ("-m", "owner", "--uid-owner", "0", "-j", "ACCEPT"),  # the node's own, such as probes
    ("-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT"),
    ("-s", PODS, "-j", "NFQUEUE", "--queue-num", str(QUEUE)),
    ("-d", PODS, "-j", "NFQUEUE", "--queue-num", str(QUEUE)),
)


class RealNode(Cluster):
    """One control plane with one node; see `Cluster`."""

    def __init__(self, state: pathlib.Path | None = None, *, sync_timeout: int = 0) -> None:
        super().__init__(state, sync_timeout=sync_timeout)
        self._loaded: set[str] = set()

    def load_images(self, names: set[str]) -> None:
        """Have the node hold images for these names, as pods write them."""
        names = names - self._loaded
        if unknown := images.missing_for(names):
            raise LookupError(f"no stand-in for {', '.join(unknown)}: stand_ins.py has the list")
        for stand_in, own in images.wanted(names):
            images.load(stand_in, own)
        self._loaded |= names

    def kill(self, container: str) -> None:
        """What the kernel does to a container that takes too much memory. Input: the id that the pod's status has."""
        for pid in self.processes_of(container):
            with contextlib.suppress(ProcessLookupError):  # it went with the one before
                os.kill(pid, signal.SIGKILL)

    def processes_of(self, container: str) -> list[int]:
        """The processes of a container. Input: the id that the pod's status has."""
        (procs,) = {path.resolve() for path in _cgroups(container.removeprefix("containerd://"))}
        return [int(pid) for pid in procs.read_text().split()]

    def _api_flags(self) -> tuple[str, ...]:
        # For `kubectl logs` and `exec`; nothing resolves the node's name.
        return (*super()._api_flags(), "--kubelet-preferred-address-types=InternalIP")

    def _start_nodes(self) -> None:
        for folder in ("containerd", "kubelet", "volumes", "cni", "log/pods"):
            (self.state / folder).mkdir()
        self._write_settings()
        self.kubectl.apply(*(self._volume(number) for number in range(VOLUMES)))
        self.processes.start("containerd", "containerd", "--config", self.state / "containerd.toml")
        self.processes.wait("containerd", _ask_containerd)
        self.load_images({images.PAUSE})
        self._start_kubelet()
        self._start_network()
        ready = ("wait", "--for=condition=Ready", "--timeout=5s", f"node/{NAME}")
        self.processes.wait("kubelet", lambda: self.kubectl(*ready))

    def _start_kubelet(self) -> None:
        self.processes.start(
            "kubelet",
            BIN / "kubelet",
            f"--config={self.state / 'kubelet.json'}",
            f"--kubeconfig={self.kubeconfig}",
            f"--root-dir={self.state / 'kubelet'}",
            f"--hostname-override={NAME}",
            f"--node-ip={GATEWAY}",
        )

    def _start_network(self) -> None:
        self.processes.start(
            "kube-proxy",
            BIN / "kube-proxy",
            f"--kubeconfig={self.kubeconfig}",
            "--proxy-mode=iptables",
            f"--hostname-override={NAME}",
            f"--cluster-cidr={PODS}",
            "--conntrack-max-per-core=0",  # the machine's own stays
        )
        self.processes.start("coredns", BIN / "coredns", "-conf", self.state / "Corefile")
        self._start_network_policies()

    def _start_network_policies(self) -> None:
        """What enforces NetworkPolicies: it is given the first packet of each connection from or to a pod."""
        credentials = pathlib.Path("/run/secrets/kubernetes.io/serviceaccount")  # /run is the run's own
        credentials.mkdir(parents=True)
        (credentials / "token").write_text(self._token)
        shutil.copy(self.state / "pki/apiserver.crt", credentials / "ca.crt")
        server = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.port["apiserver"])}
        flags = (f"--hostname-override={NAME}", "--metrics-bind-address=127.0.0.1:0", f"--nfqueue-id={QUEUE}")
        self.processes.start("kube-network-policies", BIN / "kube-network-policies", *flags, env=server)
        self.processes.wait("kube-network-policies", _ask_queue)
        for rule in DIVERTED:
            subprocess.run(["iptables", "-t", "mangle", "-A", "POSTROUTING", *rule], check=True)

    def _write_settings(self) -> None:
        (self.state / "containerd.toml").write_text(_containerd(self.state))
        (self.state / "cni/bridge.conflist").write_text(json.dumps(_network()))
        (self.state / "kubelet.json").write_text(json.dumps(_kubelet(self.log / "pods")))
        (self.state / "Corefile").write_text(COREFILE.format(address=GATEWAY, kubeconfig=self.kubeconfig))

    def _volume(self, number: int) -> Object:
        """A local volume: fsGroup applies to it, as to a cloud's disk, and not to a hostPath."""
        folder = self.state / f"volumes/{number}"
        folder.mkdir()
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NAME]}
        spec = {
            "capacity": {"storage": "100Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "standard",
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        }
        metadata = {"name": f"volume-{number}"}
        return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}

    def _lock(self) -> None:
        """Nothing: who made the namespaces of this run holds its locks."""
        assert isolated(), "the locks are those of `python -m tests.e2e.node`"

    def _clear(self) -> None:
        """The containers are nobody's children, and what kubelet mounted for them is in the way."""
        _end_all_processes()
        _unmount_below(self.state)
        super()._clear()


def _ask_containerd() -> None:
    run = subprocess.run(["ctr", "--address", SOCKET, "version"], capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(run.stderr)


def _ask_queue() -> None:
    if not pathlib.Path("/proc/net/netfilter/nfnetlink_queue").read_text():
        raise RuntimeError("nothing takes packets")


def _cgroups(container: str) -> list[pathlib.Path]:
    found = pathlib.Path("/sys/fs/cgroup").glob(f"**/{ROOT}/**/{container}/cgroup.procs")
    return sorted(found, key=lambda path: len(path.parts))[:1]


def isolated() -> bool:
    """Whether this process is in namespaces of the run's own: their first process is known."""
    return INSIDE in pathlib.Path("/proc/1/cmdline").read_bytes().split(b"\0")


def _end_all_processes() -> None:
    """Kill every process of the run's own PID namespace but this one and those that wait for it."""
    assert isolated(), "this would end every process of the machine"
    end = time.monotonic() + 10
    while others := _processes() - _own():
        assert time.monotonic() < end, f"processes that do not end: {others}"
        for pid in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def _processes() -> set[int]:
    return {int(path.name) for path in pathlib.Path("/proc").iterdir() if path.name.isdigit()}


def _own() -> set[int]:
    pid, own = os.getpid(), {os.getpid()}
    while pid > 1:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        pid = int(stat.rpartition(")")[2].split()[1])
        own.add(pid)
    return own


def _unmount_below(folder: pathlib.Path) -> None:
    mounts = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    for path in sorted((path for path in mounts if pathlib.Path(path).is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", path], check=True)


def _containerd(state: pathlib.Path) -> str:
    # A profile for AppArmor would be loaded into the machine's kernel.
    return f"""\
version = 2
root = "{state}/containerd"
[plugins."io.containerd.internal.v1.opt"]
  path = "{state}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.PAUSE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{NETWORK_PLUGINS}"
    conf_dir = "{state}/cni"
"""


def _network() -> Object:
    ranges = [[{"subnet": PODS}]]
    addresses = {"type": "host-local", "ranges": ranges, "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"type": "bridge", "bridge": "e2e0", "isGateway": True, "hairpinMode": True, "ipam": addresses}
    return {"cniVersion": "0.4.0", "name": "e2e", "plugins": [bridge]}


def _kubelet(logs: pathlib.Path) -> Object:
    """https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/"""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{ROOT}",
        "clusterDNS": [GATEWAY],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "enforceNodeAllocatable": [],
        # A test machine's disk may be as full as it likes, and no image can be pulled again.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "podLogsDir": str(logs),
        "resolvConf": "",
        # How long a pod's files may be behind its Secrets, which is a minute by default.
        "syncFrequency": "10s",
    }


COREFILE = """\
.:53 {{
    bind {address}
    errors
    kubernetes cluster.local {{
        kubeconfig {kubeconfig} e2e
    }}
}}
"""
