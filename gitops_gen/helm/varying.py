"""Charts that render something else each time: random values, certificates, the time.

A chart whose text has such a function is rendered a second time, at another time. What differs between the two is what
Argo CD finds changed at every refresh: https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#random-data
"""

import io
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from gitops_gen.helm.engine import Engine, HelmRelease
from gitops_gen.runtime.scratch import scratch

_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|/\*.*?\*/|(?<![\w.$-])[a-zA-Z]\w*(?!\w)', re.DOTALL)
_FUNCTION = re.compile(
    r"rand(AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|gen(PrivateKey|CA|SelfSignedCert|SignedCert)(WithKey)?"
    r"|uuidv4|now|htpasswd|bcrypt|encryptAES|shuffle"
)
"""https://helm.sh/docs/chart_template_guide/function_list/"""

_CLOCK = "now"
_OTHER_TIME = '(toDate "2006-01-02T15:04:05Z" "2001-02-03T04:05:06Z")'
_TEXTS = {".yaml", ".yml", ".tpl", ".txt", ".json"}


def varies(chart: Path) -> bool:
    """Whether the text of a chart folder or archive, its subcharts among it, has a function that varies."""
    return any(_has_function(text) for _, text in chart_texts(chart))


def chart_texts(chart: Path) -> Iterator[tuple[str, str]]:
    """The name and content of the text files of a chart folder or archive, those of its subcharts among them."""
    if chart.is_file():
        yield from _archived(chart.name, chart.read_bytes())
        return
    for path in sorted(chart.rglob("*")):
        name = path.relative_to(chart).as_posix()
        if path.suffix == ".tgz" and path.is_file():
            yield from _archived(name, path.read_bytes())
        elif path.is_file() and _is_text(Path(name)):
            yield name, path.read_text(errors="replace")


def _archived(archive_name: str, content: bytes) -> Iterator[tuple[str, str]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            stream = archive.extractfile(member)
            name = f"{archive_name}/{member.name}"
            if stream and name.endswith(".tgz"):
                yield from _archived(name, stream.read())
            elif stream and _is_text(Path(member.name)):
                yield name, stream.read().decode(errors="replace")


def _is_text(path: Path) -> bool:
    return path.suffix in _TEXTS or "templates" in path.parts


def _has_function(text: str) -> bool:
    return any(
        _FUNCTION.fullmatch(token[0]) for action in _ACTION.finditer(text) for token in _TOKEN.finditer(action[0])
    )


def rendered_again(engine: Engine, chart: Path, release: HelmRelease) -> str:
    """The chart rendered once more, at another time. Raises `ChartError`."""
    with scratch() as folder:
        return engine.load(_at_another_time(chart, folder)).render(release)


def _at_another_time(chart: Path, folder: Path) -> Path:
    """A copy of a chart in whose templates the time is fixed; archives stay as they are."""
    if chart.is_file():
        return chart
    copy = folder / chart.name
    shutil.copytree(chart, copy)
    for path in copy.rglob("*"):
        if path.is_file() and _is_text(path.relative_to(copy)):
            content = path.read_bytes()
            if _CLOCK.encode() in content:
                text = content.decode(errors="surrogateescape")
                path.write_bytes(_with_fixed_time(text).encode(errors="surrogateescape"))
    return copy


def _with_fixed_time(text: str) -> str:
    return _ACTION.sub(lambda action: _TOKEN.sub(_fixed, action[0]), text)


def _fixed(token: re.Match[str]) -> str:
    return _OTHER_TIME if token[0] == _CLOCK else token[0]
