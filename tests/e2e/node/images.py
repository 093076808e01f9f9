"""Images for the chart's pods, made on this machine and given to containerd under the chart's own image names.

No image registry is asked. An image is one to three layers, made once and kept in the cache.
"""

import functools
import hashlib
import io
import json
import pathlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator

from tests.built import BIN, CACHE

from . import programs as needed
from .stand_ins import STAND_INS, StandIn

HERE = pathlib.Path(__file__).resolve().parent
STORE = CACHE / "images"
#: how the folder of a layer that is being made begins
UNFINISHED = "unfinished-"
SUITE = "bookworm"
PAUSE = "docker.io/library/pause:1"
#: the Python of SUITE, and the C libraries that its own one takes
PYTHON = "3.11"
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def missing_for(images: Iterable[str]) -> list[str]:
    """The images that have no stand-in."""
    return sorted(name for name in images if _stand_in(written_out(name)) is None)


def make() -> None:
    """Make the layers of every image that are not in the cache; says what takes a while."""
    for stand_in in STAND_INS:
        _layers(stand_in)


def remove_unfinished() -> None:
    """Remove what a run that was killed left of the layers that it was making."""
    for folder in STORE.glob(f"{UNFINISHED}*"):
        shutil.rmtree(folder)


def load(stand_in: StandIn, names: Iterable[str]) -> None:
    """Give containerd an image, under each of the names."""
    command = ["ctr", "--namespace", "k8s.io", "images", "import", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as importer:
        assert importer.stdin is not None
        assert importer.stdout is not None
        with importer.stdin, tarfile.open(fileobj=importer.stdin, mode="w|") as archive:
            _write_archive(archive, stand_in, sorted(names))
        said = importer.stdout.read().decode()
    if importer.returncode:
        raise RuntimeError(f"ctr images import of {stand_in.name}: {said}")


def wanted(images: Iterable[str]) -> Iterator[tuple[StandIn, set[str]]]:
    """Each stand-in with the names, written out, that the images have."""
    names = {written_out(name) for name in images}
    for stand_in in STAND_INS:
        if own := {name for name in names if _stand_in(name) == stand_in}:
            yield stand_in, own


def _stand_in(name: str) -> StandIn | None:
    """The stand-in for an image, by its name written out."""
    repository, _, tag = name.rpartition(":")
    fit = [found for found in STAND_INS if found.repository == repository and found.tag in ("", tag)]
    return max(fit, key=lambda found: found.tag, default=None)


def written_out(image: str) -> str:
    """An image's name with its registry, as containerd knows it: `redis:7` is `docker.io/library/redis:7`."""
    first, slash, _ = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    return image if "." in first or ":" in first else f"docker.io/{image}"


def _write_archive(archive: tarfile.TarFile, stand_in: StandIn, names: list[str]) -> None:
    """The archive that `docker save` writes, which containerd imports."""
    layers = _layers(stand_in)
    config = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": stand_in.config(),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}" for layer in layers]},
    }
    manifest = {"Config": "config.json", "RepoTags": names, "Layers": [layer.name for layer in layers]}
    _add(archive, "config.json", json.dumps(config).encode())
    for layer in layers:
        archive.add(layer, layer.name)
    _add(archive, "manifest.json", json.dumps([manifest]).encode())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _layers(stand_in: StandIn) -> list[pathlib.Path]:
    """Made now where they are not in the cache; the lowest first."""
    own = _cached(f"{stand_in.name}-{_version()}", stand_in.write)
    below = []
    if stand_in.packages:
        name = f"debian-{SUITE}-{'-'.join(stand_in.packages)}"
        below.append(_cached(name, functools.partial(_debian, stand_in.packages)))
    if stand_in.requirements:
        digest = hashlib.sha256(stand_in.requirements.read_bytes()).hexdigest()[:12]
        below.append(_cached(f"python-{digest}", functools.partial(_python, stand_in.requirements)))
    return [*below, own]


@functools.cache
def _version() -> str:
    """Changes with everything that the files of a layer come from."""
    programs = [BIN / name for name in (*needed.TEMPORAL, *needed.NEXT_TEMPORAL, "temporal-ui-server")]
    installed = [pathlib.Path(shutil.which(name) or name) for name in ("busybox", "redis-server", "redis-cli")]
    stamps = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in (*programs, *installed)]
    written = [path for path in sorted((HERE / "stand_in").rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    sources = [path.read_bytes() for path in (HERE / "stand_ins.py", *written)]
    return hashlib.sha256(b"".join([*sources, "".join(stamps).encode()])).hexdigest()[:12]


def _cached(name: str, write: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """The layer of a name; made now when it does not exist, and then the older ones of its kind are removed."""
    layer = STORE / f"{name}.tar"
    if layer.exists():
        return layer
    STORE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STORE, prefix=UNFINISHED) as scratch:
        root = pathlib.Path(scratch) / "root"
        root.mkdir(mode=0o755)
        write(root)
        unfinished = pathlib.Path(scratch) / "layer.tar"
        left_out = [f"--exclude=./{folder}/*" for folder in ("dev", "proc", "sys")]
        subprocess.run(["tar", "--numeric-owner", *left_out, "-C", root, "-cf", unfinished, "."], check=True)
        for older in STORE.glob(f"{name.rpartition('-')[0]}-????????????.tar*"):
            older.unlink()
        unfinished.rename(layer)
    return layer


def _digest(layer: pathlib.Path) -> str:
    with layer.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _debian(packages: tuple[str, ...], root: pathlib.Path) -> None:
    sys.stderr.write(f"making an image with Debian's {' and '.join(packages)}, once: about a minute\n")
    bootstrap = ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", SUITE, str(root)]
    # What it mounts and starts is gone with its namespaces, however it ends.
    isolated = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", *bootstrap]
    run = subprocess.run(isolated, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{' '.join(bootstrap)}: exit {run.returncode}\n" + "\n".join(run.stdout.splitlines()[-10:]))
    for path in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "etc/postgresql"):
        shutil.rmtree(root / path, ignore_errors=True)


def _python(requirements: pathlib.Path, root: pathlib.Path) -> None:
    sys.stderr.write("making a layer with the stand-in application's Python packages, once: some seconds\n")
    target = ("--target", str(root / f"usr/local/lib/python{PYTHON}/dist-packages"), "--no-compile", "--no-deps")
    platforms = [f"--platform={name}_{platform.machine()}" for name in PLATFORMS]
    wheels = ("--only-binary", ":all:", "--implementation", "cp", "--python-version", PYTHON, *platforms)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    subprocess.run([*pip, *wheels, *target, "--requirement", requirements], check=True)
