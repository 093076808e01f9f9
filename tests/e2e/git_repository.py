"""A git repository on disk that Argo CD reads through file://."""

import os
import pathlib
import subprocess


class GitRepository:
    """A working tree on branch main, which Argo CD reads: to commit is to push."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    @property
    def url(self) -> str:
        """What goes into an Application's `repoURL`."""
        return self.path.as_uri()

    @property
    def head(self) -> str:
        """The newest commit."""
        return self.git("rev-parse", "HEAD").strip()

    def write(self, path: str, text: str) -> None:
        """Write one file, and the folders above it."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def commit(self, subject: str) -> str:
        """Commit everything that changed and return the commit."""
        self.git("add", "--all")
        self.git("commit", "-q", "-m", subject)
        return self.head

    def revert(self, commit: str) -> str:
        """`git revert` of a commit; returns the commit that reverts it."""
        self.git("revert", "--no-edit", commit)
        return self.head

    def tag(self, name: str) -> None:
        """Tag the newest commit."""
        self.git("tag", name)

    def git(self, *args: str) -> str:
        """Run git in the working tree and return what it prints, free of the machine's own settings."""
        identity = ("-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "-c", "commit.gpgsign=false")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        run = subprocess.run(
            ["git", *identity, *args],
            cwd=self.path,
            capture_output=True,
            text=True,
            check=False,
            env={**environment, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        )
        if run.returncode:
            raise RuntimeError(f"git {' '.join(args)}: {run.stderr.strip()}")
        return run.stdout
