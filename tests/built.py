"""Where `tests/e2e/build.sh` and `tests/services/build.sh` put what they build: a cache that outlives the checkout."""

import os
from pathlib import Path

CACHE = Path(
    os.environ.get("E2E_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gitops-gen-e2e"
)
BIN = CACHE / "bin"
