"""The entries of rules.ignore in gitops.yaml: findings that a project sets aside, or lowers."""

from collections.abc import Callable, Collection, Iterable, Sequence

from gitops_gen.names import did_you_mean
from gitops_gen.project.reading import ProjectFile
from gitops_gen.rules.rule import Finding, Rule, Severity
from gitops_gen.rules.sync import UNUSED, SetAside
from gitops_gen.yaml.reader import locate


def exceptions(project: ProjectFile) -> tuple[SetAside, ...]:
    """The findings that gitops.yaml sets aside."""
    return tuple(
        SetAside(
            rule=entry.rule,
            object=entry.object,
            severity=Severity(entry.severity) if entry.severity else None,
        )
        for entry in project.spec.rules.ignore
    )


def unused(
    project: ProjectFile,
    matched: Collection[SetAside],
    applied: Sequence[Rule],
    every: Callable[[], Iterable[Rule]],
) -> list[Finding]:
    """A finding for each entry of a project's own file that is not `matched`, unless its rule was not `applied`;
    `every` are all rules that there are, asked for only where an entry is left over.
    """
    own = project.documents[-1]
    inherited = len(project.spec.rules.ignore) - len(own.data.get("rules", {}).get("ignore", ()))
    left = [(index, entry) for index, entry in enumerate(exceptions(project)[inherited:]) if entry not in matched]
    if not left:
        return []
    here, known = {rule.id for rule in applied}, [rule.id for rule in every()]
    return [
        UNUSED.finding(
            _unused_text(index, entry, known), source=own.file, line=locate(own.text, ("rules", "ignore", index))
        )
        for index, entry in left
        if entry.rule in here or entry.rule not in known
    ]


def _unused_text(index: int, entry: SetAside, known: list[str]) -> str:
    why = "" if entry.rule in known else f"; there is no rule `{entry.rule}` {did_you_mean(entry.rule, known)}".rstrip()
    return f"rules.ignore[{index}] matches no finding: {entry.rule} of {entry.object}{why}"
