"""A Helm repository and an OCI registry on loopback, which have the same charts."""

import hashlib
import http.server
import json
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_PATH = re.compile(r"/v2/(\S+)/(manifests|blobs|tags)/(\S+)")


@contextmanager
def helm_repository(helm: str, folder: Path, versions: list[tuple[Path, str]]) -> Iterator[str]:
    """Package charts at these versions; the URL of the repository. With `oci://` in place of `https://` it is that of
    the registry.
    """
    folder.mkdir()
    certificate = _certificate(folder.with_name(f"{folder.name}-tls"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://127.0.0.1:{server.server_port}"
    for chart, version in versions:
        argv = [helm, "package", str(chart), "--destination", str(folder), "--version", version]
        subprocess.run(argv, check=True, capture_output=True)
    subprocess.run([helm, "repo", "index", str(folder), "--url", url], check=True, capture_output=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificate))  # https://pkg.go.dev/crypto/x509#SystemCertPool
        yield url
    server.shutdown()
    server.server_close()


def _certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key: Helm speaks to registries through TLS only."""
    if not shutil.which("openssl"):
        pytest.skip("no `openssl` on PATH: install it (Debian: openssl)")
    folder.mkdir()
    file = folder / "server.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*argv, "-keyout", str(file), "-out", str(folder / "cert.pem")], check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "cert.pem").read_text())
    return file


class _Handler(http.server.SimpleHTTPRequestHandler):
    """https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md, as far as a pull needs it."""

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not self.path.startswith("/v2/"):
            super().do_GET()
        elif self.path == "/v2/":
            self._answer("application/json", b"{}")
        elif found := _PATH.fullmatch(self.path):
            self._registry(*found.groups())
        else:
            self.send_error(404)

    def _registry(self, name: str, kind: str, reference: str) -> None:
        if kind == "tags":
            versions = [path.stem.removeprefix(f"{name}-") for path in self._archives(name)]
            self._answer("application/json", json.dumps({"name": name, "tags": versions}).encode())
            return
        content = dict(self._contents(name, kind)).get(reference)
        if content is None:
            self.send_error(404)
        else:
            self._answer(_MANIFEST if kind == "manifests" else "application/octet-stream", content)

    def _archives(self, name: str) -> list[Path]:
        return sorted(Path(self.directory).glob(f"{name}-*.tgz"))

    def _contents(self, name: str, kind: str) -> Iterator[tuple[str, bytes]]:
        """Manifests by tag and digest, blobs by digest."""
        for archive in self._archives(name):
            version, layer = archive.stem.removeprefix(f"{name}-"), archive.read_bytes()
            config = json.dumps({"name": name, "version": version, "apiVersion": "v2"}).encode()
            manifest = json.dumps(
                {
                    "schemaVersion": 2,
                    "mediaType": _MANIFEST,
                    "config": _described(_CONFIG, config),
                    "layers": [_described(_LAYER, layer)],
                }
            ).encode()
            if kind == "manifests":
                yield version, manifest
                yield _digest(manifest), manifest
            else:
                yield from ((_digest(blob), blob) for blob in (config, layer))

    def _answer(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Docker-Content-Digest", _digest(content)),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


def _described(kind: str, content: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
