"""Lines about files: many of one kind are one line."""

from gitops_gen.generate.files import Change, State
from gitops_gen.output.text import LISTED, change_lines


def _missing(path: str) -> Change:
    return Change(path=path, state=State.MISSING, old=None, new="")


def test_few_files_are_listed_one_by_one() -> None:
    changes = [_missing(f"environments/env-{number}/values.yaml") for number in range(LISTED)]

    assert list(change_lines(changes, done=True)) == [f"created  {change.path}" for change in changes]


def test_many_files_of_one_kind_are_one_line() -> None:
    changes = [_missing("argocd/root.yaml"), _missing("argocd/projects/dev.yaml")]
    for number in range(LISTED):
        changes += [
            _missing(f"environments/env-{number}/values.yaml"),
            _missing(f"argocd/applications/env-{number}.yaml"),
        ]

    assert list(change_lines(changes, done=False)) == [
        "missing  argocd/root.yaml",
        "missing  argocd/projects/dev.yaml",
        f"missing  environments/<environment>/values.yaml of {LISTED} environments, such as env-0",
        f"missing  argocd/applications/<environment>.yaml of {LISTED} environments, such as env-0",
    ]
