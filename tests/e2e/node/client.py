"""A client of a Service, outside of every pod: what the node's kube-proxy makes of the Service's address."""

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from .real_node import RealNode

SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Client:
    """Speaks HTTP to one port of one Service; each request has its own connection."""

    address: str
    port: int

    @classmethod
    def of(cls, node: RealNode, namespace: str, service: str) -> Self:
        found = node.observer.get("Service", namespace, service)
        assert found, f"no Service {service} in {namespace}"
        return cls(address=found["spec"]["clusterIP"], port=found["spec"]["ports"][0]["port"])

    def ask(self, method: str, path: str, seconds: float = SECONDS) -> tuple[int, Any]:
        """Status and answer. Raises OSError or HTTPException when there is none."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=seconds)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        return response.status, json.loads(text) if text.startswith((b"{", b"[", b'"')) else text.decode()


@dataclass(kw_only=True)
class Load:
    """Requests one after another, from several threads, while the block runs; what became of each is counted."""

    client: Client
    path: str
    threads: int = 4
    #: seconds from one request of a thread to its next
    pause: float = 0.05
    _said: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._running = [threading.Thread(target=self._ask) for _ in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._running:
            thread.join()

    @property
    def answered(self) -> int:
        """How many requests had an answer of 200."""
        return self._said.count("200")

    @property
    def lost(self) -> dict[str, int]:
        """What came instead of an answer of 200, and how often."""
        return {said: count for said, count in Counter(self._said).items() if said != "200"}

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                said = str(self.client.ask("GET", self.path)[0])
            except (OSError, http.client.HTTPException) as error:
                said = f"{type(error).__name__}: {error}"
            self._said.append(said)
            time.sleep(self.pause)
