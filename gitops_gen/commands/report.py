"""`report`: where the page goes."""

from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.runtime.scratch import scratch

_INDEX = "index.html"


def write_report(target: Path, text: str, start: str) -> Path:
    """Write the page to `target`, or to index.html in it when it is a folder; the file.

    A file that is there is replaced only when it begins with `start`, as a page does. Raises `GitopsError`.
    """
    file = target / _INDEX if target.is_dir() else target
    try:
        if file.exists() and not file.read_bytes().startswith(start.encode()):
            raise GitopsError(f"{file} is not a page of `report`", "choose another file")
        _replace(file, text)
    except OSError as error:
        raise GitopsError(f"{file}: {error.strerror}", "choose a folder with write permission") from error
    return file


def _replace(file: Path, text: str) -> None:
    """In one step: who opens the page sees the old one or the new one."""
    with scratch(file.parent) as folder:
        new = folder / file.name
        new.write_text(text, encoding="utf-8")
        new.chmod(0o644)
        new.replace(file)
