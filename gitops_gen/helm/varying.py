"""Charts that render something else each time: random values, certificates, the time, the keys of a map in any order.

A chart that calls such a function is rendered a second time, at another time. What differs between the two is what
Argo CD finds changed at every refresh: https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#random-data
"""

import io
import json
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from gitops_gen.helm.archive import inside, is_subchart, rewritten
from gitops_gen.helm.engine import Engine, HelmRelease
from gitops_gen.runtime.scratch import scratch
from gitops_gen.yaml.key_paths import tree_nodes, tree_with

_ACTION = re.compile(r'\{\{(?:/\*.*?\*/|"(?:\\.|[^"\\])*"|`[^`]*`|[^"`])*?\}\}', re.DOTALL)
"""With its texts and comments, in which braces end nothing."""
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|/\*.*?\*/|(?<![\w.$-])[a-zA-Z]\w*(?!\w)', re.DOTALL)
_ORDER = frozenset({"keys", "values"})
_CLOCK = {"now": '(toDate "2006-01-02T15:04:05Z" "2001-02-03T04:05:06Z")', "ago": 'printf "%.0s2001"'}
_DATES = frozenset({"date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone"})
_DATE = "gitops-gen.date"
_DEFINED = (
    f'{{{{- define "{_DATE}" }}}}{{{{ $html := hasPrefix "html" (first .) }}}}'
    '{{ $time := index . (ternary 1 2 $html) }}{{ $format := ternary "2006-01-02" (index . 1) $html }}'
    '{{ if has (kindOf $time) (list "struct" "ptr" "int" "int32" "int64") }}'
    '{{ dateInZone $format $time (ternary (last .) "Local" (hasSuffix "one" (first .))) }}'
    "{{ else }}2001{{ end }}{{ end }}"
)
"""What a date function gives, but another time where it takes that of the render: for what is neither a time nor an
integer, such as an empty text (https://github.com/Masterminds/sprig/blob/v3.3.0/date.go, `dateInZone`).
"""

_FUNCTION = re.compile(
    r"\b(?:rand(?:AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|gen(?:PrivateKey|CA|SelfSignedCert|SignedCert)(?:WithKey)?"
    rf"|uuidv4|htpasswd|bcrypt|encryptAES|shuffle|{'|'.join(sorted(_ORDER | _DATES | _CLOCK.keys()))})\b"
)
"""https://helm.sh/docs/chart_template_guide/function_list/"""

_SORTED = "sortAlpha"
_NO_TEMPLATES = {".md", ".tgz"}
_SCHEMA = "values.schema.json"


def varying_functions(chart: Path) -> frozenset[str]:
    """The functions that vary and that a chart folder or archive calls, in its subcharts, values and other files too:
    `tpl` makes a template of any text.
    """
    return frozenset(name for _, text in chart_texts(chart) for name in _functions(text))


def chart_texts(chart: Path) -> Iterator[tuple[str, str]]:
    """The name and content of the text files of a chart folder or archive, those of its subcharts among them."""
    if chart.is_file():
        yield from _archived(chart.name, chart.read_bytes())
        return
    for path in sorted(chart.rglob("*")):
        name = path.relative_to(chart).as_posix()
        if is_subchart(name) and path.is_file():
            yield from _archived(name, path.read_bytes())
        elif path.is_file() and _is_text(name):
            yield name, path.read_text(errors="replace", encoding="utf-8")


def _archived(archive_name: str, content: bytes) -> Iterator[tuple[str, str]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            stream = archive.extractfile(member)
            name = f"{archive_name}/{member.name}"
            if stream and is_subchart(inside(member.name)):
                yield from _archived(name, stream.read())
            elif stream and _is_text(member.name):
                yield name, stream.read().decode(errors="replace")


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix not in _NO_TEMPLATES and path.name != _SCHEMA and "crds" not in path.parts


def _functions(text: str) -> Iterator[str]:
    if _FUNCTION.search(text):
        for action in _ACTION.finditer(text):
            yield from (token[0] for token in _calls(action[0]))


def _calls(action: str) -> list[re.Match[str]]:
    """The calls of varying functions; keys that the same action sorts do not vary."""
    found = [token for token in _TOKEN.finditer(action) if _FUNCTION.fullmatch(token[0])]
    return [token for token in found if token[0] not in _ORDER or _SORTED not in action]


def rendered_again(engine: Engine, chart: Path, release: HelmRelease, used: frozenset[str], rendered: str) -> str:
    """The chart that rendered `rendered` once more, at another time; empty where it cannot render anything else.

    `used` are the `varying_functions` of the chart. Raises `ChartError`.
    """
    texts = (value for _, value in tree_nodes(release.values) if isinstance(value, str))
    used = used.union(*map(_functions, texts))
    again = ""
    for order in ("reverse ", "") if used & _ORDER else ("",) if used else ():
        if again in {"", rendered}:
            again = (
                _rendered_otherwise(engine, chart, release, order, rendered)
                if used & (_ORDER | _DATES | _CLOCK.keys())
                else engine.load(chart).render(release)
            )
    return again


def _rendered_otherwise(engine: Engine, chart: Path, release: HelmRelease, order: str, rendered: str) -> str:
    """A render of what calls the same functions, with the time fixed and keys sorted."""

    def replacement(action: re.Match[str]) -> str:
        is_text = action[0] in rendered or json.dumps(action[0])[1:-1] in rendered  # a template for somebody else
        return action[0] if is_text else _replaced(action[0], order)

    def otherwise(text: str) -> str:
        return _ACTION.sub(replacement, text) if _FUNCTION.search(text) else text

    with scratch() as folder:
        values = tree_with(release.values, lambda _, value: otherwise(value) if isinstance(value, str) else value)
        return engine.load(_copy(chart, folder, otherwise)).render(replace(release, values=values))


def _copy(chart: Path, folder: Path, change: Callable[[str], str]) -> Path:
    """A copy of a chart whose texts are changed, and whose templates define `_DATE`."""

    def changed(name: str, content: bytes) -> bytes:
        if is_subchart(name):
            return rewritten(content, archived)
        if not _is_text(name):
            return content
        defined = _DEFINED if "templates" in PurePosixPath(name).parts else ""
        return (defined + change(content.decode(errors="surrogateescape"))).encode(errors="surrogateescape")

    def archived(name: str, content: bytes) -> bytes:
        return changed(inside(name), content)

    copy = folder / chart.name
    if chart.is_file():
        copy.write_bytes(rewritten(chart.read_bytes(), archived))
        return copy
    shutil.copytree(chart, copy)
    for path in filter(Path.is_file, copy.rglob("*")):
        content = path.read_bytes()
        if (new := changed(path.relative_to(copy).as_posix(), content)) != content:
            path.write_bytes(new)
    return copy


def _replaced(action: str, order: str) -> str:
    """The action at another time, with the keys of maps in another order."""
    for token in reversed(_calls(action)):
        start, end, name = token.start(), token.end(), token[0]
        if name in _CLOCK:
            action = f"{action[:start]}{_CLOCK[name]}{action[end:]}"
        elif name in _DATES:
            after = _end_of_call(action, end)
            action = (
                f'{action[:start]}list "{name}"{action[end:after]} | include "{_DATE}" {action[after:].lstrip(" ")}'
            )
        elif name in _ORDER:
            end = _end_of_call(action, end)
            sort = f"{_SORTED} " if name == "keys" else ""
            action = f"{action[:start]}({order}({sort}({action[start:end]}))){action[end:]}"
    return action


_PART = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|[()|]|\s*-?\}\}')


def _end_of_call(action: str, start: int) -> int:
    """Where the arguments end that begin at `start`."""
    depth = 0
    for part in _PART.finditer(action, start):
        depth += {"(": 1, ")": -1}.get(part[0], 0)
        if depth < 0 or (depth == 0 and part[0] == "|") or part[0].endswith("}}"):
            return part.start()
    return len(action)
