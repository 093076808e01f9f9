"""Running the command line: the one place where errors become messages and exit codes.

0 done or clean, 1 findings, drift or an expected failure, 2 usage, 3 a bug, 130 interrupted.
"""

import sys
from io import StringIO
from typing import TYPE_CHECKING

import click

from gitops_gen.cli.app import cli, print_message
from gitops_gen.runtime.tuning import relax, retire

if TYPE_CHECKING:
    from gitops_gen.errors import GitopsError

BUG_REPORT = "this is a bug in gitops-gen; please report it with the output above and the command that you ran"


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code: the one place where errors become messages and codes."""
    try:
        return cli.main(arguments, prog_name="gitops-gen", standalone_mode=False) or 0
    except click.ClickException as error:
        return _misused(error)
    except (click.Abort, KeyboardInterrupt):
        print_message("interrupted")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort is to say that it is our fault
        return _failed(error)


def _misused(error: click.ClickException) -> int:
    usage = StringIO()
    error.show(usage)
    for line in usage.getvalue().splitlines():
        print_message(line)
    return 2


def _failed(error: Exception) -> int:
    from gitops_gen.errors import GitopsError

    if isinstance(error, GitopsError):
        return _report(error)
    import traceback

    for line in (*"".join(traceback.format_exception(error)).split("\n"), BUG_REPORT):
        print_message(line)
    return 3


def _report(error: "GitopsError") -> int:
    from gitops_gen.errors import ProblemsError

    if isinstance(error, ProblemsError):
        from gitops_gen.output.text import problem_lines

        for problem in error.problems:
            for line in problem_lines(problem):
                print_message(line)
    print_message(f"error: {error}")
    if error.hint:
        print_message(f"    {error.hint}")
    return error.exit_code


def main() -> None:
    """The `gitops-gen` program."""
    relax()
    code = run(sys.argv[1:])
    retire()
    sys.exit(code)
