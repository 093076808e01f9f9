"""The document of `init`."""

from typing import TypedDict

from gitops_gen.commands.init import Initialization
from gitops_gen.output.init_text import next_steps
from gitops_gen.output.json.document import SCHEMA_VERSION, Note, VersionedDocument, notes_of
from gitops_gen.output.json.plan import FindingEntry, finding_entry
from gitops_gen.output.json.problems import ProblemEntry, problem_entries


class NextStep(TypedDict):
    """What to do next."""

    title: str
    commands: list[str]
    """To be run in order, in the current folder."""


class InitDocument(VersionedDocument):
    """Output of `init`."""

    folder: str
    project: str
    """Name of the project."""
    environments: dict[str, str]
    """The stage of each environment."""
    files: list[str]
    """Every file that was created, relative to `folder`."""
    problems: list[ProblemEntry]
    """What keeps the environments from rendering, such as values that the chart requires; then the exit code is 1."""
    findings: list[FindingEntry]
    """What `plan` finds in the first environment, and between it and the second."""
    notes: list[Note]
    next: list[NextStep]
    """The steps until Argo CD runs the environments; empty if there are problems."""


def init_document(made: Initialization) -> InitDocument:
    """What was created, and what to do next."""
    steps = [] if made.problems else [list(step) for step in next_steps(made)]
    return InitDocument(
        schemaVersion=SCHEMA_VERSION,
        folder=str(made.folder),
        project=made.project.name,
        environments=dict(made.project.environments),
        files=list(made.files),
        problems=problem_entries(made.problems),
        findings=[finding_entry(finding) for finding in made.findings],
        notes=notes_of(made.notes),
        next=[NextStep(title=step[0], commands=step[1:]) for step in steps if step],
    )
