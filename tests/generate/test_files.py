"""Files on disk against what they should be: what `--check` says about each, what is never touched, and what a kill
leaves behind.
"""

import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitops_gen.generate.files import is_generated
from tests.conftest import REPOSITORY, GitopsGen, tree

pytestmark = pytest.mark.slow


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_check_tells_apart_what_is_wrong(reference: Path, gitops_gen: GitopsGen) -> None:
    edit(reference / "environments/dev/release.yaml", "tag: ", "tag: 9.")
    edit(reference / "argocd/applications/staging.yaml", "selfHeal: true", "selfHeal: false")
    (reference / "argocd/projects/production.yaml").unlink()
    (reference / "environments/gone").mkdir()
    (reference / "environments/dev/values.yaml").with_name("notes.txt").write_text("mine\n")
    for name in ("argocd/applications", "argocd/projects"):
        (reference / name / "gone.yaml").write_bytes((reference / name / "dev.yaml").read_bytes())
    (reference / "environments/gone/values.yaml").write_bytes((reference / "environments/dev/values.yaml").read_bytes())
    (reference / "argocd/root.yaml").write_text("kind: Application\n")
    edit(
        reference / "environments/staging/values.yaml",
        "global:",
        "<<<<<<< HEAD\nglobal:\n=======\nglobals:\n>>>>>>> theirs",
    )
    before = tree(reference)

    result = gitops_gen(reference, "generate", "--check")

    assert result.code == 1
    assert [re.split(r"\s{2,}", line) for line in result.out.splitlines()] == [
        ["orphaned", "argocd/applications/gone.yaml"],
        ["edited by hand", "argocd/applications/staging.yaml"],
        ["orphaned", "argocd/projects/gone.yaml"],
        ["missing", "argocd/projects/production.yaml"],
        ["not generated", "argocd/root.yaml"],
        ["stale", "environments/dev/values.yaml"],
        ["orphaned", "environments/gone/values.yaml"],
        ["in a merge conflict", "environments/staging/values.yaml"],
    ]
    assert "run `gitops-gen generate`" in result.err
    assert tree(reference) == before


def test_generate_repairs_what_is_nobodys_work(reference: Path, gitops_gen: GitopsGen) -> None:
    before = tree(reference)
    (reference / "argocd/projects/production.yaml").unlink()
    (reference / "argocd/applications/gone.yaml").write_bytes((reference / "argocd/applications/dev.yaml").read_bytes())
    edit(reference / "argocd/root.yaml", "---\n", "<<<<<<< HEAD\n---\n=======\n>>>>>>> theirs\n")

    result = gitops_gen(reference, "generate")

    assert result.code == 0, result.err
    assert result.out.splitlines() == [
        "removed   argocd/applications/gone.yaml",
        "created   argocd/projects/production.yaml",
        "resolved  argocd/root.yaml",
    ]
    assert tree(reference) == before


def test_an_edit_is_given_up_only_when_asked(reference: Path, gitops_gen: GitopsGen) -> None:
    before = tree(reference)
    edit(reference / "environments/dev/values.yaml", "environment: dev\n", "environment: mine\n")
    edited = tree(reference)

    refused = gitops_gen(reference, "generate")
    assert (refused.code, tree(reference)) == (1, edited)

    given_up = gitops_gen(reference, "generate", "--overwrite")
    assert (given_up.code, given_up.out) == (0, "overwritten  environments/dev/values.yaml\n")
    assert tree(reference) == before


def test_an_edit_of_the_first_line_is_an_edit(reference: Path, gitops_gen: GitopsGen) -> None:
    edit(reference / "environments/dev/values.yaml", "; do not edit.", "; edit.")
    assert gitops_gen(reference, "generate", "--check").out == "edited by hand  environments/dev/values.yaml\n"


def test_removing_an_environment_removes_its_files_and_nobody_elses(reference: Path, gitops_gen: GitopsGen) -> None:
    (reference / "environments/dev/notes.md").write_text("mine\n")
    (reference / "argocd/applications/mine.yaml").write_text("kind: Application\n")
    for name in ("environment.yaml", "release.yaml"):
        (reference / "environments/dev" / name).unlink()

    result = gitops_gen(reference, "generate")

    assert result.code == 0, result.err
    assert result.out.splitlines() == [
        "removed  argocd/applications/dev.yaml",
        "removed  argocd/projects/dev.yaml",
        "removed  environments/dev/values.yaml",
    ]
    assert (reference / "environments/dev/notes.md").read_text() == "mine\n"
    assert (reference / "argocd/applications/mine.yaml").read_text() == "kind: Application\n"
    assert "once this is pushed, Argo CD deletes the Application api-forge-dev, with all resources" in result.err


def test_what_is_protected_is_not_called_deleted(reference: Path, gitops_gen: GitopsGen) -> None:
    shutil.rmtree(reference / "environments/production")

    result = gitops_gen(reference, "generate")

    assert "removed  argocd/applications/production.yaml" in result.out
    assert "Argo CD deletes" not in result.err


def test_what_another_file_has_now_is_not_called_deleted(workspace: Path, gitops_gen: GitopsGen) -> None:
    edit(workspace / "gitops.yaml", "[services/*]", "[services/*, apps/*]")
    (workspace / "apps").mkdir()
    (workspace / "services/web").rename(workspace / "apps/web")

    result = gitops_gen(workspace, "generate")

    assert "removed  argocd/applications/services/web/dev.yaml" in result.out
    assert "Argo CD deletes" not in result.err


def test_a_folder_left_empty_goes_with_its_last_file(reference: Path, gitops_gen: GitopsGen) -> None:
    for name in ("environment.yaml", "release.yaml"):
        (reference / "environments/dev" / name).unlink()
    gitops_gen(reference, "generate")
    assert not (reference / "environments/dev").exists()


def test_a_disk_that_refuses_is_a_failure_without_traceback(
    reference: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(reference / "environments/dev/release.yaml", "tag: ", "tag: 9.")
    before = tree(reference)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(reference / "environments/dev/values.yaml"))

    monkeypatch.setattr("gitops_gen.generate.files.replace_file", full)
    result = gitops_gen(reference, "generate")

    assert result.code == 1
    assert "No space left on device" in result.err
    assert "Traceback" not in result.err
    assert tree(reference) == before


#: writes the two states of the good project in turn, without end, as fast as it can
WRITER = """
import sys
from pathlib import Path
from gitops_gen.generate.files import Change, State, write, sweep
root, left, right = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
names = [path.relative_to(left).as_posix() for path in sorted(left.rglob("*")) if path.is_file()]
sides = [{name: (side / name).read_text() for name in names} for side in (left, right)]
print("ready", flush=True)
while True:
    for side in sides:
        sweep(root)
        write(root, [Change(path=name, state=State.STALE, old="", new=text) for name, text in side.items()])
"""


def test_a_kill_at_any_moment_leaves_every_file_old_or_new(good: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    names = [name for name, content in tree(good).items() if is_generated(content.decode())]
    left, right = tmp_path / "left", tmp_path / "right"
    for side in (left, right):
        for name in names:
            (side / name).parent.mkdir(parents=True, exist_ok=True)
            # long enough that a write takes its time
            (side / name).write_text((good / name).read_text() + f"# {side.name}\n" * 20_000)
    either = {name: {(left / name).read_bytes(), (right / name).read_bytes()} for name in names}
    for name in names:
        (good / name).write_bytes((left / name).read_bytes())
    moments = random.Random(1)

    for _ in range(30):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(good), str(left), str(right)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        with writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            time.sleep(moments.uniform(0.005, 0.05))
            writer.send_signal(signal.SIGKILL)
        assert [name for name in names if (good / name).read_bytes() not in either[name]] == []

    (good / "argocd/.root.yaml.gitops-gen-tmp").write_text("half a fi")
    assert gitops_gen(good, "generate", "--overwrite").code == 0
    assert not [name for name in tree(good) if "tmp" in name]


def test_a_killed_generate_is_finished_by_the_next(good: Path, gitops_gen: GitopsGen) -> None:
    files = [good / name for name, content in tree(good).items() if is_generated(content.decode())]
    finished = tree(good)
    moments = random.Random(2)

    for _ in range(6):
        for file in files:
            file.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "gitops_gen", "-C", str(good), "generate"],
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with process:
            deadline = time.monotonic() + moments.uniform(0.2, 0.8)
            while process.poll() is None and time.monotonic() < deadline and not any(file.exists() for file in files):
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        left = {name: content for name, content in tree(good).items() if not name.endswith("-tmp")}
        assert left.items() <= finished.items()
        assert gitops_gen(good, "generate").code == 0
        assert tree(good) == finished
