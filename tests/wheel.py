"""A wheel as people get it: installed into a new environment, used outside of the clone, by programs that find no git
and no HOME where they need none. `python -m tests.wheel FILE` needs nothing but the standard library.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

#: what Windows programs do not start without
_SYSTEM = ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "T", "EMAIL": "t@x"}.items()
}


def try_out(wheel: Path, python: str, folder: Path, *options: str) -> None:
    """Use the wheel with that Python, in `folder`. `options` go to pip; a command that fails is a SystemExit."""
    bin_folder = _installed(wheel, python, folder / "environment", options)
    program = str(bin_folder / "gitops-gen")
    bare = {"PATH": str(bin_folder), **{name: os.environ[name] for name in _SYSTEM if name in os.environ}}
    repository = folder / "my-gitops"
    inside = [program, "-C", str(repository)]
    _run([program, "--version"], bare, folder)
    _run([program, "init", str(repository)], bare, folder)
    page = folder / "report.html"
    whole = (["generate", "--check"], ["env", "list"], ["plan"], ["validate"], ["report", "--file", str(page)])
    for words in (*whole, ["secrets", "production"]):
        _run([*inside, *words], bare, folder)
    if "<title>api-forge: environments</title>" not in page.read_text(encoding="utf-8"):
        raise SystemExit(f"{page} is not the report")
    _compare(inside, repository, os.environ | _IDENTITY)


def _compare(inside: list[str], repository: Path, env: Mapping[str, str]) -> None:
    """A difference is between commits, so that it needs git."""
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "All"]):
        _run(["git", *words], env, repository)
    _run([*inside, "set", "dev", "app.image.tag=9.9.9"], env, repository)
    said = _run([*inside, "diff"], env, repository, expected=1)
    if "9.9.9" not in said:
        raise SystemExit(f"the difference does not name what changed:\n{said}")
    (repository / "environments/dev/values.yaml").unlink()
    said = _run([*inside, "validate"], env, repository, expected=1)
    if "environments/dev/values.yaml" not in said:
        raise SystemExit(f"the findings do not name what is missing:\n{said}")


def _installed(wheel: Path, python: str, environment: Path, options: Sequence[str]) -> Path:
    _run([python, "-m", "venv", str(environment)], os.environ, environment.parent)
    bin_folder = environment / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [str(bin_folder / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options]
    _run([*pip, str(wheel)], os.environ, environment.parent)
    return bin_folder


def _run(argv: list[str], env: Mapping[str, str], folder: Path, *, expected: int = 0) -> str:
    done = subprocess.run(
        argv, cwd=folder, env=env, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    if done.returncode != expected:
        raise SystemExit(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        try_out(Path(sys.argv[1]).absolute(), sys.executable, Path(scratch), *sys.argv[2:])
