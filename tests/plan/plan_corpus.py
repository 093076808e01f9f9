"""The corpus: one directory a case, named after its fault or its shape, read as `plan --rendered` reads manifests."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gitops_gen.argocd.permissions import Permissions
from gitops_gen.manifests.objects import parse
from gitops_gen.rules.sync import JudgedPlan, judge
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.sync.durations import seconds
from gitops_gen.sync.plan import plan_of
from gitops_gen.sync.policy import SyncPolicy, policy_of
from gitops_gen.yaml.reader import load

HERE = Path(__file__).parent


DEMO = ClusterFacts(namespace="demo")


@dataclass(frozen=True, kw_only=True)
class Case:
    folder: Path
    facts: dict[str, Any]

    @property
    def judged(self) -> JudgedPlan:
        text = (self.folder / "manifests.yaml").read_text()
        manifests = parse(text, "manifests.yaml", namespace="demo")
        plan = plan_of(manifests, self.policy, name=self.folder.name, project=self.project)
        return judge(replace(plan, cluster=DEMO))

    @property
    def project(self) -> Permissions | None:
        """The AppProject of the case, for an Application in the namespace `demo` of a cluster known by its URL."""
        file = self.folder / "project.yaml"
        if not file.exists():
            return None
        manifest = load(file.read_text(), file.name)
        return Permissions(
            name=manifest["metadata"]["name"],
            spec=manifest.get("spec"),
            server="https://kubernetes.default.svc",
            namespace="demo",
            sources=("https://git.example.com/demo/gitops.git",),
        )

    @property
    def policy(self) -> SyncPolicy:
        application = self.folder / "application.yaml"
        policy = policy_of(load(application.read_text(), application.name)) if application.exists() else SyncPolicy()
        limits = {"sync_timeout": self.facts.get("syncTimeout"), "revert_limit": self.facts.get("revertLimit")}
        given: dict[str, Any] = {key: seconds(text) for key, text in limits.items() if text}
        return replace(policy, **given)


def cases(kind: str) -> list[Case]:
    folders = sorted(path for path in (HERE / kind).iterdir() if path.is_dir())
    return [Case(folder=path, facts=load((path / "case.yaml").read_text(), "case.yaml")) for path in folders]
