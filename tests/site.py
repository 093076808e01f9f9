"""The documentation as a site: the pages of the repository in one folder, where their links lead to each other, with
the pages of reference that are made from the program. `python -m tests.site DIR` writes it for `mkdocs build`.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from gitops_gen.cli import cli
from gitops_gen.output.rule_text import rule_lines
from gitops_gen.rules.all import RULES
from tests.conftest import REPOSITORY
from tests.field_pages import field_page

PAGES = (
    "docs/**/*.md",
    "helm/api-forge/README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
)
PICTURES = "docs/pictures"
_KEPT = {".md", ".svg", ".png"}
#: links to files and folders that are neither pages nor pictures, which have no place on the site: their text stays
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def stage(target: Path) -> None:
    """Write every page below `target`, which is replaced."""
    shutil.rmtree(target, ignore_errors=True)
    for path, text in {**dict(_written()), **_made()}.items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    shutil.copytree(REPOSITORY / PICTURES, target / PICTURES)


def _written() -> Iterator[tuple[str, str]]:
    sources = sorted(file for pattern in PAGES for file in REPOSITORY.glob(pattern))
    for file in (REPOSITORY / "README.md", *sources):
        name = file.relative_to(REPOSITORY).as_posix()
        text = file.read_text(encoding="utf-8").replace("](README.md)", "](index.md)")
        yield "index.md" if name == "README.md" else name, _LINK.sub(partial(_link, file), text)


def _link(file: Path, found: re.Match[str]) -> str:
    """The link as it is, or its text when it leads to what is no page. A link to nothing stays, for mkdocs to find."""
    target = (file.parent / found[2]).resolve()
    return found[0] if target.suffix in _KEPT or not target.exists() else found[1]


def _made() -> dict[str, str]:
    pages = {"commands": _commands(), "fields": field_page(), "rules": _rules()}
    return {f"reference/{name}.md": "\n".join(lines) for name, lines in pages.items()}


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield from (
        "Exit codes: 0 done or clean, 1 findings, drift or an expected failure, 2 usage, 3 a bug, 130 interrupted.",
        "",
    )
    yield from _helps(cli, click.Context(cli, info_name="gitops-gen"))


def _helps(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        yield f"## {inner.command_path.removeprefix('gitops-gen ')}\n"
        yield f"```text\n{command.get_help(inner)}\n```\n"
        if isinstance(command, click.Group):
            yield from _helps(command, inner)


def _rules() -> Iterator[str]:
    yield "# Rules\n"
    for rule in RULES:
        yield f"## {rule.id}\n"
        yield "```text\n" + "\n".join(rule_lines(rule)) + "\n```\n"


if __name__ == "__main__":
    stage(Path(sys.argv[1]))
