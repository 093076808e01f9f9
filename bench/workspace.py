"""What a workspace costs: three shapes of repositories with many services, and how the cost grows with them.

`python -m bench.workspace`, exit code 1 when a limit does not hold.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.generate import GITOPS_GEN
from bench.growth import AUTHOR
from bench.timing import compile_package, peak_megabytes, process, seconds

CHART = Path(__file__).resolve().parents[1] / "gitops_gen/starter/workspace/service"
MEMORY_MB = 400
GROWTH = 1.3
"""How much more an Application may cost in the largest shape than in one with a tenth of its services."""

WORKSPACE = """\
apiVersion: gitops-gen/v1
kind: Workspace
name: fleet
projects: [services/*]
repository: https://github.com/example/fleet.git
chart: {{path: charts/service}}
argocd: {{syncTimeout: 30m}}
clusters:
{clusters}
stages: [{{name: dev}}, {{name: staging}}, {{name: production, defaults: {{values: {{replicas: 3}}}}}}]
defaults: {{namespace: "{{project}}-{{environment}}"}}
"""
PROJECT = "apiVersion: gitops-gen/v1\nkind: Project\nname: {name}\n"
ENVIRONMENT = "apiVersion: gitops-gen/v1\nkind: Environment\nstage: {stage}\ncluster: {cluster}\n"
RELEASE = "apiVersion: gitops-gen/v1\nkind: Release\nvalues: {{image: {{tag: 1.4.{patch}}}}}\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A repository: its services, the environments of each, and whether each has its own chart."""

    name: str
    services: int
    environments: int
    clusters: int = 1
    own_charts: bool = False

    @property
    def applications(self) -> int:
        """How many Applications there are."""
        return self.services * self.environments

    def make(self, folder: Path) -> Path:
        """The repository in `folder`, with everything generated and committed."""
        servers = (f"  c{index}: {{server: https://c{index}.example.com}}" for index in range(self.clusters))
        self._write(folder, "gitops.yaml", WORKSPACE.format(clusters="\n".join(servers)))
        shutil.copytree(CHART, folder / "charts/service")
        for index in range(self.environments):
            facts = {"stage": ("dev", "staging", "production")[index % 3], "cluster": f"c{index % self.clusters}"}
            self._write(folder, f"environments/e{index:03}/environment.yaml", ENVIRONMENT.format(**facts))
        for index in range(self.services):
            self._service(folder, f"s{index:03}")
        process([*GITOPS_GEN, "-q", "-C", str(folder), "generate"])
        for words in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", "-mStart"]):
            subprocess.run(["git", "-C", str(folder), *AUTHOR, *words], check=True, capture_output=True)
        return folder

    def _service(self, folder: Path, name: str) -> None:
        place = f"services/{name}"
        own = "chart: {path: chart}\n" if self.own_charts else ""
        self._write(folder, f"{place}/gitops.yaml", PROJECT.format(name=name) + own)
        if self.own_charts:
            shutil.copytree(CHART, folder / place / "chart")
        for index in range(self.environments):
            text = RELEASE.format(patch=index % 10)
            self._write(folder, f"{place}/environments/e{index:03}/release.yaml", text)

    @staticmethod
    def _write(folder: Path, path: str, text: str) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


TENTH = Shape(name="5 services x 10 stages x 10 clusters", services=5, environments=100, clusters=10)
LARGEST = Shape(name="50 services x 10 stages x 10 clusters", services=50, environments=100, clusters=10)
SHAPES = (
    Shape(name="59 services x 3, one chart", services=59, environments=3),
    Shape(name="100 services x 24, own charts", services=100, environments=24, own_charts=True),
    TENTH,
    LARGEST,
)


def clean(folder: Path) -> None:
    """Remove what is generated."""
    shutil.rmtree(folder / "argocd")
    for path in folder.glob("services/*/environments/*/values.yaml"):
        path.unlink()


def measured(folder: Path) -> Iterator[tuple[str, float]]:
    """What the commands take, in seconds, and the peak memory, in MB."""

    def gitops_gen(*words: str) -> None:
        done = subprocess.run([*GITOPS_GEN, "-q", "-C", str(folder), *words], check=False, capture_output=True)
        if done.returncode not in (0, 1):
            raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)

    yield "all new", seconds(lambda: gitops_gen("generate"), 3, before=lambda: clean(folder))
    yield "nothing to do", seconds(lambda: gitops_gen("generate"), 3)
    yield "status", seconds(lambda: gitops_gen("status"), 3)
    release = folder / "services/s000/environments/e000/release.yaml"
    release.write_text(RELEASE.format(patch=99))
    yield "one service: check", seconds(lambda: gitops_gen("generate", "--check", "--project", "s000"), 3)
    yield "one service: diff", seconds(lambda: gitops_gen("diff", "--project", "s000"), 3)
    release.write_text(RELEASE.format(patch=0))
    clean(folder)
    yield "MB", peak_megabytes([*GITOPS_GEN, "-q", "-C", str(folder), "generate"]) or 0


def main() -> bool:
    """Print the table; whether every limit holds."""
    compile_package()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for index, shape in enumerate(SHAPES):
            found[shape.name] = dict(measured(shape.make(Path(scratch, str(index)))))
            times = ", ".join(f"{name} {value:.2f}" for name, value in found[shape.name].items())
            print(f"{shape.name} ({shape.applications:,} Applications): {times}", flush=True)
    cost = {shape: found[shape.name]["all new"] / shape.applications for shape in (TENTH, LARGEST)}
    growth, memory = cost[LARGEST] / cost[TENTH], max(item["MB"] for item in found.values())
    print(f"an Application of the largest costs {growth:.2f} of one of the tenth (limit {GROWTH}); {memory:.0f} MB")
    return growth <= GROWTH and memory <= MEMORY_MB


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
