"""The program, as `gitops-gen` and as `python -m gitops_gen`."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line. Its modules are imported here, so that an interrupt during that has no traceback either."""
    try:
        from gitops_gen.cli.run import main as program

        program()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
