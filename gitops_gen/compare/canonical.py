"""An environment's rendered text with what is its own replaced by marks: its name, its namespace, generated hashes.

Two environments that differ in nothing else then have equal text: the same change is one change, and each distinct
document is parsed once, however many environments there are. Marks are single private characters; no YAML scalar
changes its type by one, because a name that could be (part of) a number or a word such as `yes` is left alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ENVIRONMENT = "\ue000"
NAMESPACE = "\ue001"
_HASH_OPEN, _HASH_CLOSE = "\ue002", "\ue003"

_SAFE = re.compile(r"(?!(?:on|off|yes|no|true|false|null|inf|nan|y|n|x|o|b|e\d*)$)[a-z][a-z0-9-]*")
_DEVICE = re.compile(r"/(?:null|zero|full|shm|tcp|udp|std(?:in|out|err)|fd|u?random|tty|pts|mqueue)\b")
"""What makes `dev` a folder of every Unix and not an environment: https://refspecs.linuxfoundation.org/FHS_3.0/"""

# Both begin with letters and no condition, which lets `re` search for those: ten times as fast over a stream.
_CHECKSUM = re.compile(r"""checksum/[\w./-]+: ["']?((?=[0-9e]*[a-df])[0-9a-f]{16,128})\b""")
_HASHED_NAME = re.compile(rf"\n  name: ([a-z][a-z0-9.{ENVIRONMENT}{NAMESPACE}-]*-([0-9a-f]{{8}}))(?=\n)")
_HASH_MARK = re.compile(f"{_HASH_OPEN}[0-9]+{_HASH_CLOSE}")

HASH = "<hash>"
_SHOWN = {ENVIRONMENT: "<environment>", NAMESPACE: "<namespace>"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """What is an environment's own: its name, and its namespace (empty when that must stay as it is)."""

    name: str
    namespace: str = ""


def canonical(old: str, old_own: Own, new: str, new_own: Own) -> tuple[str, str]:
    """Both texts with marks. Equal hashes get equal marks, different ones different marks."""
    return with_hash_marks(marked(old, old_own), marked(new, new_own))


def with_hash_marks(old: str, new: str) -> tuple[str, str]:
    """Both texts with their hashes replaced by marks: equal hashes by equal ones, different ones by different ones."""
    found = dict.fromkeys((*_generated(old), *_generated(new)))
    marks = {text: f"{text[:-length]}{_HASH_OPEN}{index}{_HASH_CLOSE}" for index, (text, length) in enumerate(found)}
    return _with_marks(old, marks), _with_marks(new, marks)


def marked(text: str, own: Own) -> str:
    """The text with the environment's namespace and name replaced by marks."""
    if own.namespace:
        text = _replaced(text, own.namespace, NAMESPACE)
    return _replaced(text, own.name, ENVIRONMENT)


def _with_marks(text: str, marks: Mapping[str, str]) -> str:
    """The text with each of these words replaced; at once, because a replacement each would copy the text each time."""
    places = sorted(place for word in marks for place in _places(text, word))
    parts, end = [], 0
    for start, word in places:
        if start >= end:
            parts += [text[end:start], marks[word]]
            end = start + len(word)
    return "".join((*parts, text[end:]))


def _places(text: str, word: str) -> Iterator[tuple[int, str]]:
    at = text.find(word)
    while at >= 0:
        yield at, word
        at = text.find(word, at + len(word))


def _generated(text: str) -> Iterator[tuple[str, int]]:
    """Generated text, with the length of the hash at its end: checksums, and names with a hash behind them."""
    for match in _CHECKSUM.finditer(text):
        yield match[1], len(match[1])
    for match in _HASHED_NAME.finditer(text):
        yield match[1], len(match[2])


def _replaced(text: str, word: str, mark: str) -> str:
    """`word` replaced where it is a whole word; not in longer words, nor where `dev` is the devices' folder."""
    if not _SAFE.fullmatch(word):
        return text
    parts, start = [], 0
    while (at := text.find(word, start)) >= 0:
        end = at + len(word)
        is_word = not (_is_inner(text[at - 1 : at]) or _is_inner(text[end : end + 1]))
        is_device = word == "dev" and text[at - 1 : at] == "/" and _DEVICE.match(text, end)
        parts += [text[start:at], mark if is_word and not is_device else word]
        start = end
    return "".join((*parts, text[start:]))


def _is_inner(character: str) -> bool:
    return character.isalnum() or character == "_"


def without_hashes(text: str) -> str:
    """Every hash mark as `<hash>`."""
    return _HASH_MARK.sub(HASH, text) if _HASH_OPEN in text else text


def restored(text: str, own: Own) -> str:
    """The text as it is in one environment."""
    return text.replace(NAMESPACE, own.namespace).replace(ENVIRONMENT, own.name)


def shown(text: str) -> str:
    """The text as it stands for several environments: `<environment>` and `<namespace>` for what is each one's own."""
    for mark, word in _SHOWN.items():
        text = text.replace(mark, word)
    return text
