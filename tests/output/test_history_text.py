"""`history` as text: a commit that changed many environments is one line."""

from gitops_gen.commands.history import Event, History
from gitops_gen.output.history_text import history_lines
from gitops_gen.yaml.editing.difference import differences


def _event(environment: str, tag: str) -> Event:
    return Event(
        environment=environment,
        commit="1234567890abcdef",
        date="2026-01-02T03:04:05Z",
        author="Ann",
        subject="Release",
        change="",
        source="",
        release=tuple(differences({"tag": "1"}, {"tag": tag})),
        values=(),
    )


def test_a_commit_of_a_few_environments_lists_them() -> None:
    lines = list(history_lines(History(events=(_event("dev", "2"), _event("staging", "2")), complete=True)))

    assert lines == [
        "2026-01-02 03:04  1234567890ab  dev  Ann  Release",
        "    release  tag '1' → '2'",
        "2026-01-02 03:04  1234567890ab  staging  Ann  Release",
        "    release  tag '1' → '2'",
    ]


def test_a_commit_of_many_environments_counts_them_and_equal_changes() -> None:
    events = [_event(f"env-{number}", "2") for number in range(20)]
    events += [_event(f"other-{number}", str(100 + number)) for number in range(12)]

    lines = list(history_lines(History(events=tuple(events), complete=True)))

    assert lines[:3] == [
        "2026-01-02 03:04  1234567890ab  32 environments  Ann  Release",
        "    release  tag '1' → '2'  in 20 environments",
        "    release  tag '1' → '100'  in 1 environment",
    ]
    assert lines[-1] == "    3 more changes; `--output json` lists all"
