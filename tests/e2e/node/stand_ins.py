"""The stand-in for each image of the chart.

They hold only what the chart runs in the image that they replace: a script that needs another program fails
here as it would there. PostgreSQL is Debian's package, Redis the machine's own with busybox around it (as Alpine
has), Temporal's programs are those that the build scripts make; app and worker are the programs in stand_in/, on the
libraries that stand_in/requirements.txt names. The stock images' entrypoints are not replaced: the chart names the
command of every container but that of Temporal's web UI.
"""

import functools
import pathlib
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from tests.built import BIN
from tests.conftest import INPUTS
from tests.e2e.api import Object
from tests.e2e.programs import shared

HERE = pathlib.Path(__file__).resolve().parent
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """One image."""

    #: what of the image's name comes before the tag, written out
    repository: str
    #: the one tag that it replaces; without it, every tag that no other stand-in replaces
    tag: str = ""
    #: writes the files of this image's layer to a folder
    write: Callable[[pathlib.Path], None]
    #: the Debian packages of the layer below; none means that there is no such layer
    packages: tuple[str, ...] = ()
    #: the Python packages of a layer between: a file for pip; none means that there is no such layer
    requirements: pathlib.Path | None = None
    path: str = PATH
    working_directory: str = "/"
    #: what runs when the chart does not say
    command: tuple[str, ...] = ()
    #: what the image declares a volume
    volumes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.repository.rpartition("/")[2], self.tag)))

    def config(self) -> Object:
        """How the image is run, as the OCI image specification has it."""
        volumes: Object = {path: {} for path in self.volumes}
        environment = [f"PATH={self.path}"]
        runs: Object = {"Env": environment, "WorkingDir": self.working_directory, "Cmd": list(self.command)}
        return {**runs, "Volumes": volumes}


def write_busybox(root: pathlib.Path) -> None:
    _copy(pathlib.Path(shutil.which("busybox") or "busybox"), root / "bin/busybox")
    _folder(root / "tmp", 0o1777)
    for folder in ("etc", "run", "var"):
        (root / folder).mkdir()
    (root / "var/run").symlink_to("/run")
    applets = subprocess.run(["busybox", "--list"], check=True, capture_output=True, text=True).stdout.split()
    for applet in set(applets) - {"busybox"}:
        (root / "bin" / applet).symlink_to("busybox")


def write_postgres(root: pathlib.Path) -> None:
    """The user is 999 in the stock image, and another in Debian's package."""
    _users(root, postgres=(999, 999))
    for folder, mode in {"var/lib/postgresql/data": 0o1777, "run/postgresql": 0o3777}.items():
        _folder(root / folder, mode)


def write_redis(root: pathlib.Path) -> None:
    write_busybox(root)
    # Alpine's BusyBox has flock, Debian's has not.
    for program in ("redis-server", "redis-cli", "flock"):
        _with_libraries(root, program)
    _users(root, redis=(999, 1000))
    _folder(root / "data", 0o777)


def write_original_postgres(root: pathlib.Path) -> None:
    """The original's: it starts as root, and is the server of a separate user."""
    write_postgres(root)
    _copy(HERE / "stand_in/original/postgres.sh", root / "opt/entry/start-scripts/universal-entrypoint.sh")
    _copy(INPUTS / "original/init-postgres.sh", root / "opt/entry/init-postgres.sh")


def write_original_redis(root: pathlib.Path) -> None:
    write_redis(root)
    _copy(HERE / "stand_in/original/redis.sh", root / "usr/local/bin/original-redis")


def write_temporal(root: pathlib.Path, *, programs: tuple[str, ...], built: str = "") -> None:
    """Programs by the name in the image; those of another release are built with `built` at the end of theirs."""
    write_busybox(root)
    for program in programs:
        path = BIN / f"{program}{built}"
        _copy(path if path.exists() else BIN / program, root / "usr/local/bin" / program)
    _users(root, temporal=(1000, 1000))


def write_temporal_web(root: pathlib.Path) -> None:
    """The stock image's entrypoint only starts the server with this configuration."""
    write_busybox(root)
    _users(root, temporal=(1000, 1000))
    _copy(BIN / "temporal-ui-server", root / "home/ui-server/ui-server")
    configuration = root / "home/ui-server/config/docker.yaml"
    _copy(shared("temporal-ui") / "docker.yaml", configuration)
    configuration.chmod(0o644)


def write_app(root: pathlib.Path) -> None:
    _users(root, appuser=(1001, 1001))
    shutil.copytree(HERE / "stand_in/app", root / "app", ignore=shutil.ignore_patterns("__pycache__"))
    _copy(HERE / "stand_in/bin/uvicorn", root / "usr/local/bin/uvicorn")
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")


def _with_libraries(root: pathlib.Path, program: str) -> None:
    """Copy a program of this machine with the libraries that it loads."""
    path = shutil.which(program)
    assert path, program
    listed = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    for library in re.findall(r"(/\S+) \(0x", listed):
        _copy(pathlib.Path(library), root / library.lstrip("/"))
    _copy(pathlib.Path(path), root / "usr/local/bin" / program)


def _users(root: pathlib.Path, **users: tuple[int, int]) -> None:
    known = {"root": (0, 0), **users}
    (root / "etc").mkdir(exist_ok=True)
    lines = [f"{name}:x:{user}:{group}::/:/bin/sh\n" for name, (user, group) in known.items()]
    (root / "etc/passwd").write_text("".join(lines))
    (root / "etc/group").write_text("".join(f"{name}:x:{group}:\n" for name, (_, group) in known.items()))


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    target.chmod(0o755)


def _folder(path: pathlib.Path, mode: int) -> None:
    path.mkdir(parents=True)
    path.chmod(mode)


#: by image: the programs in it
TEMPORAL = {"server": ("temporal-server",), "admin-tools": ("temporal-sql-tool", "temporal")}
#: the minor version after the chart's; of tests/e2e/pins/temporal-next
NEXT_TEMPORAL = "1.32.0"
STAND_INS = (
    StandIn(repository="docker.io/library/pause", write=write_busybox, command=("/bin/sleep", "1000000000")),
    StandIn(
        repository="docker.io/library/postgres",
        write=write_postgres,
        packages=("postgresql-15",),
        path=f"{PATH}:/usr/lib/postgresql/15/bin",
        volumes=("/var/lib/postgresql/data",),
    ),
    StandIn(repository="docker.io/library/redis", write=write_redis, working_directory="/data", volumes=("/data",)),
    StandIn(
        repository="docker.io/library/app_data_postgres_image",
        write=write_original_postgres,
        packages=("postgresql-15",),
        path=f"{PATH}:/usr/lib/postgresql/15/bin",
    ),
    StandIn(
        repository="docker.io/library/app_data_redis_image", write=write_original_redis, command=("original-redis",)
    ),
    StandIn(repository="docker.io/library/my-temporal-server", write=write_busybox),
    *(
        StandIn(
            repository=f"docker.io/temporalio/{name}",
            tag=tag,
            write=functools.partial(write_temporal, programs=programs, built=built),
        )
        for name, programs in TEMPORAL.items()
        for tag, built in {"": "", NEXT_TEMPORAL: "-next"}.items()
    ),
    StandIn(
        repository="docker.io/temporalio/ui",
        write=write_temporal_web,
        working_directory="/home/ui-server",
        command=("./ui-server", "--env", "docker", "start"),
    ),
    StandIn(
        repository="docker.io/library/api-forge-app",
        write=write_app,
        packages=("python3", "curl"),
        requirements=HERE / "stand_in/requirements.txt",
        working_directory="/app",
    ),
)
