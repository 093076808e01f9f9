"""A migration as a POSIX shell script: stops at the first step that fails, and continues there when it is run again."""

from collections.abc import Iterable, Iterator
from shlex import quote

from gitops_gen.migration.model import Migration, MigrationStep
from gitops_gen.names import printable

_HEAD = """\
#!/bin/sh
# {title}
# Made by `gitops-gen migrate`; run it in the project's folder. It stops at the first step that fails, and
# continues there when it is run again. The argument `back` rolls back, from what the steps under `Back up` wrote.
# shellcheck disable=SC2016 # what is in single quotes is for kubectl, or for a shell in a pod
set -eu

steps={backup}/steps
number=0
title=
finished=
mkdir -p -m 700 {backup}
touch "$steps"
trap '[ "$finished" ] || printf "%s\\n" "stopped at step $number: $title" >&2' EXIT

# begin NUMBER TITLE: whether the step must still run.
begin() {{
    number=$1
    title=$2
    ! grep -qx "$number" "$steps" || return 1
    printf '%s\\n' "$number. $title"
}}

end() {{
    echo "$number" >>"$steps"
}}

# ask: wait until a person has done the step.
ask() {{
    printf 'done? [y/N] '
    read -r answer
    [ "$answer" = y ]
}}
"""


def script_lines(plan: Migration) -> Iterator[str]:
    """The script of a plan that is ready."""
    yield _HEAD.format(
        title=printable(f"{plan.namespace} to {plan.mode.value}, environment {plan.environment}"), backup=_backup(plan)
    )
    yield 'if [ "${1:-}" = back ]; then'
    yield from _indented(line for index, step in enumerate(plan.way_back, 1) for line in _way_back(index, step))
    yield '    rm "$steps"'
    yield "    finished=yes"
    yield "    exit"
    yield "fi"
    number = 0
    for phase in plan.phases:
        yield f"\n# {phase.title}"
        for step in phase.steps:
            number += 1
            yield from _step_lines(number, step)
    yield "\nfinished=yes"


def _backup(plan: Migration) -> str:
    return quote(f"backup-{plan.namespace}")


def _way_back(index: int, step: MigrationStep) -> Iterator[str]:
    """A rollback step runs on each call: the migration may have run again in between."""
    yield f"number=back-{index} title={_words(step.title)}"
    yield 'printf "%s\\n" "$number. $title"'
    yield from _body(step)


def _step_lines(number: int, step: MigrationStep) -> Iterator[str]:
    yield f"if begin {number} {_words(step.title)}; then"
    yield from _indented(_body(step))
    yield "    end"
    yield "fi"


def _body(step: MigrationStep) -> Iterator[str]:
    yield from (f"printf '%s\\n' {_words('   ' + line)}" for line in step.details)
    yield step.command or "ask"


def _words(text: str) -> str:
    """Words that the script prints: names in them come from a cluster."""
    return quote(printable(text))


def _indented(lines: Iterable[str]) -> Iterator[str]:
    """A command of several lines is one quoted text, whose further lines must stay as they are."""
    yield from (f"    {line}" for line in lines)
