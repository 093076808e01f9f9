"""`python -m bench`: every figure that the documentation names, as a table; exit code 1 when a limit does not hold."""

import sys

from bench import generate

if __name__ == "__main__":
    sys.exit(0 if generate.main() else 1)
