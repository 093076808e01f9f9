"""The script of a migration: names from the cluster's export are words in it, whatever is in them."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_gen.migration.model import Migration, MigrationPhase, MigrationStep, Mode
from gitops_gen.output.migrate_script import script_lines

PLAN = Migration(
    environment="dev", mode=Mode.ARGOCD, namespace="a", objects=(), dependents=0, claims=(), overrides=(), concerns=()
)


@pytest.mark.parametrize(
    "text", ["a\ntouch canary", "'; touch canary; '", "$(touch canary)", "`touch canary`", "\\033[2J\x1b[2J"]
)
def test_a_name_is_only_printed(text: str, tmp_path: Path) -> None:
    step = MigrationStep(title=text, details=(text,), command="true")
    plan = replace(PLAN, namespace=text, phases=(MigrationPhase(title="One", steps=(step,)),), way_back=(step,))
    script = "\n".join(script_lines(plan)) + "\n"
    for arguments in ([], ["back"]):
        done = subprocess.run(
            ["sh", "-s", *arguments], input=script, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=20
        )
        assert not (tmp_path / "canary").exists()
        assert "1. " in done.stdout
        assert "\x1b" not in done.stdout
