"""What an AppProject allows, and what `argocd.project.allow` makes of it."""

from pathlib import Path
from typing import Any

import pytest

from gitops_gen.argocd.permissions import Permissions
from gitops_gen.yaml.reader import load
from tests.conftest import GitopsGen

HERE = "https://kubernetes.default.svc"
ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\nrules: []\n"
SECRET = "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
ELSEWHERE = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\n"


def destinations(*items: dict[str, str], server: str = "", cluster: str = "") -> Permissions:
    spec = {"destinations": list(items)}
    return Permissions(name="demo", spec=spec, namespace="demo", server=server, cluster=cluster)


@pytest.mark.parametrize(
    ("items", "namespace", "allowed"),
    [
        ([{"server": HERE, "namespace": "demo"}], "demo", True),
        ([{"server": HERE, "namespace": "demo"}], "other", False),
        ([{"server": "*", "namespace": "*"}], "other", True),
        ([{"server": "https://other", "namespace": "*"}], "demo", False),
        ([{"server": HERE, "namespace": "*"}, {"server": HERE, "namespace": "!kube-*"}], "kube-system", False),
        ([{"server": HERE, "namespace": "*"}, {"server": "https://x", "namespace": "!kube-*"}], "kube-system", True),
        ([{"server": "*", "namespace": "*"}, {"server": f"!{HERE}", "namespace": "demo"}], "demo", False),
        ([{"server": "*", "namespace": "*"}, {"server": f"!{HERE}", "namespace": "demo"}], "other", True),
        ([{"name": "in-cluster", "namespace": "demo"}], "demo", None),
        ([{"name": "in-cluster", "namespace": "demo"}], "other", False),
        ([{"name": "*", "namespace": "demo"}], "demo", True),
        ([{"name": "in-cluster", "server": HERE, "namespace": "demo"}], "demo", True),
        ([], "demo", False),
    ],
)
def test_a_destination_is_cluster_and_namespace(
    items: list[dict[str, str]], namespace: str, *, allowed: bool | None
) -> None:
    assert destinations(*items, server=HERE).allows_namespace(namespace) is allowed


def test_an_existing_project_may_have_any_content() -> None:
    lists = ("destinations", "sourceRepos", "clusterResourceWhitelist", "namespaceResourceBlacklist")
    contents: list[Any] = [[None, 1, "x", [], {"kind": 1, "namespace": 2}], "x", 1, {}]
    for content in contents:
        project = Permissions(name="demo", spec=dict.fromkeys(lists, content), sources=("https://x",))
        assert project.allows_namespace("demo") is False
        assert project.allows_namespaced("apps", "Deployment")
        assert not project.allows_cluster_wide("", "Node", "a")
        assert list(project.refused_sources()) == ["https://x"]


def test_a_cluster_known_by_name_is_compared_by_name() -> None:
    by_name = destinations({"name": "eu-*", "namespace": "demo"}, cluster="eu-1")
    assert by_name.allows_namespace("demo") is True
    assert destinations({"server": HERE, "namespace": "demo"}, cluster="eu-1").allows_namespace("demo") is None


@pytest.mark.parametrize("spec", [{}, {"clusterResourceWhitelist": []}, {"clusterResourceWhitelist": None}])
def test_no_cluster_whitelist_allows_nothing(spec: dict[str, Any]) -> None:
    assert not Permissions(name="demo", spec=spec).allows_cluster_wide("", "Namespace", "demo")


def test_no_namespace_whitelist_allows_everything_and_an_empty_one_nothing() -> None:
    assert Permissions(name="demo", spec={}).allows_namespaced("apps", "Deployment")
    assert not Permissions(name="demo", spec={"namespaceResourceWhitelist": []}).allows_namespaced("", "ConfigMap")


@pytest.mark.parametrize(
    ("patterns", "refused"),
    [
        (["*"], False),
        (["git@git.example.com:team/*"], False),
        (["ssh://git@git.example.com/team/shop"], False),
        (["https://git.example.com/team/shop.git"], True),
        (["*", "!git@git.example.com:team/*"], True),
        ([], True),
    ],
)
def test_a_repository_is_compared_as_a_git_url(patterns: list[str], *, refused: bool) -> None:
    project = Permissions(name="demo", spec={"sourceRepos": patterns}, sources=("git@git.example.com:Team/shop.git",))
    assert bool(list(project.refused_sources())) is refused


def write(folder: Path, template: str, project: str, dev: str = "") -> None:
    (folder / "chart/templates/more.yaml").write_text(template)
    text = (folder / "gitops.yaml").read_text()
    (folder / "gitops.yaml").write_text(text.replace("clusters:\n", f"{project}clusters:\n", 1))
    file = folder / "environments/dev/environment.yaml"
    file.write_text(file.read_text() + dev)


def refused(result_out: str) -> list[str]:
    return [line for line in result_out.splitlines() if line.startswith("refused-by-project")]


def spec_of(folder: Path, environment: str) -> dict[str, Any]:
    manifest = load((folder / f"argocd/projects/{environment}.yaml").read_text(), environment)
    assert isinstance(manifest, dict)
    return dict(manifest["spec"])


def test_each_kind_is_refused_until_it_is_allowed(good: Path, gitops_gen: GitopsGen) -> None:
    write(good, ROLE + SECRET + ELSEWHERE, "argocd: {syncTimeout: 30m}\n")
    found = gitops_gen(good, "plan", "dev")
    assert found.code == 1
    assert refused(found.out) == [
        "refused-by-project: ClusterRole/reader (chart/templates/more.yaml:2)",
        "refused-by-project: Secret/a (chart/templates/more.yaml:8)",
        "refused-by-project: kube-system:ConfigMap/a (chart/templates/more.yaml:13)",
    ]
    lines = ("clusterKinds: [ClusterRole.rbac.authorization.k8s.io]", "secrets: true", "namespaces: [kube-system]")
    assert all(f"add `{line}` under" in found.out for line in lines)

    allow = "".join(f"      {line}\n" for line in lines)
    text = (good / "gitops.yaml").read_text()
    (good / "gitops.yaml").write_text(
        text.replace("argocd: {syncTimeout: 30m}\n", f"argocd:\n  syncTimeout: 30m\n  project:\n    allow:\n{allow}")
    )
    assert refused(gitops_gen(good, "plan").out) == []


def test_each_layer_adds_to_what_is_allowed(good: Path, gitops_gen: GitopsGen) -> None:
    shared = "argocd: {project: {allow: {clusterKinds: [ClusterRole.rbac.authorization.k8s.io], secrets: true}}}\n"
    own = (
        "argocd:\n  project:\n    allow:\n      secrets: false\n      namespaces: ['{namespace}-jobs']\n"
        "      clusterKinds: [PriorityClass.scheduling.k8s.io/shop-*]\n"
    )
    write(good, ROLE, shared, own)
    assert gitops_gen(good, "generate").code == 0
    dev, production = spec_of(good, "dev"), spec_of(good, "production")
    role = {"group": "rbac.authorization.k8s.io", "kind": "ClusterRole"}
    assert production["clusterResourceWhitelist"][1:] == [role]
    assert dev["clusterResourceWhitelist"][1:] == [
        role,
        {"group": "scheduling.k8s.io", "kind": "PriorityClass", "name": "shop-*"},
    ]
    assert [item["namespace"] for item in dev["destinations"]] == ["shop-dev", "shop-dev-jobs"]
    assert (production["namespaceResourceBlacklist"], dev["namespaceResourceBlacklist"]) == (
        [],
        [{"group": "", "kind": "Secret"}],
    )


def test_what_is_allowed_is_added_to_a_spec_of_ones_own(good: Path, gitops_gen: GitopsGen) -> None:
    spec = (
        "argocd:\n  project:\n    spec:\n      clusterResourceWhitelist: []\n"
        "      namespaceResourceWhitelist: [{group: apps, kind: Deployment}]\n"
        "    allow:\n      clusterKinds: [ClusterRole.rbac.authorization.k8s.io]\n      kinds: [ConfigMap]\n"
    )
    write(good, ROLE, spec)
    assert gitops_gen(good, "generate").code == 0
    found = spec_of(good, "dev")
    assert found["clusterResourceWhitelist"] == [{"group": "rbac.authorization.k8s.io", "kind": "ClusterRole"}]
    assert {"group": "", "kind": "ConfigMap"} in found["namespaceResourceWhitelist"]
    assert gitops_gen(good, "generate", "--check").code == 0


EXISTING = """\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: platform}
spec:
  sourceRepos: ['*']
  destinations: [{server: '*', namespace: '*'}]
  clusterResourceWhitelist: [{group: '*', kind: Namespace}]
"""


def test_an_existing_project_is_compared_when_its_file_is_given(good: Path, gitops_gen: GitopsGen) -> None:
    write(good, ROLE + SECRET + ELSEWHERE, "argocd: {project: {existing: platform}}\n")
    unknown = gitops_gen(good, "plan", "dev").out
    assert refused(unknown) == []
    assert "(project-not-known)" in unknown

    (good / "platform.yaml").write_text(EXISTING)
    text = (good / "gitops.yaml").read_text()
    (good / "gitops.yaml").write_text(text.replace("existing: platform", "existing: platform, file: platform.yaml"))
    found = gitops_gen(good, "plan", "dev").out
    assert refused(found) == ["refused-by-project: ClusterRole/reader (chart/templates/more.yaml:2)"]
    assert "add {group: 'rbac.authorization.k8s.io', kind: ClusterRole} to its clusterResourceWhitelist" in found
    assert "(project-not-known)" not in found
    assert gitops_gen(good, "generate").code == 0
    assert not (good / "argocd/projects/dev.yaml").exists()


def test_each_layer_that_allows_is_explained(good: Path, gitops_gen: GitopsGen) -> None:
    shared = "argocd:\n  project:\n    allow:\n      clusterKinds: [ClusterRole.rbac.authorization.k8s.io]\n"
    own = "argocd: {project: {allow: {clusterKinds: [PriorityClass.scheduling.k8s.io], secrets: true}}}\n"
    write(good, ROLE, shared, own)
    result = gitops_gen(good, "explain", "dev", "argocd.project.allow")
    kinds = '"ClusterRole.rbac.authorization.k8s.io", "PriorityClass.scheduling.k8s.io"'
    line = len((good / "environments/dev/environment.yaml").read_text().splitlines())
    assert result.out.splitlines() == [
        "argocd.project.allow.secrets: true",
        f"  * allow  environments/dev/environment.yaml:{line}  true",
        f"argocd.project.allow.clusterKinds: [{kinds}]",
        '    allow  gitops.yaml:10  ["ClusterRole.rbac.authorization.k8s.io"]',
        f'  * allow  environments/dev/environment.yaml:{line}  ["PriorityClass.scheduling.k8s.io"]',
        "argocd.project.allow.kinds: []",
        "argocd.project.allow.namespaces: []",
    ]
    assert "allow.secrets: false" in gitops_gen(good, "explain", "production", "argocd.project.allow").out
    assert gitops_gen(good, "explain", "dev", "argocd.project.allow.secrets").out.count("\n") == 2
    wrong = gitops_gen(good, "explain", "dev", "argocd.project.allow.secret")
    assert wrong.code == 2
    assert "did you mean `secrets`?" in wrong.err


@pytest.mark.parametrize(
    ("spec", "template", "changed"),
    [
        ("namespaceResourceBlacklist: [{group: '', kind: Secre*}]", SECRET, "namespaceResourceBlacklist"),
        ("clusterResourceBlacklist: [{group: '*', kind: '*'}]", ROLE, "clusterResourceBlacklist"),
        (f"destinations: [{{server: {HERE}, namespace: '!kube-*'}}]", ELSEWHERE, "destinations"),
    ],
)
def test_a_pattern_that_denies_is_the_remedy(
    spec: str, template: str, changed: str, good: Path, gitops_gen: GitopsGen
) -> None:
    write(good, template, f"argocd:\n  project:\n    spec:\n      {spec}\n")
    assert (
        f"→ change {changed} in `argocd.project.spec`: a pattern there denies it" in gitops_gen(good, "plan", "dev").out
    )


def test_an_application_of_another_project_is_not_compared_with_the_generated_one(
    good: Path, gitops_gen: GitopsGen
) -> None:
    write(good, ROLE, "argocd: {application: {spec: {project: theirs}}}\n")
    found = gitops_gen(good, "plan", "dev").out
    assert refused(found) == []
    assert "whether the AppProject theirs allows these objects is not known" in found


@pytest.mark.parametrize(
    "rendered",
    [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: Kube_System}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: 7}\n",
        "apiVersion: x y/v1\nkind: 'A b/c'\nmetadata: {name: A/b}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {generateName: A_b}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: 'a[b'}\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: []\n",
    ],
)
def test_names_that_kubernetes_does_not_have_are_no_crash(rendered: str, good: Path, gitops_gen: GitopsGen) -> None:
    write(good, rendered, "")
    result = gitops_gen(good, "plan", "dev")
    assert result.code in (0, 1), result.err
    assert "this is a bug" not in result.err
