"""`init --chart` ends in a repository that works: what the chart needs of the AppProject, of the sync options and of
the sync timeout is written with its reason, and what cannot be decided for a person is named.
"""

import io
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from gitops_gen.yaml.reader import load
from tests.conftest import GitopsGen
from tests.starter_charts import chart, packed, write

pytestmark = pytest.mark.slow

IMAGE = "image: {repository: web, tag: '1.0'}\n"
ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s}\nrules: []\n"
ELSEWHERE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {a: b}\n"
WIDGET = "apiVersion: demo.example/v1\nkind: Widget\nmetadata: {name: one}\n"
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.demo.example}
spec:
  group: demo.example
  names: {kind: Widget, plural: widgets}
  scope: Cluster
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, description: "%s"}}
"""
DATABASE = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, clusterIP: None, ports: [{port: 5432}]}
"""


def around(tmp_path: Path, gitops_gen: GitopsGen, *templates: str, values: str = IMAGE) -> tuple[Path, str]:
    """A project around a chart with these templates; and what `init` says."""
    source = chart(tmp_path / "shop", values)
    write(source, {f"templates/{number}.yaml": text for number, text in enumerate(templates)})
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(source))
    assert result.code == 0, result.err
    return tmp_path / "new", result.err


def allowed(project: Path) -> Any:
    data = load((project / "gitops.yaml").read_text(), "gitops.yaml")
    return data["argocd"].get("project", {}).get("allow")


def works(project: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(project, "generate", "--check").code == 0
    planned = gitops_gen(project, "plan", "dev")
    assert planned.code == 0, planned.out


def test_a_chart_that_needs_nothing(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    project, shown = around(tmp_path, gitops_gen)
    assert allowed(project) is None
    assert "refused-by-project" not in shown
    assert "AppProject" not in (project / "gitops.yaml").read_text().partition("repository:")[2]
    works(project, gitops_gen)


def test_what_the_chart_needs_is_allowed_with_the_reason(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    roles = ROLE % "a" + "---\n" + ROLE % "b"
    project, _ = around(tmp_path, gitops_gen, roles, ELSEWHERE, CRD % "", WIDGET)
    assert allowed(project) == {
        "clusterKinds": [
            "ClusterRole.rbac.authorization.k8s.io",
            "CustomResourceDefinition.apiextensions.k8s.io",
            "Widget.demo.example",
        ],
        "namespaces": ["kube-system"],
    }
    text = (project / "gitops.yaml").read_text()
    assert "- ClusterRole.rbac.authorization.k8s.io # ClusterRole/a and 1 more (helm/shop/templates/0.yaml)\n" in text
    assert "- kube-system # kube-system:ConfigMap/a (helm/shop/templates/1.yaml)\n" in text
    works(project, gitops_gen)


def test_other_namespaces_follow_the_environment(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    jobs = ELSEWHERE.replace("kube-system", "{{ .Release.Namespace }}-jobs")
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n"
    made = namespace % "monitoring" + "---\n" + namespace % "{{ .Release.Namespace }}-jobs"
    project, _ = around(tmp_path, gitops_gen, jobs, made)
    assert allowed(project) == {
        "clusterKinds": ["Namespace/monitoring", "Namespace"],
        "namespaces": ["{namespace}-jobs"],
    }
    for environment in ("dev", "staging", "production"):
        assert gitops_gen(project, "plan", environment).code == 0


@pytest.mark.parametrize("others", [(), (ROLE % "a",)])
def test_a_rendered_secret_is_allowed_with_what_is_better(
    others: tuple[str, ...], tmp_path: Path, gitops_gen: GitopsGen
) -> None:
    project, shown = around(tmp_path, gitops_gen, SECRET, *others)
    assert "refused" not in shown
    assert allowed(project)["secrets"] is True
    text = (project / "gitops.yaml").read_text()
    comment = text[text.index("# For Secret/password (helm/shop/templates/0.yaml)") : text.index("secrets: true")]
    assert "External Secrets" in comment
    works(project, gitops_gen)

    (project / "gitops.yaml").write_text(text.replace("secrets: true", "secrets: false"))
    assert gitops_gen(project, "generate").code == 0
    planned = gitops_gen(project, "plan", "dev")
    assert (planned.code, planned.out.count("refused-by-project")) == (1, 1)


def test_a_large_object_is_applied_server_side(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    project, _ = around(tmp_path, gitops_gen, CRD % ("d" * 300_000))
    line = r"- ServerSideApply=true # CustomResourceDefinition/widgets\.demo\.example has \d+ bytes"
    assert re.search(line, (project / "gitops.yaml").read_text())
    works(project, gitops_gen)


def test_objects_that_every_environment_would_have_are_named(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    own = ROLE % "{{ .Release.Namespace }}"
    project, shown = around(tmp_path, gitops_gen, ROLE % "a", own, CRD % "")
    assert "note: ClusterRole/a (helm/shop/templates/0.yaml:2): is also rendered by dev, on the same cluster: " in shown
    assert shown.count("is also rendered") == 1
    assert "check: render\n" in (project / ".github/workflows/gitops.yaml").read_text()
    planned = gitops_gen(project, "plan")
    assert planned.code == 1
    assert planned.out.count("object-in-two-environments: ClusterRole/a") == 2

    file = project / "gitops.yaml"
    entry = "{rule: object-in-two-environments, object: ClusterRole/a, reason: they are the same}"
    file.write_text(f"{file.read_text()}rules:\n  ignore:\n    - {entry}\n")
    assert gitops_gen(project, "plan").code == 0


def test_environments_of_different_clusters_share_nothing(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    project, _ = around(tmp_path, gitops_gen, ROLE % "a")
    file = project / "gitops.yaml"
    clusters = "".join(f"  {name}:\n    server: https://{name}.example.com\n" for name in ("b", "c"))
    file.write_text(file.read_text().replace("clusters:\n", f"clusters:\n{clusters}"))
    for name, cluster in (("staging", "b"), ("production", "c")):
        environment = project / f"environments/{name}/environment.yaml"
        environment.write_text(environment.read_text() + f"cluster: {cluster}\n")
    assert gitops_gen(project, "plan").code == 0


def test_a_wait_without_end_needs_the_sync_timeout(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    project, shown = around(tmp_path, gitops_gen, DATABASE)
    text = (project / "gitops.yaml").read_text()
    assert "\n  syncTimeout: 30m\n" in text
    assert "Only this ends a wait for StatefulSet/db" in text
    assert '"controller.sync.timeout.seconds": "1800"' in shown
    works(project, gitops_gen)
    assert "check: render\n" not in (project / ".github/workflows/gitops.yaml").read_text()
    assert "gitops-gen validate" in (project / ".gitlab-ci.yml").read_text()


def test_a_kind_of_unknown_scope_is_named(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    project, _ = around(tmp_path, gitops_gen, WIDGET)
    assert "add to clusterKinds: Widget.demo.example\n" in (project / "gitops.yaml").read_text()
    assert allowed(project) is None
    assert "if Widget.demo.example is cluster-scoped" in gitops_gen(project, "plan", "dev").out


def test_a_required_value_is_named_with_its_template_and_the_needs_come_later(
    tmp_path: Path, gitops_gen: GitopsGen
) -> None:
    source = chart(tmp_path / "shop", IMAGE)
    write(source, {"templates/a.yaml": ROLE % '{{ required "set the host" .Values.host }}'})
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(source))
    assert result.code == 1
    assert "(shop/templates/a.yaml:3:" in result.err
    assert "set `host` below `values`" in result.err

    project = tmp_path / "new"
    file = project / "environments/dev/environment.yaml"
    file.write_text(file.read_text().replace("values: {}", "values: {host: a}"))
    assert gitops_gen(project, "generate").code == 0
    planned = gitops_gen(project, "plan", "dev")
    assert planned.code == 1
    assert "add `clusterKinds: [ClusterRole.rbac.authorization.k8s.io]` under" in planned.out


def test_a_chart_as_an_archive(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    source = chart(tmp_path / "shop", IMAGE)
    write(source, {"templates/a.yaml": ROLE % "a"})
    packed(source, tmp_path)
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(tmp_path / "shop-1.0.0.tgz"))
    assert result.code == 0, result.err
    project = tmp_path / "new"
    assert (project / "helm/shop/Chart.yaml").is_file()
    assert allowed(project) == {"clusterKinds": ["ClusterRole.rbac.authorization.k8s.io"]}
    works(project, gitops_gen)


@pytest.mark.parametrize("fault", ["text", "cut", "empty", "escapes", "two"])
def test_what_is_no_archive_of_a_chart(fault: str, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    file = tmp_path / "shop.tgz"
    if fault == "text":
        file.write_text("no archive")
    else:
        names = {"empty": [], "escapes": ["../Chart.yaml"], "two": ["a/Chart.yaml", "b/Chart.yaml"]}
        with tarfile.open(file, "w:gz") as archive:
            for name in names.get(fault, ["a/Chart.yaml"]):
                archive.addfile(tarfile.TarInfo(name), io.BytesIO())
        if fault == "cut":
            file.write_bytes(file.read_bytes()[:40])
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(file))
    assert result.code in (1, 2), result.err
    assert result.err.startswith(f"error: {file} ")
    assert "use the chart's folder, or the .tgz" in result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.tgz"]


def test_a_library_chart_and_a_missing_dependency(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    library = chart(tmp_path / "library", IMAGE, more="type: library\n")
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(library))
    assert (result.code, (tmp_path / "new").exists()) == (1, False)
    assert "library charts are not installable" in result.err
    assert "use a chart that names it under `dependencies` in Chart.yaml" in result.err
    missing = "dependencies: [{name: x, version: 1.0.0, repository: https://charts.example.com}]\n"
    lacking = chart(tmp_path / "top", IMAGE, more=missing)
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(lacking))
    assert (result.code, (tmp_path / "new").exists()) == (1, False)
    assert f"run `helm dependency build {lacking}` and try again" in result.err
    packed(lacking, tmp_path)
    archive = tmp_path / "top-1.0.0.tgz"
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(archive))
    assert result.err.startswith(f"error: {archive}: found in Chart.yaml, but missing in charts/ directory: x")
    assert "run `helm dependency build` in the unpacked chart, use its folder, and try again" in result.err


@pytest.mark.slow
@pytest.mark.parametrize(("chart", "tag"), [("https/web", "2.0.0"), ("oci/web:1.0.0", "1.0.0")])
def test_a_chart_from_a_repository(chart: str, tag: str, charts: str, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    scheme, _, name = chart.partition("/")
    result = gitops_gen(tmp_path, "init", "new", "--chart", f"{charts.replace('https', scheme)}/{name}")
    assert result.code == 0, result.err
    assert f"version: {tag}" in (tmp_path / "new/helm/web/Chart.yaml").read_text()
    assert gitops_gen(tmp_path / "new", "generate", "--check").code == 0


@pytest.mark.slow
def test_a_chart_that_no_repository_has(charts: str, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    for wrong in ("web:9.9.9", "nothing"):
        result = gitops_gen(tmp_path, "init", "new", "--chart", f"{charts}/{wrong}")
        assert result.code == 1
        assert "check repository, name and version" in result.err
        assert not (tmp_path / "new").exists()
    for wrong in ("oci://", "missing-folder"):
        result = gitops_gen(tmp_path, "init", "new", "--chart", wrong)
        assert result.code == 2
        assert "URL/NAME[:VERSION]" in result.err
