"""`python -m tests.e2e`: the control plane to try things in, until Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import sys

from .cluster import Cluster
from .programs import BIN, missing


def main() -> int:
    """Start a cluster, say how to use it, and wait."""
    if absent := missing():
        print("missing; tests/e2e/build.sh builds them:", *absent, sep="\n  ", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Cluster() as cluster:
        print(f"export KUBECONFIG={cluster.kubeconfig} PATH={BIN}:$PATH", flush=True)
        print("Ctrl-C ends it", file=sys.stderr)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
