"""The rules on what comes before a plan: inputs that can be read, generated files that are up to date, a chart that
renders. `validate` reports what the other commands fail with.
"""

from collections.abc import Iterator

from gitops_gen.errors import GitopsError, Problem, ProblemsError
from gitops_gen.rules.rule import Finding, Rule

INVALID = Rule(
    id="input-invalid",
    title="The hand-written files, and the values in them, are valid",
    explanation=(
        "gitops.yaml, environment.yaml and release.yaml are strict: a key that does not exist, a value of the wrong "
        "type, or one that the chart's schema refuses would change nothing, or make the sync fail."
    ),
    remedy="correct the file",
)
NOT_GENERATED = Rule(
    id="generated-file-differs",
    title="Generated files are what the inputs give",
    explanation=(
        "Argo CD reads the generated files. One that is behind its inputs deploys something else than what was "
        "reviewed; an edit made by hand is lost with the next `gitops-gen generate`."
    ),
    remedy="run `gitops-gen generate` and commit the result; `gitops-gen adopt ENV` moves an edit into the inputs",
)
NOT_RENDERED = Rule(
    id="chart-does-not-render",
    title="The chart renders with the values of the environment",
    explanation="Argo CD renders the chart as `helm template` does. What fails here fails there: no sync begins.",
    remedy="correct the template, or the values that it fails for",
)
RULES = (INVALID, NOT_GENERATED, NOT_RENDERED)


def findings_of(error: GitopsError) -> Iterator[Finding]:
    """What another command would fail with."""
    if isinstance(error, ProblemsError):
        yield from map(_finding, error.problems)
    else:
        yield NOT_RENDERED.finding(str(error), error.hint)


def _finding(problem: Problem) -> Finding:
    return Finding(
        rule=problem.rule or INVALID.id,
        message=problem.message,
        object=problem.key,
        source=problem.file,
        line=problem.line,
        remedy=problem.hint or INVALID.remedy,
    )
