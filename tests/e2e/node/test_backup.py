"""The guide to backup and restore, step by step as it is written: the volume with the data is lost in between."""

import os
import pathlib
import re
import subprocess
import textwrap

import pytest

from tests.built import BIN
from tests.e2e.argocd import ArgoCD
from tests.e2e.project import REFERENCE, Project

from .client import Client
from .pods import LONGEST, Pods, is_ready
from .test_postgres import delete_verifier
from .test_workflow import eventually

GUIDE = REFERENCE / "docs/chart/backup.md"
#: the folder of the guide's example
EXAMPLE = "20260101T000000Z"
STOPPED = {"app": {"replicas": 0}, "worker": {"replicas": 0}, "temporal": {"replicas": 0}}


class Reader:
    """Somebody who types what the guide shows, in a folder of their own."""

    def __init__(self, dev: Pods, folder: pathlib.Path) -> None:
        self._dev = dev
        self._folder = folder
        self.made = EXAMPLE

    def type_in(self, commands: str) -> str:
        """What the commands print; each succeeds."""
        text = commands.replace("<ns>", self._dev.namespace).replace(EXAMPLE, self.made)
        environment = {"KUBECONFIG": str(self._dev.node.kubeconfig), "PATH": f"{BIN}:{os.environ['PATH']}"}
        argv = ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(
            argv, cwd=self._folder, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout


def blocks(heading: str) -> list[str]:
    """The indented commands under a heading, block by block."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    found = re.findall(r"(?:^ {4,}\S.*\n)(?:^ {4,}.*\n)*", section, re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


def test_the_guide_is_read() -> None:
    back_up, copy_out = blocks("Back up")
    (restore,) = blocks("Restore")
    assert back_up.startswith("kubectl -n <ns> exec deployment/postgres")
    assert copy_out.startswith("pod=$(kubectl")
    assert EXAMPLE in copy_out
    assert "pg_restore" in restore
    assert "exec -i" in copy_in()


def copy_in() -> str:
    (command,) = re.findall(r"`(kubectl [^`]* exec -i [^`]*)`", GUIDE.read_text())
    return str(command)


@pytest.mark.scenario("postgres: the guide's backup brings back a lost volume, and a workflow that was under way")
def test_a_backup_brings_back_a_lost_volume(
    argocd: ArgoCD, project: Project, dev: Pods, tmp_path: pathlib.Path
) -> None:
    dev.wait_ready("app")
    app, reader = Client.of(dev.node, dev.namespace, "app"), Reader(dev, tmp_path)
    dev.sql("CREATE TABLE app.backed_up AS SELECT 42 AS answer; ALTER TABLE app.backed_up OWNER TO appowner")
    assert app.ask("POST", "/orders/restored?0") == (202, {"started": "restored"})
    eventually(lambda: app.ask("GET", "/orders/restored"), 200, {"state": "waiting"})

    back_up, copy_out = blocks("Back up")
    reader.made = reader.type_in(back_up).strip().rpartition("/")[2]
    reader.type_in(copy_out)
    stopping = stop_clients(argocd, project, dev)
    lose_the_volume(dev)
    argocd.wait_synced(project.application("dev"))
    assert dev.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'app'") == "0"
    dev.execute("postgres", "rm", "-r", f"/var/lib/postgresql/backups/{reader.made}")

    pod = copy_out.splitlines()[0]
    reader.type_in(f"{pod}\n{copy_in()}")
    reader.type_in(blocks("Restore")[0])
    old = dev.get("postgres")["metadata"]["uid"]
    dev.delete("postgres")
    dev.wait_ready("postgres", other_than=old)
    verifier = dev.job("postgres-verifier")["metadata"]["uid"]
    delete_verifier(dev)
    dev.wait_job("postgres-verifier", "Complete", other_than=verifier)
    argocd.wait_settled(project.application("dev"), project.revert(stopping), 480)

    assert dev.sql("SELECT answer FROM app.backed_up") == "42"
    dev.wait_ready("app")
    eventually(lambda: app.ask("GET", "/orders/restored"), 200, {"state": "waiting"})
    assert app.ask("POST", "/orders/restored/approval") == (202, {"approved": "restored"})
    assert app.ask("GET", "/orders/restored/result", LONGEST) == (200, {"result": 2})


def stop_clients(argocd: ArgoCD, project: Project, dev: Pods) -> str:
    """The first step of the restore; the commit that does it."""
    project.set_values("dev", STOPPED)
    commit = project.commit("Stop the clients of PostgreSQL")
    argocd.wait_settled(project.application("dev"), commit)

    def gone() -> bool:
        return not any(dev.all(component) for component in STOPPED)

    dev.node.observer.wait("no client of PostgreSQL", gone, LONGEST)
    return commit


def lose_the_volume(dev: Pods) -> None:
    """Delete the claim; its protection lets it go with the pod, and self-heal makes an empty one."""
    dev.node.kubectl("delete", "pvc", "-n", dev.namespace, "postgres-data", "--wait=false")
    old = dev.get("postgres")["metadata"]["uid"]
    dev.delete("postgres")
    dev.wait("ready", lambda pod: is_ready(pod) and pod["metadata"]["uid"] != old, "postgres")
