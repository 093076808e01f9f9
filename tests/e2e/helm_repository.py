"""A Helm repository on loopback: a folder of packed charts with an index, served over http."""

import functools
import http.server
import pathlib
import subprocess
import threading

from tests.built import BIN


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class HelmRepository:
    """Serves what was published until it is closed."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)
        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(_Silent, directory=str(folder))
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """What goes into `chart.repository`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def publish(self, chart: pathlib.Path, version: str) -> None:
        """Pack a chart's folder as a version of it, and list it in the index."""
        _helm("package", str(chart), "--version", version, "--destination", str(self._folder))
        _helm("repo", "index", str(self._folder), "--url", self.url)

    def pull(self, name: str, version: str, folder: pathlib.Path) -> None:
        """What gitops-gen asks for before it can render such a chart."""
        folder.mkdir(parents=True, exist_ok=True)
        _helm("pull", name, "--repo", self.url, "--version", version, "--destination", str(folder))

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _helm(*args: str) -> None:
    run = subprocess.run([BIN / "helm", *args], capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"helm {' '.join(args)}: {run.stderr.strip()}")
