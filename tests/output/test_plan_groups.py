"""`plan` of many environments: equal results are shown together."""

import json
import shutil
from pathlib import Path

from tests.conftest import GitopsGen


def fleet(good: Path, count: int) -> None:
    """More environments like dev, of which one takes another chart value."""
    for number in range(count):
        target = good / f"environments/env-{number}"
        shutil.copytree(good / "environments/dev", target)
        (target / "values.yaml").unlink()
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: '{{ .Release.Name }}'}\n"
    pod = "spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}\n"
    text = f"{{{{ if gt (int .Values.replicas) 5 }}}}\n{job}{pod}{{{{ end }}}}\n"
    (good / "chart/templates/job.yaml").write_text(text)


def test_equal_results_are_shown_together(good: Path, gitops_gen: GitopsGen) -> None:
    fleet(good, 12)
    release = good / "environments/env-7/release.yaml"
    release.write_text(release.read_text() + "  replicas: 7\n")
    result = gitops_gen(good, "plan")
    assert result.code == gitops_gen(good, "plan", "env-7").code
    assert "13 environments: proven\n" in result.out
    assert "\nenv-7: " in result.out
    assert all(line in result.out for line in gitops_gen(good, "plan", "env-7").out.splitlines() if "→" in line)
    assert gitops_gen(good, "-v", "plan").out.count("Longest time until") == 14
    assert len(json.loads(gitops_gen(good, "plan", "--output", "json").out)["plans"]) == 14


def test_few_plans_are_all_shown(good: Path, gitops_gen: GitopsGen) -> None:
    fleet(good, 3)
    assert gitops_gen(good, "plan").out.count("Longest time until") == 5
