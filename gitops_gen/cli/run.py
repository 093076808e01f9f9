"""Running the command line: the one place where errors become messages and exit codes.

0 done or clean, 1 findings, drift or an expected failure, 2 usage, 3 a bug, 130 interrupted.
"""

import sys

from gitops_gen.cli.app import cli
from gitops_gen.cli.settings import Settings
from gitops_gen.runtime.streams import open_streams
from gitops_gen.runtime.tuning import relax, retire


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code: the one place where errors become messages and codes."""
    settings = Settings()
    try:
        return cli.main(arguments, prog_name="gitops-gen", standalone_mode=False, obj=settings) or 0
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last resort is to report a bug
        from gitops_gen.cli.failures import report

        return report(error, arguments, settings)


def main() -> None:
    """The `gitops-gen` program."""
    open_streams()
    relax()
    code = run(sys.argv[1:])
    retire()
    sys.exit(code)
