"""A pinned chart: its own change, an edit of the chart and a move of the pin each reach just whom they should."""

from collections.abc import Callable, Iterator

import pytest

from .argocd import ArgoCD
from .cluster import Cluster
from .helm_repository import HelmRepository
from .project import Project
from .sequence import lives

CHART = "helm/api-forge"
ENVIRONMENTS = ("following", "tagged", "packed")
#: an edit of the chart: one more ConfigMap
MARKER = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: marker, annotations: {argocd.argoproj.io/sync-wave: '40'}}\n"
)


@pytest.fixture(scope="module")
def helm_repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelmRepository]:
    repository = HelmRepository(tmp_path_factory.mktemp("charts") / "served")
    yield repository
    repository.close()


class Pins:
    """One environment that follows the chart's folder, one pinned to a tag, one to a Helm repository's version."""

    def __init__(self, project: Project, charts: HelmRepository, cluster: Cluster, argocd: ArgoCD) -> None:
        self.project = project
        self._charts = charts
        self._cluster = cluster
        self._argocd = argocd

    def publish(self, version: str) -> None:
        """Tag the chart, and publish it in the Helm repository."""
        path = self.project.repository.path
        self.project.repository.tag(f"v{version}")
        self._charts.publish(path / CHART, version)
        self._charts.pull("api-forge", version, path / ".gitops-gen/charts")

    def pin(self, environment: str, version: str) -> None:
        """Pin an environment's chart."""
        packed = {"repository": self._charts.url, "name": "api-forge", "version": version}
        with self.project.edit(f"environments/{environment}/release.yaml") as release:
            release["chart"] = packed if environment == "packed" else {"revision": f"v{version}"}

    def reached(self, subject: str) -> set[str]:
        """Commit, wait until every Application has been compared, and say whose objects were touched."""
        mark = self._cluster.observer.mark()
        self.project.commit(subject)
        names = [self.project.application(environment) for environment in ENVIRONMENTS]
        self._argocd.compare_again(self.project.repository.url, *names)
        for name in names:
            self._argocd.wait_synced(name)
        return {one for one in ENVIRONMENTS if lives(self._cluster.observer.since(mark), f"pins-{one}")}

    def has_marker(self, environment: str) -> bool:
        """Whether an environment runs the edited chart."""
        return self._cluster.observer.get("ConfigMap", f"pins-{environment}", "marker") is not None


@pytest.fixture(scope="module")
def pins(
    new_project: Callable[[str], Project], helm_repository: HelmRepository, cluster: Cluster, argocd: ArgoCD
) -> Pins:
    project = new_project("pins")
    project.shrink()
    for environment in ENVIRONMENTS:
        project.add(environment)
    project.only(*ENVIRONMENTS)
    project.commit("Start")
    pins = Pins(project, helm_repository, cluster, argocd)
    pins.publish("1.0.0")
    pins.pin("tagged", "1.0.0")
    pins.pin("packed", "1.0.0")
    with project.edit("environments/tagged/environment.yaml") as content:
        content["argocd"] = {"application": {"spec": {"syncPolicy": {"retry": {"limit": 1}}}}}
    project.commit("Pin two of three")
    project.deploy()
    for environment in ENVIRONMENTS:
        argocd.wait_synced(project.application(environment))
    return pins


@pytest.mark.scenario("11 a pinned environment's own change")
@pytest.mark.parametrize("environment", ["tagged", "packed"])
def test_a_pinned_environments_own_change_reaches_it_alone(pins: Pins, environment: str) -> None:
    pins.project.set_values(environment, {"app": {"env": {"CHANGED": "yes"}}})
    assert pins.reached(f"Change {environment}") == {environment}


@pytest.fixture(scope="module")
def edited(pins: Pins) -> set[str]:
    """Whom an edit of the chart reached."""
    pins.project.repository.write(f"{CHART}/templates/marker.yaml", MARKER)
    return pins.reached("Edit the chart")


@pytest.mark.scenario("11 an edit of the chart")
def test_an_edit_of_the_chart_reaches_who_follows_it(pins: Pins, edited: set[str]) -> None:
    assert edited == {"following"}
    assert pins.has_marker("following")


@pytest.mark.scenario("11 a move of the pin")
def test_a_move_of_the_pin_reaches_who_moves(pins: Pins, edited: set[str]) -> None:
    assert edited
    pins.publish("2.0.0")
    for environment in ("tagged", "packed"):
        assert not pins.has_marker(environment)
        pins.pin(environment, "2.0.0")
        assert pins.reached(f"Move {environment} to the new chart") == {environment}
        assert pins.has_marker(environment)


@pytest.mark.scenario("11 a revert behind a failing sync")
def test_a_revert_is_synced_behind_a_failing_sync(pins: Pins, argocd: ArgoCD) -> None:
    """A retry takes the newest commit, but keeps the source that it began with.

    The values of a chart at a tag are part of the source: only the end of the retries lets their revert through.
    """
    pinned = ("tagged", "packed")
    for environment in pinned:
        pins.project.set_values(environment, {"app": {"image": {"tag": "e2e-hang"}, "progressDeadlineSeconds": 15}})
    broken = pins.project.commit("Break both that are pinned")
    for environment in pinned:
        argocd.wait_retry(pins.project.application(environment))
    pins.project.revert(broken)
    for environment in pinned:
        argocd.wait_synced(pins.project.application(environment))
