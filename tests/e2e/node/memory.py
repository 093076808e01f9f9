"""How much memory the pods of a namespace have taken at most, of what their limits allow."""

import pathlib
import re
import threading
from dataclasses import dataclass, field
from typing import Self

from .footprint import ROOT
from .pods import Pods

SECONDS = 2
UNITS = {"Mi": 1 << 20, "Gi": 1 << 30}
#: what cannot be taken back from a container: its own memory and that of its volumes in memory; cgroup v1 and v2
COUNTED = re.compile(r"^(?:rss|anon|shmem) (\d+)$", re.MULTILINE)


@dataclass(kw_only=True)
class Memory:
    """Looks at every container that runs, again and again, until it is left."""

    pods: Pods
    #: by component: the most that one container of it had, in bytes, and its limit
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    _files: dict[str, pathlib.Path] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def lines(self) -> list[str]:
        """One line for each component, the fullest first."""
        shares = sorted(self.seen.items(), key=lambda item: item[1][0] / item[1][1], reverse=True)
        return [f"{name}: {used >> 20} MiB of {limit >> 20} MiB" for name, (used, limit) in shares]

    def _watch(self) -> None:
        while not self._ended.wait(SECONDS):
            for pod in self.pods.node.observer.objects("Pod", self.pods.namespace):
                limits = {item["name"]: item["resources"]["limits"]["memory"] for item in pod["spec"]["containers"]}
                for found in pod.get("status", {}).get("containerStatuses", []):
                    if "running" in found.get("state", {}):
                        self._look(found["name"], found["containerID"].removeprefix("containerd://"), limits)

    def _look(self, name: str, container: str, limits: dict[str, str]) -> None:
        try:
            text = self._file(container).read_text()
        except (OSError, StopIteration):  # it has just ended, or is about to begin
            return
        used = sum(int(number) for number in COUNTED.findall(text))
        limit = int(limits[name][:-2]) * UNITS[limits[name][-2:]]
        self.seen[name] = (max(used, self.seen.get(name, (0, 0))[0]), limit)

    def _file(self, container: str) -> pathlib.Path:
        if container not in self._files:
            self._files[container] = next(pathlib.Path("/sys/fs/cgroup").glob(f"**/{ROOT}/**/{container}/memory.stat"))
        return self._files[container]
