"""`python -m tests.e2e`: the control plane to try things in, until Ctrl-C."""

import contextlib
import signal
import sys

from tests.built import BIN

from .cluster import Cluster
from .programs import missing


def main() -> int:
    """Start a cluster, say how to use it, and wait."""
    if absent := missing():
        sys.stderr.write("\n  ".join(["missing; tests/e2e/build.sh builds them:", *absent]) + "\n")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Cluster() as cluster:
        sys.stdout.write(f"export KUBECONFIG={cluster.kubeconfig} PATH={BIN}:$PATH\n")
        sys.stdout.flush()
        sys.stderr.write("Ctrl-C ends it\n")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
