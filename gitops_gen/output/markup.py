"""Text from manifests, commits and inputs inside Markdown, HTML and Mermaid: none of it becomes structure.

Markdown is what GitHub and GitLab make of it (https://github.github.com/gfm/). Both look for mentions, references and
quick actions in the text that they have rendered, so backslashes do not help against these; code spans and code blocks
do, because nothing in them has a meaning.
"""

import re
from collections.abc import Iterable
from html import escape

from gitops_gen.output.terminal import shown
from gitops_gen.sync.durations import TIMES

_RUN = re.compile("`+")
_WORDS = re.compile(r"(?!\d+[.)])[A-Za-z0-9](?:[A-Za-z0-9 ,;()/.'→…-]|(?<=\w)_(?=\w)|:(?= ))*")
_AUTOLINK = re.compile(r"www\.|\bgh-\d", re.IGNORECASE)
_LABEL = f" -./:_,≤{TIMES}"
"""What a label of Mermaid shows as it is, besides letters and digits."""
_FENCE = 3
"""The fewest backticks that open a code block."""


def code(text: str) -> str:
    """A code span with `text` in it."""
    content = shown(text) or " "
    fence = "`" * (1 + _longest_run(content)) if "`" in content else "`"
    edge = " " if "`" in (content[0], content[-1]) or content[0] == content[-1] == " " else ""
    return f"{fence}{edge}{content}{edge}{fence}"


def words(text: str) -> str:
    """`text` as it is when it is plain words, else as a code span."""
    return text if _is_words(text) else code(text)


def block(lines: Iterable[str], language: str) -> str:
    """A code block."""
    text = "\n".join(map(shown, lines))
    fence = "`" * max(_FENCE, 1 + _longest_run(text))
    return f"{fence}{language}\n{text}\n{fence}\n"


def html(text: str) -> str:
    """`text` for the content of an HTML element or the value of a quoted attribute."""
    return escape(shown(text), quote=True)


def html_words(text: str) -> str:
    """`words` for HTML inside Markdown, where backticks have no meaning."""
    return html(text) if _is_words(text) else f"<code>{html(text)}</code>"


def label(text: str) -> str:
    """A quoted label of a Mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters."""
    content = "".join(letter if letter.isalnum() or letter in _LABEL else f"#{ord(letter)};" for letter in shown(text))
    return f'"{content}"'


def node(text: str) -> str:
    """`text` as part of the identifier of a Mermaid node: as it is, or in hexadecimal."""
    return text if text.isascii() and text.isalnum() else f"x{text.encode('utf-8', 'surrogatepass').hex()}"


def _is_words(text: str) -> bool:
    return _WORDS.fullmatch(text) is not None and not _AUTOLINK.search(text)


def _longest_run(text: str) -> int:
    return max(map(len, _RUN.findall(text)), default=0)
