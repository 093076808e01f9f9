"""Faults of the hand-written and the generated files."""

from pathlib import Path

from tests.validate.mutation import DEV, Mutation


def _edit_values(folder: Path) -> None:
    file = folder / "environments/dev/values.yaml"
    file.write_text(file.read_text().replace("dev.shop", "old.shop"))


MUTATIONS = (
    Mutation(
        name="generated file edited by hand",
        rule="generated-file-differs",
        apply=_edit_values,
        at="environments/dev/values.yaml",
        is_stale=True,
    ),
    Mutation(
        name="input changed, not generated",
        rule="generated-file-differs",
        file=DEV,
        old="dev.shop",
        new="new.shop",
        at="environments/dev/values.yaml",
        is_stale=True,
    ),
    Mutation(
        name="misspelled field",
        rule="input-invalid",
        object="protct",
        file=DEV,
        old="stage: dev\n",
        new="stage: dev\nprotct: true\n",
        line="protct",
        is_stale=True,
    ),
    Mutation(
        name="unknown value",
        rule="unknown-value",
        object="values.ingress.hots",
        file=DEV,
        old="    host:",
        new="    hots:",
        line="hots",
        is_stale=True,
    ),
    Mutation(
        name="value of another type",
        rule="value-of-another-type",
        object="stages[1].defaults.values.replicas",
        file="gitops.yaml",
        old="replicas: 3",
        new="replicas: three",
        line="replicas: three",
        is_stale=True,
        is_fleet=True,
    ),
    Mutation(
        name="template that fails",
        rule="chart-does-not-render",
        old="{{ .Values.port }}",
        new='{{ required "set a port" .Values.prt }}',
    ),
)
