"""The URL of a git repository: which forms Argo CD reads, and the one of a clone's origin without credentials."""

import re
from pathlib import Path

from gitops_gen.errors import Problem
from gitops_gen.git.runner import ask

_HTTP = re.compile(r"(?P<scheme>https?://)((?P<user>[^/@\s]*)@)?(?P<rest>[^/@\s]+/\S+)")
_SSH = re.compile(r"ssh://([^/@:\s]+@)?[^/@\s]+/\S+")
_SCP = re.compile(r"([^/@:\s]+@)?[\w.-]{2,}:(?!//)[^\s\\]+")
_FILE = re.compile(r"file:///\S+")
_FORMS = "https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH"


def url_problem(url: str) -> Problem | None:
    """What is wrong with `url` as one that Argo CD reads and that is in every generated file; None: nothing.

    https://argo-cd.readthedocs.io/en/stable/user-guide/private-repositories/
    """
    http = _HTTP.fullmatch(url)
    if (http and http["user"]) or re.match(r"ssh://[^/@\s]*:[^/@\s]*@", url):
        hint = "remove them; Argo CD keeps them in a repository Secret: `argocd repo add URL --username USER`"
        return Problem(message=f"{_without_user(url)} contains credentials, which must not be in git", hint=hint)
    if http or any(form.fullmatch(url) for form in (_SSH, _SCP, _FILE)):
        return None
    return Problem(message=f"`{url}` is not a URL of a git repository", hint=f"use {_FORMS}")


def _without_user(url: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]*@", "", url)


def origin_url(folder: Path) -> str:
    """The URL of the clone's origin without credentials; empty when there is none that Argo CD could read.

    A user is part of an ssh URL, and a credential in one of https.
    """
    answer = ask(folder, "remote", "get-url", "origin")
    url = answer.text.strip() if answer.code == 0 else ""
    if _HTTP.fullmatch(url):
        return _without_user(url)
    if url.startswith("ssh://"):
        url = re.sub(r"^(ssh://[^/@:\s]*):[^/@\s]*@", r"\1@", url)
    return url if _SSH.fullmatch(url) or (_SCP.fullmatch(url) and not Path(folder, url).exists()) else ""


def default_branch(folder: Path) -> str:
    """The branch that the clone's origin calls its default, else the current one while nothing is committed, or when it
    has a usual name; else `main`.
    """
    head = ask(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD").text.strip()
    if head.startswith("origin/"):
        return head.removeprefix("origin/")
    current = ask(folder, "symbolic-ref", "--quiet", "--short", "HEAD").text.strip()
    is_new = ask(folder, "rev-parse", "--quiet", "--verify", "HEAD").code != 0
    return current if current and (is_new or current in ("main", "master", "trunk")) else "main"
