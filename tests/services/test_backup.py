"""The commands of the guide to backup and restore, run as they are written there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services.machine import Pod, missing

if TYPE_CHECKING:
    from tests.services.release import Release

pytestmark = pytest.mark.skipif(bool(missing("postgres")), reason=missing("postgres") or "all there")

GUIDE = Path(__file__).parents[2] / "docs" / "chart" / "backup.md"
QUERY = [
    "psql",
    "--no-psqlrc",
    "--tuples-only",
    "--no-align",
    "--username",
    "postgres",
    "--dbname",
    "appdb",
    "--command",
]


def scripts() -> list[str]:
    """What the guide has `kubectl exec` run in the container."""
    return [textwrap.dedent(script) for script in re.findall(r"sh -c '\n(.*?)'", GUIDE.read_text(), re.DOTALL)]


def test_a_backup_restores_what_was_lost(database: Pod, release: Release) -> None:
    back_up, restore = scripts()
    query = ["postgres", *QUERY]
    assert (
        database.exec(
            *query, "CREATE TABLE app.kept AS SELECT 42 AS answer; ALTER TABLE app.kept OWNER TO appowner"
        ).code
        == 0
    )
    done = database.exec("postgres", "sh", "-c", back_up)
    assert done.code == 0, done.log
    made = done.log.strip().rsplit("/", 1)[-1]
    assert {"appdb.dump", "temporal.dump", "globals.sql"} < {
        file.name for file in release.machine.claim("postgres-backups").joinpath(made).iterdir()
    }

    assert database.exec(*query, "DROP SCHEMA app CASCADE").code == 0
    done = database.exec("postgres", "sh", "-c", restore.replace("20260101T000000Z", made))
    assert done.code == 0, done.log
    assert database.exec(*query, "SELECT answer FROM app.kept").log.strip() == "42"
    database.close()
    again = release.pod("postgres")
    again.prepare()
    again.start("postgres")
    again.wait_ready("postgres")
    done = release.pod("postgres-verifier").run("verifier")
    assert done.code == 0, done.log
