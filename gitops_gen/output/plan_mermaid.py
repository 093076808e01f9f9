"""A plan as a Mermaid flowchart, which GitHub and GitLab draw: a box for each wave, an arrow for each need."""

from collections.abc import Iterator
from itertools import groupby

from gitops_gen.manifests.objects import Manifest
from gitops_gen.output.markup import label, node
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.sync.durations import TIMES, text
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.sync.proof import SOUND, Proof
from gitops_gen.sync.steps import Step

SHOWN_OBJECTS = 6
"""A wave with more objects of one kind than these shows them as one."""


def mermaid_lines(judged: JudgedPlan) -> Iterator[str]:
    """The flowchart of one plan; needs that do not hold are drawn thick and named."""
    plan = judged.plan
    nodes = _nodes(plan)
    yield "flowchart TB"
    if not plan.steps:
        yield '    nothing["nothing to sync"]'
    for index, step in enumerate(plan.steps):
        yield f"    subgraph s{index}[{label(step.title)}]"
        yield from _boxes(step, index)
        yield "    end"
    for index in range(1, len(plan.steps)):
        yield f"    s{index - 1} == {_waits(plan, index - 1)} ==> s{index}"
    yield from dict.fromkeys(_arrow(proof, nodes) for proof in plan.proofs if _is_drawn(proof, nodes))


def _nodes(plan: SyncPlan) -> dict[Manifest, str]:
    """The name of the box that each object is in; many of one kind share one."""
    nodes: dict[Manifest, str] = {}
    for index, step in enumerate(plan.steps):
        for kind, group in groupby(step.tasks, key=lambda task: task.manifest.kind):
            tasks = list(group)
            for position, task in enumerate(tasks):
                own = "" if len(tasks) > SHOWN_OBJECTS else f"_{position}"
                nodes.setdefault(task.manifest, f"n{index}_{node(kind)}{own}")
    return nodes


def _boxes(step: Step, index: int) -> Iterator[str]:
    for kind, group in groupby(step.tasks, key=lambda task: task.manifest.kind):
        tasks = list(group)
        if len(tasks) > SHOWN_OBJECTS:
            yield f"        n{index}_{node(kind)}[{label(f'{len(tasks)} {TIMES} {kind}')}]"
            continue
        for position, task in enumerate(tasks):
            yield f"        n{index}_{node(kind)}_{position}[{label(str(task.manifest.id))}]"


def _waits(plan: SyncPlan, index: int) -> str:
    waits = [gate for gate in plan.gates_of(index) if gate.seconds != 0]
    if not waits:
        return '"at once"'
    return f'"{"no end" if waits[0].seconds is None else f"≤ {text(waits[0].seconds)}"}"'


def _is_drawn(proof: Proof, nodes: dict[Manifest, str]) -> bool:
    """Needs of workloads on workloads, and whatever does not hold: the others would hide them."""
    edge = proof.edge
    if edge.consumer not in nodes or edge.producer not in nodes or nodes[edge.consumer] == nodes[edge.producer]:
        return False
    return proof.verdict not in SOUND or edge.need.value == "ready"


def _arrow(proof: Proof, nodes: dict[Manifest, str]) -> str:
    producer, consumer = nodes[proof.edge.producer], nodes[proof.edge.consumer]
    if proof.verdict in SOUND:
        return f"    {producer} --> {consumer}"
    return f'    {producer} == "{proof.verdict.value}" ==> {consumer}'
