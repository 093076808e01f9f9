"""The reference repository with production in the original's namespace, and the `migrate` of an export."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import GIT_SETTINGS, GitopsGen, Result
from tests.migration.original import NAMESPACE

Migrate = Callable[..., Result]


@pytest.fixture(autouse=True)
def own_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--commit` works on a machine on which git has no identity."""
    for name, value in GIT_SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def moved(reference: Path, gitops_gen: GitopsGen) -> Path:
    """The reference repository, whose production adopts the original."""
    file = reference / "environments/production/environment.yaml"
    file.write_text(f"{file.read_text()}namespace: {NAMESPACE}\n")
    assert gitops_gen(reference, "--quiet", "generate").code == 0
    return reference


@pytest.fixture
def migrate(moved: Path, gitops_gen: GitopsGen, tmp_path: Path) -> Migrate:
    """`migrate(text, "--helm")`: gitops-gen's answer for an export."""

    def run(text: str, *arguments: str) -> Result:
        (tmp_path / "live.yaml").write_text(text)
        result = gitops_gen(moved, "migrate", "production", "--live", str(tmp_path / "live.yaml"), *arguments)
        return Result(code=result.code, out=result.out, err=result.err.replace(str(tmp_path), "."))

    return run
