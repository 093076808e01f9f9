"""What all formats say of a finding: its file in the repository, its sentence, and what tells it from others."""

import hashlib
import posixpath

from gitops_gen.rules.validation import ReportedFinding


def from_top(path: str, prefix: str) -> str:
    """A path of the project as one of its repository."""
    return posixpath.normpath(prefix + path)


def sentence(item: ReportedFinding) -> str:
    """Object, message, environments and remedy as plain text."""
    found = item.finding
    names = f" ({', '.join(item.environments)})" if item.environments else ""
    return f"{f'{found.object} ' if found.object else ''}{found.message}{names}. {found.remedy}"


def fingerprint(item: ReportedFinding) -> str:
    """The same in the next run as long as rule, file, object and message are: lines move, and environments come."""
    found = item.finding
    text = f"{found.rule}\0{found.source}\0{found.object}\0{found.message}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
