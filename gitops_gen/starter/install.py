"""What the CI files give to `pip install`: the very version that writes them, from where it can be had again.

No package index has it, so nothing here names one. A release sets `Source` in `[project.urls]` of pyproject.toml and
the tag `v<version>`; the workflow `wheel` writes the commit that it builds into commit.txt.
"""

import json
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from gitops_gen import __version__
from gitops_gen.git.runner import ask
from gitops_gen.starter.remote import origin_url

NAME = "gitops-gen"
_PUBLIC = re.compile(r"https://[^\s@]+")
_ON_GITHUB = re.compile(r"git\+https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?(@[0-9a-f]{40})")
_COMMIT = Path(__file__).with_name("commit.txt")


def install_source() -> str:
    """A git URL at a commit or tag; empty when nothing says where this version can be had.

    That is, in this order: the git URL that pip installed it from (https://packaging.python.org/specifications/direct-url/),
    the origin of the checkout that it was installed from, when that has the commit; the project's own URL at the commit
    of the release, or at its tag.
    """
    try:
        here = distribution(NAME)
    except PackageNotFoundError:
        return ""
    return direct_source(here.read_text("direct_url.json") or "{}") or _released(here)


def github_action(source: str) -> str:
    """The action at the commit of an `install_source`, for `uses`; empty when GitHub does not have that commit."""
    found = _ON_GITHUB.fullmatch(source)
    return found[1] + found[2] if found else ""


def direct_source(text: str) -> str:
    """What pip wrote of the place that it installed from, as a git URL at a commit; empty when that is none."""
    origin = json.loads(text)
    url, commit = str(origin.get("url", "")), str(origin.get("vcs_info", {}).get("commit_id", ""))
    if commit and _PUBLIC.fullmatch(url):
        return f"git+{url}@{commit}"
    return _checkout(Path(url.removeprefix("file://"))) if url.startswith("file://") else ""


def _checkout(folder: Path) -> str:
    if not (folder / ".git").exists():
        return ""
    commit = ask(folder, "rev-parse", "--quiet", "--verify", "HEAD").text.strip()
    is_public = commit and ask(folder, "branch", "--remotes", "--contains", commit).text.strip()
    url = origin_url(folder)
    return f"git+{url}@{commit}" if is_public and _PUBLIC.fullmatch(url) else ""


def _released(here: Distribution) -> str:
    for line in here.metadata.get_all("Project-URL") or ():
        label, _, url = line.partition(", ")
        if label == "Source" and _PUBLIC.fullmatch(url):
            commit = _COMMIT.read_text(encoding="utf-8").strip() if _COMMIT.is_file() else ""
            return f"git+{url}@{commit or f'v{__version__}'}"
    return ""
