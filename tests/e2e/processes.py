"""The long-running processes of one cluster: started with a log file each, and gone when their parent is gone."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping

# Linux ends the children even when this process is killed; elsewhere only an orderly end does.
WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()

#: where to look for free ports; E2E_PORT says otherwise
FIRST_PORT = 26400


class NotUpError(Exception):
    """A process ended, or did not answer in time."""


class Processes:
    """Named child processes with their logs.

    Each leads a session, so that Ctrl-C in the terminal reaches only the test run, which then
    ends them in order.
    """

    def __init__(self, folder: pathlib.Path, log: pathlib.Path) -> None:
        self.folder = folder
        self.log = log
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *argv: str | os.PathLike[str], env: Mapping[str, str] | None = None) -> None:
        """Start a process whose output goes to the log of its name."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "ARGOCD_"))}
        with (self.log / name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*WITH_PARENT, *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
                env={**inherited, **(env or {})},
            )

    def stop(self, name: str) -> None:
        """End one process and what it started; the others run on."""
        self._end([self._running.pop(name)])

    def stop_all(self) -> None:
        """End every process; after two seconds without mercy."""
        running, self._running = list(self._running.values()), {}
        self._end(running)

    def wait(self, name: str, answers: Callable[[], object], seconds: float = 300) -> None:
        """Return when `answers` no longer raises.

        Raises:
            NotUpError: the process ended, or it did not answer in time; the end of its log is in the message.
        """
        end = time.monotonic() + seconds
        while True:
            try:
                answers()
            except (OSError, RuntimeError) as error:
                if time.monotonic() > end or self._running[name].poll() is not None:
                    raise NotUpError(f"{name} does not answer: {error}\n{self.tail(name)}") from error
                time.sleep(0.1)
            else:
                return

    def ended(self) -> list[str]:
        """The names of the processes that ended by themselves."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def tail(self, name: str, lines: int = 20) -> str:
        """The last lines of a process's log."""
        return "\n".join((self.log / name).read_text(errors="replace").splitlines()[-lines:])

    @staticmethod
    def _end(processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            _signal_group(process, signal.SIGTERM)
        end = time.monotonic() + 2
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
        for process in processes:
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def connect(port: int) -> None:
    """Raise OSError unless something listens on the port."""
    socket.create_connection(("127.0.0.1", port), 1).close()


def free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """A port for each name, below the range that outgoing connections take theirs from."""
    free = _free_ports()
    return {name: next(free) for name in names}


def _free_ports() -> Iterator[int]:
    return filter(_is_free, range(int(os.environ.get("E2E_PORT", FIRST_PORT)), 32768))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
