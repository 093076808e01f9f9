"""The proof against a simulation: a sync that is proven comes to its end, one that is refused does not.

The simulation knows nothing of edges and verdicts. It applies step after step, lets everything become healthy whose
pods have what they need, and goes on only when all of a step is healthy, as Argo CD does.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_gen.rules.sync import judge
from tests.plan.manifest_kit import deployment, planned, service, thing

ORDER_RULES = {"deadlock", "against-order", "cycle", "not-ready-before"}
SIZE = 4

waits = st.sets(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).filter(lambda pair: pair[0] != pair[1]))
waves = st.lists(st.integers(0, 2), min_size=SIZE, max_size=SIZE)


def workload(index: int, wave: int, pairs: set[tuple[int, int]]) -> dict[str, Any]:
    waiting = [
        {"name": f"wait-{other}", "command": ["sh", "-c", f"until nc -z w{other} 80; do sleep 1; done"]}
        for one, other in sorted(pairs)
        if one == index
    ]
    reads = [{"configMapRef": {"name": f"c{index}"}}]
    pod = {"initContainers": waiting, "containers": [{"name": "main", "envFrom": reads}]}
    return deployment(f"w{index}", wave, pod=pod)


def comes_to_its_end(steps: list[tuple[set[str], bool]], needs: dict[str, set[str]]) -> bool:
    applied: set[str] = set()
    for objects, gated in steps:
        applied |= objects
        if gated and not objects <= healthy(applied, needs):
            return False
    return applied == healthy(applied, needs)


def healthy(applied: set[str], needs: dict[str, set[str]]) -> set[str]:
    """Everything applied whose needs are healthy too, begun with what needs nothing."""
    found: set[str] = set()
    while more := {name for name in applied - found if needs[name] <= found}:
        found |= more
    return found


@settings(max_examples=200)
@given(waves=waves, config_waves=waves, service_waves=waves, pairs=waits)
def test_proven_is_what_comes_to_its_end(
    waves: list[int], config_waves: list[int], service_waves: list[int], pairs: set[tuple[int, int]]
) -> None:
    everything = [
        item
        for index in range(SIZE)
        for item in (
            workload(index, waves[index], pairs),
            thing("ConfigMap", f"c{index}", config_waves[index]),
            service(f"w{index}", service_waves[index]),
        )
    ]
    judged = judge(planned(*everything))
    needs = {str(item.id): set[str]() for item in judged.plan.manifests}
    for index in range(SIZE):
        needs[f"Deployment/w{index}"].add(f"ConfigMap/c{index}")
    for one, other in pairs:
        needs[f"Deployment/w{one}"] |= {f"Deployment/w{other}", f"Service/w{other}"}
    steps = [({str(task.manifest.id) for task in step.tasks}, step.gated) for step in judged.plan.steps]
    refused = bool({finding.rule for finding in judged.findings} & ORDER_RULES)
    assert comes_to_its_end(steps, needs) is not refused


@settings(max_examples=200)
@given(waves=waves, deadlines=st.lists(st.integers(1, 5000), min_size=SIZE, max_size=SIZE), longer=st.integers(0, 500))
def test_a_longer_deadline_never_shortens_the_bound(waves: list[int], deadlines: list[int], longer: int) -> None:
    def bound(more: int) -> int | None:
        things = [
            deployment(f"w{index}", waves[index], progressDeadlineSeconds=deadlines[index] + more * (index == 0))
            for index in range(SIZE)
        ]
        return planned(*things).later_bound.seconds

    before, after = bound(0), bound(longer)
    assert before is not None
    assert after is not None
    assert before <= after <= before + longer


@settings(max_examples=200)
@given(waves=waves, timeout=st.integers(1, 100_000))
def test_no_wait_is_longer_than_the_sync_timeout(waves: list[int], timeout: int) -> None:
    things = [
        thing(kind, "x", wave) for kind, wave in zip(("Job", "StatefulSet", "Ingress", "Pod"), waves, strict=True)
    ]
    plan = planned(*things, sync_timeout=timeout)
    for bound in (plan.first_bound, plan.later_bound):
        assert bound.seconds is not None
        assert bound.seconds <= timeout
