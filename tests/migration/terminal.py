"""A terminal in a project's folder: the printed script is run there as it is, with the real kubectl and helm.

What needs a kubelet (`kubectl exec`) has none on simulated nodes: there, only that is answered here, as the original's
pods would. Their data are tested where real ones run, in tests/services and tests/e2e/node.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

_KUBECTL = """\
#!/bin/sh
case " $* " in
*" exec "*pg_dumpall*) [ ! -e "{folder}/no-dump" ] || exit 1; echo '-- PostgreSQL database cluster dump complete' ;;
*" exec "*PG_VERSION*) echo '15 999' ;;
*" exec "*appendonly*) echo OK ;;
*" exec "*) echo "unexpected: $*" >&2; exit 1 ;;
*) exec {programs}/kubectl "$@" ;;
esac
"""
_TOOL = '#!/bin/sh\nexec {python} -m gitops_gen "$@"\n'
#: to commit is to push where Argo CD reads the folder
_GIT = '#!/bin/sh\n[ "$*" = push ] || exec {git} "$@"\n'


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """Where the commands are typed: the project, a scratch folder for stand-ins, the cluster, its programs."""

    project: Path
    scratch: Path
    kubeconfig: Path
    programs: Path
    #: whether pods run, so that `kubectl exec` is real too
    kubelet: bool = False

    def __post_init__(self) -> None:
        stand_ins = {
            **({} if self.kubelet else {"kubectl": _KUBECTL.format(folder=self.scratch, programs=self.programs)}),
            "gitops-gen": _TOOL.format(python=sys.executable),
            "git": _GIT.format(git=shutil.which("git")),
        }
        for name, text in stand_ins.items():
            (self.scratch / name).write_text(text)
            (self.scratch / name).chmod(0o755)

    def run(self, *argv: str, answers: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command, typing answers."""
        environment = os.environ | {
            "PATH": f"{self.scratch}:{self.programs}:{os.environ['PATH']}",
            "KUBECONFIG": str(self.kubeconfig),
            "PYTHONPATH": str(REPOSITORY),
            **{
                f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
            },
            **{f"HELM_{kind}_HOME": str(self.scratch / "helm") for kind in ("CACHE", "CONFIG", "DATA")},
        }
        return subprocess.run(
            argv, cwd=self.project, env=environment, input=answers, capture_output=True, text=True, check=False
        )

    def good(self, *argv: str, answers: str = "") -> str:
        """Run a command that must succeed; what it prints."""
        done = self.run(*argv, answers=answers)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def follow(self, commands: Iterable[str]) -> None:
        """Type the commands of a guide, one after the other, but those that run the script."""
        for command in commands:
            if not command.startswith("sh "):
                self.good("bash", "-euo", "pipefail", "-c", command)

    def script(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a printed script, saying yes to whatever it asks."""
        return self.run(*command.split(), answers="y\ny\ny\n")
