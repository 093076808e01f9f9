"""Which branches of the chart's scripts the tests have run.

With `--branches` every script that a test runs is the script as rendered, with a note at each of its branches: both
outcomes of each condition (of `if`, `while`, `until`, and of what is left of `&&` or `||`), each arm of a `case`
and that none fits, each function, each loop's body. A note appends a line to a file and keeps the exit status. It
is where `set -e` does not apply or an ordinary command may be, so the script does what it does without notes.
`shfmt` parses; the shell that runs the script is the one that runs it otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.built import BIN

CHART = Path(__file__).parents[2] / "helm" / "api-forge"
SCRIPTS = sorted([*(CHART / "files").rglob("*.sh"), *(CHART / "scripts").glob("*.sh")])
#: where a sandbox has the folder that RECORD names
INSIDE = "/branches"
RECORD = "RECORD_BRANCHES"

Node = dict[str, Any]


def absent() -> str:
    """What is missing for recording, with the command that brings it."""
    return "" if (BIN / "shfmt").is_file() else "shfmt missing: tests/services/build.sh builds it"


def recorder() -> Path | None:
    """The folder that notes go to, None when nothing is recorded."""
    return Path(os.environ[RECORD]) if os.environ.get(RECORD) else None


def noted(text: str) -> str:
    """A script of the chart as a sandbox runs it; any other text as it is."""
    return _scripts()[text].text(f"{INSIDE}/notes") if recorder() and text in _scripts() else text


def noted_script(script: Path) -> Path:
    """A script that is run in place, or the copy of it that takes notes."""
    folder = recorder()
    if not folder:
        return script
    copy = folder / f"{os.getpid()}" / script.name
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(_scripts()[script.read_text()].text(f"{folder}/notes"))
    copy.chmod(0o755)
    return copy


def never_run(folder: Path) -> list[str]:
    """The branches that no note was taken of, one line each."""
    notes = folder / "notes"
    seen = set(notes.read_text().splitlines()) if notes.exists() else set()
    return [branch for script in _scripts().values() for branch in script.branches if branch not in seen]


def count() -> int:
    """How many branches all scripts have."""
    return sum(len(script.branches) for script in _scripts().values())


@cache
def _scripts() -> dict[str, Script]:
    return {path.read_text(): Script.parse(path) for path in SCRIPTS}


@dataclass(kw_only=True)
class Script:
    """A script with the places of its branches."""

    name: str
    source: bytes
    branches: list[str] = field(default_factory=list)
    _before: dict[int, list[str]] = field(default_factory=dict)
    _after: dict[int, list[str]] = field(default_factory=dict)
    _first_end: int = 0

    @classmethod
    def parse(cls, path: Path) -> Script:
        """The script in a file.

        Raises: `FileNotFoundError` without shfmt, `CalledProcessError` when it cannot read the script.
        """
        script = cls(name=str(path.relative_to(CHART)), source=path.read_bytes())
        argv = [str(BIN / "shfmt"), "--to-json", "--filename", path.name]
        parsed = json.loads(subprocess.run(argv, input=script.source, capture_output=True, check=True).stdout)
        first, second = parsed["Stmts"][:2]
        script._first_end = _end(first)
        script._step(second["Pos"], "started")
        script._visit(parsed)
        return script

    def text(self, notes: str) -> str:
        """The script that appends a line to the file `notes` at each branch it takes."""
        note = f"printf '%s\\n' \"$1\" >>'{notes}'"
        functions = f'; __ran() {{ {note}; }}; __not() {{ __ran "$1"; return "$2"; }}'
        pieces, last = [], 0
        for place in sorted({*self._before, *self._after, self._first_end}):
            pieces.append(self.source[last:place].decode())
            pieces += reversed(self._after.get(place, []))
            pieces += [functions] if place == self._first_end else []
            pieces += self._before.get(place, [])
            last = place
        return "".join(pieces) + self.source[last:].decode()

    def _visit(self, node: Any) -> None:
        for item in node if isinstance(node, list) else [node] if isinstance(node, dict) else []:
            self._note(item)
            for value in item.values():
                self._visit(value)

    def _note(self, node: Node) -> None:
        if node.get("Type") == "FuncDecl":
            self._step(node["Body"]["Cmd"]["Stmts"][0]["Pos"], f"{node['Name']['Value']}()")
        elif node.get("Type") == "ForClause":
            self._step(node["Do"][0]["Pos"], "the loop's body")
        elif node.get("Type") == "CaseClause":
            self._arms(node)
        elif node.get("Type") == "BinaryCmd" and node["Op"] in ("&&", "||"):
            self._conditions(node["X"], inner=False)
        conditions = node.get("Cond")
        for condition in conditions[-1:] if isinstance(conditions, list) else []:
            self._conditions(condition, inner=True)

    def _conditions(self, statement: Node, *, inner: bool) -> None:
        """Both outcomes of a condition; of `a && b` those of `a`, which is visited itself, and of `b`."""
        command = statement["Cmd"]
        if command["Type"] == "BinaryCmd" and command["Op"] in ("&&", "||"):
            self._conditions(command["Y"], inner=inner)
            return
        begin, end = statement["Pos"], _end(statement)
        shown = " ".join(self.source[begin["Offset"] : end].decode().split())[:60]
        yes, no = (self._branch(begin, f"{shown}: {outcome}") for outcome in ("true", "false"))
        self._before.setdefault(begin["Offset"], []).append("{ { ")
        self._after.setdefault(end, []).append(f"; }} && __ran '{yes}' || __not '{no}' $?; }}")

    def _arms(self, node: Node) -> None:
        arms = [self.source[arm["Patterns"][0]["Pos"]["Offset"] : _end(arm["Patterns"][-1])] for arm in node["Items"]]
        for arm, pattern in zip(node["Items"], arms, strict=True):
            self._step(arm["Stmts"][0]["Pos"] if arm.get("Stmts") else arm["OpPos"], f"{pattern.decode()})")
        if b"*" not in arms:
            note = self._branch(node["Esac"], "no arm")
            self._before.setdefault(node["Esac"]["Offset"], []).append(f"*) __ran '{note}' ;; ")

    def _step(self, place: Node, shown: str) -> None:
        note = self._branch(place, shown)
        self._before.setdefault(place["Offset"], []).append(f"__ran '{note}'; ")

    def _branch(self, place: Node, shown: str) -> str:
        plain = shown.replace("'", '"')
        self.branches.append(f"{self.name}:{place['Line']}:{place['Col']}: {plain}")
        return self.branches[-1]


def _end(node: Node) -> int:
    """Where a node's text ends, without the `;` or `&` that a statement's end counts."""
    end: int = (node.get("Semicolon") or node["End"])["Offset"]
    return end
