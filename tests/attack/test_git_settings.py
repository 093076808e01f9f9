"""The user's settings of git change nothing: every command prints, commits and leaves what it does without them.

`make attack` combines each setting with a whole session; without `--attack` it is every eighth.
"""

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import GIT_SETTINGS, GitopsGen, git, tree

pytestmark = pytest.mark.slow

#: one setting a line: `section.key = value`, several with ` ; `
SETTINGS = """\
core.autocrlf = true
core.autocrlf = input
core.eol = crlf
core.safecrlf = true
core.quotePath = true
core.quotePath = false
core.abbrev = 4
core.abbrev = no
core.pager = false
core.editor = false
core.fileMode = false
core.ignoreCase = true
core.precomposeUnicode = true
core.untrackedCache = true
core.splitIndex = true
core.preloadIndex = false
core.logAllRefUpdates = false
core.commentChar = auto
core.commentChar = g
core.whitespace = trailing-space
core.compression = 0
core.symlinks = true
core.sparseCheckout = false
core.notesRef = refs/notes/other
color.ui = always
color.diff = always
color.status = always
column.ui = always
commit.verbose = true
commit.cleanup = strip
commit.cleanup = scissors
commit.status = false
commit.template = /dev/null
diff.noprefix = true
diff.mnemonicPrefix = true
diff.renames = copies
diff.algorithm = histogram
diff.context = 0
diff.wordRegex = .
diff.relative = true
diff.orderFile = /dev/null
diff.ignoreSubmodules = all
diff.submodule = log
diff.colorMoved = zebra
fetch.prune = true
fetch.writeCommitGraph = true
format.pretty = fuller
format.pretty = oneline
gc.auto = 1
grep.lineNumber = true
i18n.logOutputEncoding = latin1
init.defaultBranch = trunk
log.abbrevCommit = true
log.date = iso
log.decorate = full
log.follow = true
log.showSignature = false
log.mailmap = false
log.showRoot = false
log.diffMerges = on
merge.conflictStyle = zdiff3
merge.ff = only
merge.log = true
pull.rebase = true
push.default = nothing
push.followTags = true
rebase.autoStash = true
rerere.enabled = true
revert.reference = true
status.short = true
status.branch = true
status.showUntrackedFiles = no
status.relativePaths = false
submodule.recurse = true
tag.gpgSign = false
transfer.fsckObjects = true
user.useConfigOnly = true
""".splitlines()

SESSION = (
    "generate --check",
    "status -o json",
    "env list -o json",
    "diff start HEAD -o json",
    "set dev image.tag=2.0.0 --commit --push",
    "promote dev production --commit --push",
    "history production -o json",
    "rollback production --commit --push",
    "set dev image.tag=3.0.0 --branch proposal --push",
    "env clone dev feature --namespace feature --shared --commit --push",
    "env remove feature --delete-running --commit --push",
    "history dev -o json",
    "status -o json",
    "generate --check",
)
#: what no two runs have in common
_VARYING = re.compile(r"\b[0-9a-f]{7,40}\b|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^\"]*|\d+ (?:seconds?|minutes?) ago")


def session(folder: Path, gitops_gen: GitopsGen) -> list[tuple[str, int, str]]:
    """What each command prints, and what it leaves: the trees of the last commits with their messages."""
    return [(words, *_run(folder, words, gitops_gen)) for words in SESSION]


def _run(folder: Path, words: str, gitops_gen: GitopsGen) -> tuple[int, str]:
    result = gitops_gen(folder, *words.split())
    assert "Traceback" not in result.err
    log = git(folder, "log", "--no-color", "--pretty=tformat:%T %s%n%b", "--date=unix", "--no-decorate", "-3", "HEAD")
    return result.code, _VARYING.sub("…", result.out + result.err) + _trees(log)


def _trees(log: str) -> str:
    """The log without ids of commits, which are inside of lines."""
    return re.sub(r"(?<=[ `])[0-9a-f]{7,40}\b", "…", log)


@pytest.fixture
def clone(good: Path, tmp_path: Path) -> Path:
    """The good project with an upstream, and a tag at its start."""
    bare = tmp_path / "origin.git"
    git(tmp_path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(bare))
    git(good, "remote", "add", "origin", str(bare))
    git(good, "push", "--quiet", "--set-upstream", "origin", "main")
    git(good, "tag", "start")
    return good


def test_settings_change_nothing(
    clone: Path,
    tmp_path: Path,
    gitops_gen: GitopsGen,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    assert len(SETTINGS) >= 60
    for name, value in GIT_SETTINGS.items():
        monkeypatch.setenv(name, value)
    pristine = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-pristine"), symlinks=True)
    expected, files = session(clone, gitops_gen), tree(clone)
    assert {words: code for words, code, _ in expected if code} == {}
    chosen = SETTINGS if request.config.getoption("--attack") else SETTINGS[::8]
    for setting in chosen:
        shutil.rmtree(tmp_path)
        shutil.copytree(pristine, tmp_path, symlinks=True)
        key, _, value = setting.partition(" = ")
        git(clone, "config", "--file", str(tmp_path / "settings"), key, value)
        with monkeypatch.context() as patch:
            patch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
            for found, wanted in zip(session(clone, gitops_gen), expected, strict=True):
                assert found == wanted, setting
        assert tree(clone) == files, setting
