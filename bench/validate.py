"""What `validate` takes, compared with the programs that people run for a part of it, on the same 100 environments.

`python -m bench.validate`; exit code 1 when a limit does not hold. The others judge rendered files, so what they take
has the renders in it: one `helm template` for each environment. All is processor time, which
other work on the machine changes little. A program that is not built (`make tools`) is named and left out.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import fleet
from bench.generate import GITOPS_GEN, generate
from bench.timing import Ratio, compile_package, process, show
from tests.built import BIN
from tests.chart.conform import write_schemas

ENVIRONMENTS = 100
ROUNDS = 3
"""`validate` is measured so often, and the least counts."""
KUBERNETES = "1.36"
POLICIES = Path(__file__).resolve().parents[1] / "tests/validate/tree/cluster/policies.yaml"
"""ValidatingAdmissionPolicies, which Kyverno's program evaluates too."""
LIMITS = {"checkov": 1 / 8, "kubeconform and kube-score": 3 / 4, "kyverno apply": 1 / 8}
"""How much `validate` may take of what the others do, with their renders."""


def ratios(scratch: Path) -> Iterator[Ratio]:
    """`validate` against each of the others."""
    project, rendered = fleet.make(scratch / "fleet", ENVIRONMENTS), scratch / "rendered"
    judged_by(project, POLICIES)
    process(generate(project))
    process([*GITOPS_GEN, "--quiet", "-C", str(project), "render", "--all", "--output-dir", str(rendered)])
    files = sorted(map(str, rendered.rglob("*.yaml")))
    others = dict(commands(rendered, files, write_schemas(KUBERNETES, scratch / "schemas")))
    renders = ENVIRONMENTS * cost([["helm", "template", "api-forge", str(project / "helm/api-forge")]])
    mine = min(cost([[*GITOPS_GEN, "--quiet", "-C", str(project), "validate"]]) for _ in range(ROUNDS))
    for name, argvs in others.items():
        theirs = renders + cost(argvs)
        what = f"validate, {ENVIRONMENTS} environments"
        yield Ratio(name=what, seconds=mine, against=f"helm, {name}", base_seconds=theirs, limit=LIMITS[name])


def judged_by(project: Path, policies: Path) -> None:
    """Give every cluster of a project these policies."""
    shutil.copy(policies, project / "policies.yaml")
    file = project / "gitops.yaml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(
        "".join(f"{line}    policies: [policies.yaml]\n" if "    server:" in line else line for line in lines)
    )


def commands(rendered: Path, files: Sequence[str], schemas: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """Each program's command lines over the rendered files, where it is built."""
    location = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    conform = ["kubeconform", "-strict", "-ignore-missing-schemas", "-schema-location", location, str(rendered)]
    score = ["kube-score", "score", "--output-format", "ci", *files]
    checkov = ["checkov", "--framework", "kubernetes", "--skip-download", "--compact", "--directory", str(rendered)]
    # It refuses two objects of one name, as those of two environments have here.
    kyverno = [["kyverno", "apply", str(POLICIES), "--resource", file] for file in files]
    of = {"kubeconform and kube-score": [conform, score], "kyverno apply": kyverno, "checkov": [checkov]}
    for name, argvs in of.items():
        if absent := {argv[0] for argv in argvs if not (BIN / argv[0]).exists()}:
            print(f"not measured: {name}, because {' and '.join(absent)} is not built (make tools)")
        else:
            yield name, argvs


def cost(argvs: Sequence[Sequence[str]]) -> float:
    """The processor time of programs and their workers, in seconds; they may find what they want."""
    before = _children()
    for program, *words in argvs:
        path = BIN / program if (BIN / program).exists() else program
        done = subprocess.run([path, *words], check=False, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{program} exited with {done.returncode}: {done.stderr[-500:]}")
    return _children() - before


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def main() -> bool:
    """Print the table; whether every limit holds."""
    compile_package()
    with tempfile.TemporaryDirectory() as scratch:
        return show(ratios(Path(scratch)))


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
