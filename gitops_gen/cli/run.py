"""Running the command line: the one place where errors become messages and exit codes.

0 done or clean, 1 findings, drift or an expected failure, 2 usage, 3 a bug, 130 interrupted.
"""

import sys
from typing import TYPE_CHECKING

import click

from gitops_gen.cli.app import cli
from gitops_gen.runtime.tuning import relax, retire

if TYPE_CHECKING:
    from gitops_gen.errors import GitopsError

BUG_REPORT = "this is a bug in gitops-gen; please report it with the output above and the command that you ran"


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code: the one place where errors become messages and codes."""
    try:
        return cli.main(arguments, prog_name="gitops-gen", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort is to say that it is our fault
        return _failed(error)


def _failed(error: Exception) -> int:
    from gitops_gen.errors import GitopsError

    if isinstance(error, GitopsError):
        return _report(error)
    import traceback

    click.echo(f"{''.join(traceback.format_exception(error))}\n{BUG_REPORT}", err=True)
    return 3


def _report(error: "GitopsError") -> int:
    from gitops_gen.errors import ProblemsError

    if isinstance(error, ProblemsError):
        from gitops_gen.output.text import problem_lines

        for problem in error.problems:
            for line in problem_lines(problem):
                click.echo(line, err=True)
    click.echo(f"error: {error}", err=True)
    if error.hint:
        click.echo(f"    {error.hint}", err=True)
    return error.exit_code


def main() -> None:
    """The `gitops-gen` program."""
    relax()
    code = run(sys.argv[1:])
    retire()
    sys.exit(code)
