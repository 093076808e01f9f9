"""What gitops.yaml says of a cluster reaches the rules."""

from pathlib import Path

import pytest

from gitops_gen.errors import ProblemsError
from gitops_gen.project.opening import open_project
from gitops_gen.rules.planning import plan_environment

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.demo.example}
"""


def _with_schemas(project: Path, file: str) -> Path:
    settings = project / "gitops.yaml"
    settings.write_text(settings.read_text().replace("  eu:\n", f"  eu:\n    schemas: [{file}]\n"))
    return project


def test_the_cluster_of_an_environment_is_known(good: Path) -> None:
    (good / "widgets.yaml").write_text(CRD)
    cluster = plan_environment(open_project(_with_schemas(good, "widgets.yaml")), "dev").plan.cluster
    assert [item.name for item in cluster.schemas] == ["widgets.demo.example"]
    assert cluster.namespace == "shop-dev"


def test_a_missing_file_is_named(good: Path) -> None:
    with pytest.raises(ProblemsError) as caught:
        plan_environment(open_project(_with_schemas(good, "widgets.yaml")), "dev")
    assert [problem.file for problem in caught.value.problems] == ["widgets.yaml"]
