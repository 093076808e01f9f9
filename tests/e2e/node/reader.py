"""Somebody who types what a guide of the chart shows."""

import os
import pathlib
import re
import subprocess
import textwrap
from dataclasses import dataclass, field

from tests.built import BIN
from tests.e2e.project import REFERENCE

from .pods import Pods

GUIDES = REFERENCE / "docs/chart"
#: a command, with the lines of the same block that follow it
BLOCK = re.compile(r"(?:^ {4,}\S.*\n)(?:^ {4,}.*\n)*", re.MULTILINE)


@dataclass(kw_only=True)
class Reader:
    """Types the commands of one guide, about one release."""

    guide: str
    pods: Pods
    #: where files are written to and read from
    folder: pathlib.Path
    #: each placeholder of the guide for what only the reader knows, and what the reader knows
    places: dict[str, str] = field(default_factory=dict)

    def blocks(self, heading: str) -> list[str]:
        """The commands under a heading, block by block."""
        text = (GUIDES / f"{self.guide}.md").read_text()
        (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        return [textwrap.dedent(block) for block in BLOCK.findall(section)]

    def type_in(self, commands: str) -> str:
        """What the commands print; each succeeds."""
        for place, known in {"<ns>": self.pods.namespace, **self.places}.items():
            commands = commands.replace(place, known)
        environment = {"KUBECONFIG": str(self.pods.node.kubeconfig), "PATH": f"{BIN}:{os.environ['PATH']}"}
        argv = ["bash", "-euo", "pipefail", "-c", commands]
        done = subprocess.run(
            argv, cwd=self.folder, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        return done.stdout
