"""The command line: parse, call a command, print, exit code. The only package that knows click.

Everything else is imported when a verb runs, so that `--help` and completion answer at once.
"""

from gitops_gen.cli.app import cli
from gitops_gen.cli.run import main, run

__all__ = ["cli", "main", "run"]
