"""Shapes of public charts, rebuilt small: one file of `charts/` a shape, with all files of its chart in it.

`about` says what the shape is; `values` is what an environment sets, `change` what is set over it afterwards, and
`changed` the objects that the change is about; `findings` and `notes` are the rules that `plan` names. `varies` are
keys with a new value in each render; `kubernetes` and `apiVersions` are what the cluster has.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_gen.helm.engine import HelmRelease, Values
from gitops_gen.project.layers import merge
from gitops_gen.yaml.reader import load, load_all
from gitops_gen.yaml.writer import dump

FOLDER = Path(__file__).parent / "charts"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))

PROJECT = {
    "apiVersion": "gitops-gen/v1",
    "kind": "Project",
    "name": "shop",
    "repository": "https://git.example.com/shop/gitops.git",
    "chart": {"path": "chart"},
    "stages": [{"name": "dev"}],
    "argocd": {"syncTimeout": "30m", "project": {"existing": "platform", "file": "platform.yaml"}},
    "defaults": {"cluster": "eu", "namespace": "shop-dev"},
}

#: it allows everything: what an AppProject refuses is asked elsewhere
PLATFORM = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "platform", "namespace": "argocd"},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One shape, as its file says."""

    name: str
    facts: dict[str, Any]

    @property
    def kubernetes(self) -> str:
        """The version of the cluster."""
        return str(self.facts.get("kubernetes", "1.33"))

    @property
    def values(self) -> Values:
        """What the environment sets."""
        found: Values = self.facts.get("values", {})
        return found

    @property
    def changed_values(self) -> Values:
        """The same with the change."""
        return merge(self.values, self.facts["change"])

    @property
    def varies(self) -> frozenset[str]:
        """Keys whose values each render makes again."""
        return frozenset(self.facts.get("varies", ()))

    def release(self, values: Values) -> HelmRelease:
        """What Helm renders."""
        return HelmRelease(
            name="shop",
            namespace="shop-dev",
            values=values,
            kubernetes=self.kubernetes,
            api_versions=self.facts.get("apiVersions", ()),
        )

    def write_chart(self, folder: Path) -> Path:
        """Write the files of the chart."""
        default = {"Chart.yaml": "apiVersion: v2\nname: shape\nversion: 1.0.0\n"}
        for name, text in {**default, **self.facts["files"]}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    def write_project(self, folder: Path) -> Path:
        """Write a repository of one environment around the chart."""
        self.write_chart(folder / "chart")
        cluster = {"server": "https://kubernetes.default.svc", "kubernetes": self.kubernetes}
        (folder / "gitops.yaml").write_text(dump({**PROJECT, "clusters": {"eu": cluster}}))
        (folder / "platform.yaml").write_text(dump(PLATFORM))
        (folder / "environments/dev").mkdir(parents=True)
        (folder / "environments/dev/release.yaml").write_text("apiVersion: gitops-gen/v1\nkind: Release\nvalues: {}\n")
        self.write_values(folder, self.values)
        return folder

    def write_values(self, folder: Path, values: Values) -> None:
        """Write what the environment sets."""
        content = {"apiVersion": "gitops-gen/v1", "kind": "Environment", "stage": "dev", "values": values}
        (folder / "environments/dev/environment.yaml").write_text(dump(content))

    def objects(self, stream: str) -> dict[tuple[str, ...], Any]:
        """The objects of a stream by what identifies them, with nothing that varies."""
        found = [item for item in load_all(stream, self.name) if item]
        named = {_identity(item): _settled(item, self.varies) for item in found}
        assert len(named) == len(found)
        return named


def shape(name: str) -> Shape:
    """The shape of that name."""
    return Shape(name=name, facts=load((FOLDER / f"{name}.yaml").read_text(), f"{name}.yaml"))


def _identity(item: dict[str, Any]) -> tuple[str, ...]:
    metadata = item.get("metadata", {})
    name = metadata.get("name") or metadata.get("generateName") or "-"
    return item["apiVersion"], item["kind"], metadata.get("namespace", ""), name


def _settled(value: Any, varies: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: "varies" if key in varies else _settled(item, varies) for key, item in value.items()}
    return [_settled(item, varies) for item in value] if isinstance(value, list) else value
