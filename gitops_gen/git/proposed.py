"""A commit of files that are not written anywhere yet, for whatever compares commits. No branch, index or file changes;
the objects are loose and unreachable, so git throws them away in time.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import run

_NOBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "gitops-gen"), ("EMAIL", "gitops-gen@localhost"), ("DATE", "@0 +0000"))
}


def proposed_commit(project: Path, files: Mapping[str, str | None]) -> str:
    """HEAD with these files (path in the project → text, None: deleted) instead. Raises `GitError` without a HEAD."""
    inside = prefix(project)
    with tempfile.TemporaryDirectory() as name:
        env = {"GIT_INDEX_FILE": str(Path(name, "index"))}
        run(project, "read-tree", "HEAD", env=env)
        written = {path: text for path, text in files.items() if text is not None}
        entries = [f"100644 {oid}\t{inside}{path}" for path, oid in _objects(project, Path(name), written).items()]
        entries += [f"0 {'0' * 40}\t{inside}{path}" for path, text in files.items() if text is None]
        run(
            project,
            "update-index",
            "-z",
            "--index-info",
            stdin="".join(f"{entry}\0" for entry in entries).encode(),
            env=env,
        )
        tree = run(project, "write-tree", env=env).strip()
    return run(project, "commit-tree", tree, "-p", "HEAD", "-m", "Proposed", env=_NOBODY).strip()


def _objects(project: Path, scratch: Path, texts: Mapping[str, str]) -> dict[str, str]:
    places = []
    for number, text in enumerate(texts.values()):
        place = scratch / str(number)
        place.write_bytes(text.replace("\r\n", "\n").encode())
        places.append(os.fspath(place))
    if not places:
        return {}
    oids = run(project, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin="\n".join(places).encode()).split()
    return dict(zip(texts, oids, strict=True))
