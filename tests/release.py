"""A release: what must be true of a version, the commit and the tag that start the workflow `release`.

python -m tests.release 0.2.0            check the version, commit it with the date in CHANGELOG.md, and tag it
python -m tests.release 0.2.0 --check    only check
python -m tests.release 0.2.0 --notes    print the section of CHANGELOG.md
python -m tests.release 0.2.0 --commit   for CI: fail unless the checkout is the release
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
MODULE, CHANGELOG = "gitops_gen/__init__.py", "CHANGELOG.md"
_VERSION = re.compile(r"\d+\.\d+\.\d+(rc\d+)?")
_STATED = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)
_OPEN = "unreleased"


def section(folder: Path, version: str) -> tuple[str, str]:
    """What follows the version in its heading of CHANGELOG.md, and the text below; both empty without one."""
    pattern = rf"^## {re.escape(version)} \(([^)\n]*)\)\n(.*?)(?=^## |\Z)"
    found = re.search(pattern, (folder / CHANGELOG).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return (found[1], found[2].strip()) if found else ("", "")


def faults(folder: Path, version: str) -> Iterator[str]:
    """What speaks against the release."""
    if not _VERSION.fullmatch(version):
        yield f"VERSION={version} is not a version such as 0.2.0 or 0.2.0rc1"
        return
    state, text = section(folder, version)
    if state != _OPEN or not text:
        yield f"{CHANGELOG} has no section `## {version} ({_OPEN})` with changes: add it"
    if _git(folder, "status", "--porcelain"):
        yield "the working tree has changes: commit them"
    if (branch := _git(folder, "branch", "--show-current")) != "main":
        yield f"the branch is {branch}: run `git switch main`"
    if _git(folder, "tag", "--list", f"v{version}"):
        yield f"the tag v{version} exists: choose the next version"


def commit_faults(folder: Path, version: str) -> Iterator[str]:
    """What speaks against the checkout being the release."""
    if (stated := _stated(folder)) != version:
        yield f"{MODULE} says {stated}, the tag says {version}"
    if section(folder, version)[0] in ("", _OPEN):
        yield f"{CHANGELOG} has no date for {version}"


def make(folder: Path, version: str, today: str) -> None:
    """Commit the version and its date, and tag the commit."""
    module, changelog = folder / MODULE, folder / CHANGELOG
    module.write_text(_STATED.sub(f'__version__ = "{version}"', module.read_text()))
    heading = f"## {version} ({_OPEN})"
    changelog.write_text(changelog.read_text(encoding="utf-8").replace(heading, f"## {version} ({today})"), "utf-8")
    _git(folder, "commit", "--quiet", "--message", f"Release {version}", "--", MODULE, CHANGELOG)
    _git(folder, "tag", "--annotate", f"v{version}", "--cleanup=verbatim", "--message", section(folder, version)[1])


def _stated(folder: Path) -> str:
    found = _STATED.search((folder / MODULE).read_text())
    return found[1] if found else ""


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def main(version: str, what: str = "") -> int:
    """Do what the docstring of this module says; 1 after printing what speaks against it."""
    if what == "--notes":
        sys.stdout.write(f"{section(REPOSITORY, version)[1]}\n")
        return 0
    found = list((commit_faults if what == "--commit" else faults)(REPOSITORY, version))
    for fault in found:
        sys.stderr.write(f"error: {fault}\n")
    if not found and not what:
        make(REPOSITORY, version, datetime.now(tz=UTC).date().isoformat())
        sys.stdout.write(f"tagged; publish it with `git push --atomic origin main v{version}`\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
