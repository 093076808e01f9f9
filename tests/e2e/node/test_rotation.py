"""New passwords and a new certificate with the commands of the guide, and no log that shows one of them."""

import pathlib
import subprocess
import time

import pytest

from tests.e2e.argocd import ArgoCD
from tests.e2e.project import Project

from .client import Client, Load
from .conftest import certificate
from .pods import LONGEST, Pods
from .reader import Reader
from .test_postgres import delete_verifier
from .test_redis import ask
from .test_workflow import eventually

CONNECTED = {"postgres": "appuser TLSv1.3", "redis": "True", "temporal": "True"}
PASSWORDS = {
    key: f'new\'\\"{key}"$1`;'
    for key in (
        "postgres_password",
        "postgres_app_user_pw",
        "postgres_app_ro_pw",
        "postgres_temporal_pw",
        "redis_password",
    )
}
CA = ("ca-bundle.crt", "root-ca.crt", "intermediate-ca.crt")


class Store:
    """The store, and the guide's way from there into the Secrets and the pods."""

    def __init__(self, project: Project, reader: Reader, known: dict[str, str]) -> None:
        self._project = project
        self._reader = reader
        self._known = known

    def change(self, secret: str, **changed: str) -> None:
        """Change values in the store and have them fetched."""
        self._known |= changed
        self._project.provide_secrets("dev", known=self._known)
        pods = self._reader.pods
        before = self._version(secret)
        self._reader.type_in(
            f"kubectl -n <ns> annotate externalsecret {secret} force-sync={time.time_ns()} --overwrite"
        )
        pods.node.observer.wait(f"{secret} is fetched", lambda: self._version(secret) != before, 60)

    def restart(self, *deployments: str) -> None:
        """Restart in this order, each when the one before is ready."""
        for name in deployments:
            self._reader.type_in(
                f"kubectl -n <ns> rollout restart deployment/{name}\n"
                f"kubectl -n <ns> rollout status deployment/{name} --timeout=5m"
            )

    def wait_for(self, component: str, key: str) -> None:
        """Wait until the pod of a component has the file that the store holds; the kubelet looks from time to time."""
        pods, wanted = self._reader.pods, self._known[key].strip()
        path = f"/run/secrets/{key}"
        pods.node.observer.wait(
            f"{component} has the new {key}", lambda: pods.execute(component, "cat", path).strip() == wanted, LONGEST
        )

    def type_in_block(self, part: str) -> None:
        """Type the command of the guide that has a text in it."""
        blocks = self._reader.blocks("Certificate of PostgreSQL and its authority")
        (block,) = [found for found in blocks if part in found]
        self._reader.type_in(block)

    def held(self, key: str) -> str:
        """What the store holds."""
        return self._known[key]

    def _version(self, secret: str) -> str:
        pods = self._reader.pods
        return pods.node.kubectl("get", "secret", "-n", pods.namespace, secret, "-o", "jsonpath={.data}")


@pytest.fixture
def store(project: Project, dev: Pods, known: dict[str, str], tmp_path: pathlib.Path) -> Store:
    return Store(project, Reader(guide="rotate-secrets", pods=dev, folder=tmp_path), known)


@pytest.mark.scenario("rotation: every password, with the restarts that the guide names")
def test_passwords_are_rotated(argocd: ArgoCD, project: Project, dev: Pods, store: Store) -> None:
    database = {key: value for key, value in PASSWORDS.items() if key.startswith("postgres")}
    store.change("postgres-secrets", **database)
    store.restart("postgres", "temporal")
    store.change("redis-secrets", redis_password=PASSWORDS["redis_password"])
    store.restart("redis", "app", "worker")
    assert_everything_works(argocd, project, dev)
    assert ask(dev, "ping") == "PONG"
    variables = dev.execute("app", "cat", "/proc/1/environ")
    assert f"POSTGRES_APP_USER_PW={PASSWORDS['postgres_app_user_pw']}" in variables


@pytest.mark.scenario("rotation: the certificate and its authority, without a restart and without a lost request")
def test_the_certificate_is_rotated(
    argocd: ArgoCD, project: Project, dev: Pods, store: Store, tmp_path: pathlib.Path
) -> None:
    old, new = store.held("ca-bundle.crt"), certificate(tmp_path)
    clients = {name: dev.wait_ready(name)["metadata"]["uid"] for name in ("app", "temporal", "postgres")}
    with Load(client=Client.of(dev.node, dev.namespace, "app"), path="/health/ready", pause=0.5) as load:
        store.change("postgres-ca", **dict.fromkeys(CA, old + new["ca-bundle.crt"]))
        for name in ("app", "worker", "temporal"):
            store.wait_for(name, "ca-bundle.crt")
        store.change("postgres-tls", **{key: new[key] for key in ("server.crt", "server.key")})
        store.wait_for("postgres", "server.crt")
        store.type_in_block("kill -s HUP 1")
        assert served(dev) == new["server.crt"].strip()
        store.change("postgres-ca", **{key: new[key] for key in CA})
        store.wait_for("app", "ca-bundle.crt")
        assert_everything_works(argocd, project, dev)
    assert load.lost == {}
    assert {name: dev.get(name)["metadata"]["uid"] for name in clients} == clients


def served(dev: Pods) -> str:
    """The certificate that PostgreSQL shows to a client."""
    address = dev.get("postgres")["status"]["podIP"]
    command = ["openssl", "s_client", "-starttls", "postgres", "-connect", f"{address}:5432"]
    said = subprocess.run(command, input="", capture_output=True, text=True, check=False).stdout
    return said[said.index("-----BEGIN") : said.index("-----END")] + "-----END CERTIFICATE-----"


@pytest.mark.scenario("rotation: no pod and no controller has logged a password or a key")
def test_no_log_shows_a_secret(dev: Pods, known: dict[str, str]) -> None:
    key = known["server.key"].splitlines()[5]
    secrets = [key, *(known[name] for name in PASSWORDS), *PASSWORDS.values()]
    logs = {path: path.read_text(errors="replace") for path in dev.node.log.rglob("*") if path.is_file()}
    assert len(logs) > 10
    assert any("database system is ready" in text for text in logs.values())
    assert [str(path) for path, text in logs.items() if any(secret in text for secret in secrets)] == []


def assert_everything_works(argocd: ArgoCD, project: Project, dev: Pods) -> None:
    """App, worker, Temporal and the verifier log in with what the Secrets hold."""
    dev.wait_ready("app")
    app = Client.of(dev.node, dev.namespace, "app")
    eventually(lambda: app.ask("GET", "/health/ready"), 200, CONNECTED)
    verifier = dev.job("postgres-verifier")["metadata"]["uid"]
    delete_verifier(dev)
    dev.wait_job("postgres-verifier", "Complete", other_than=verifier)
    order = f"rotated-{time.time_ns()}"
    assert app.ask("POST", f"/orders/{order}?0") == (202, {"started": order})
    eventually(lambda: app.ask("GET", f"/orders/{order}"), 200, {"state": "waiting"})
    argocd.wait_synced(project.application("dev"))
