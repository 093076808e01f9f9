"""`report`: where the page goes."""

from gitops_gen.errors import GitopsError
from gitops_gen.git.named_paths import NamedPath

_INDEX = "index.html"


def write_report(target: NamedPath, text: str, start: str) -> NamedPath:
    """Write the page to `target`, or to index.html in it when it is a folder; the file.

    A file that is there is replaced only when it begins with `start`, as a page does. Raises `GitopsError`.
    """
    folder = target if target.path.is_dir() else target / ".."
    file = target / _INDEX if folder is target else target
    try:
        if file.path.exists() and not file.read().startswith(start):
            raise GitopsError(f"{file} is not a page of `report`", "choose another file")
        folder.path.stat()  # no page in a folder that was mistyped
        folder.sweep()
        file.write(text)
    except UnicodeDecodeError as error:
        raise GitopsError(f"{file} is not a page of `report`", "choose another file") from error
    except OSError as error:
        raise GitopsError(f"{file}: {error.strerror}", "choose a folder with write permission") from error
    return file
