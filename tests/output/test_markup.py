"""Text from outside in Markdown, HTML and Mermaid: whatever it is, the structure is that of a harmless word."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gitops_gen.compare.model import Difference
from gitops_gen.output.diff_html import page
from gitops_gen.output.diff_markdown import markdown
from gitops_gen.output.markup import block, code, html_words, label, node, words
from gitops_gen.output.plan_mermaid import mermaid_lines
from gitops_gen.rules.sync import judge
from gitops_gen.sync.plan import plan_of
from gitops_gen.sync.policy import SyncPolicy
from tests.output import hostile
from tests.output.differences import HARMLESS, hostile_differences
from tests.plan.manifest_kit import objects, thing

PARSER = MarkdownIt("gfm-like")
#: what may be outside of code: nothing that GitHub or GitLab look for in rendered text
PLAIN = re.compile(r"(?!.*(://|www\.|gh-\d))[\w ,;()/.'→…:+-]*", re.IGNORECASE)


class Tags(HTMLParser):
    """The tags of a piece of HTML with the names of their attributes; comments and declarations as well."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(f"<{tag} {' '.join(name for name, _ in attrs)}>")
        self.text += "".join(value or "" for _, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:  # noqa: ARG002
        self.found.append("comment")

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002
        self.found.append("declaration")

    def handle_pi(self, data: str) -> None:  # noqa: ARG002
        self.found.append("instruction")


def structure(text: str) -> list[str]:
    """The tokens of Markdown, without the text in them; a code span counts as text."""
    return [part for token in PARSER.parse(text) for part in parts(token)]


def parts(token: Token) -> Iterator[str]:
    if token.type == "html_block":
        yield from (tag for tag in Tags(token.content).found if tag not in ("<code >", "</code>"))
    elif token.type == "inline":
        for child in token.children or ():
            if child.type == "html_inline":
                yield from (tag for tag in Tags(child.content).found if tag not in ("<code >", "</code>"))
            elif child.type not in ("text", "code_inline"):
                yield child.type
            elif child.type == "text":
                assert PLAIN.fullmatch(child.content) or "<code>" in token.content, child.content
    else:
        yield f"{token.type} {token.tag} {token.info}"


@given(hostile_differences)
@settings(max_examples=150, deadline=None)
def test_a_comment_keeps_its_structure(difference: Difference) -> None:
    text = markdown(difference, 10**7)
    text.encode()
    assert structure(text) == structure(markdown(HARMLESS, 10**7))
    assert not [line for line in text.splitlines() if line.startswith("/")], "GitLab would take it for a quick action"


@given(hostile_differences)
@settings(max_examples=100, deadline=None)
def test_a_comment_that_is_cut_keeps_whole_parts(difference: Difference) -> None:
    text = markdown(difference, 1000)
    assert len(text.encode()) <= 1000
    found = structure(text)
    assert found.count("<details >") == found.count("</details>")


@given(hostile.text)
@settings(max_examples=300, deadline=None)
def test_code_shows_everything_and_nothing_else(text: str) -> None:
    (_, inline, _) = PARSER.parse(f"x {code(text)} x")
    assert [child.type for child in inline.children or ()] == ["text", "code_inline", "text"]
    (fence,) = PARSER.parse(block(text.split("\n"), "diff"))
    assert (fence.type, fence.info) == ("fence", "diff")


@given(hostile.text)
@settings(max_examples=300, deadline=None)
def test_words_are_text_or_code(text: str) -> None:
    (_, _, _, inline, *rest) = PARSER.parse(f"- {words(text)} (x)")
    assert [token.type for token in rest] == ["paragraph_close", "list_item_close", "bullet_list_close"]
    assert {child.type for child in inline.children or ()} <= {"text", "code_inline"}
    assert set(Tags(html_words(text)).found) <= {"<code >", "</code>"}


@pytest.mark.parametrize(
    "text", ["image", "a volume cannot shrink (10Gi → 5Gi)", "protect: true keeps it", "chart_version"]
)
def test_plain_words_stay_words(text: str) -> None:
    assert words(text) == text


@pytest.mark.parametrize(
    "text", ["@team", "a #1", "1. x", "- x", "see www.e.example", "http://e.example", "GH-1", "_a_"]
)
def test_what_a_forge_links_is_code(text: str) -> None:
    assert words(text) == f"`{text}`"


@given(hostile_differences)
@settings(max_examples=200, deadline=None)
def test_a_page_keeps_its_structure(difference: Difference) -> None:
    found, harmless = Tags(page(difference)), Tags(page(HARMLESS))
    assert [tag for tag in found.found if "span" not in tag] == [tag for tag in harmless.found if "span" not in tag]
    assert "\x1b" not in found.text
    page(difference).encode()


LINES = [
    r"flowchart TB",
    r'    subgraph s\d+\["[^"]*"\]',
    r'        n\d+_\w+\["[^"]*"\]',
    r"    end",
    r'    s\d+ == "[^"]*" ==> s\d+',
    r'    n\w+ (-->|== "[^"]*" ==>) n\w+',
]


@given(hostile.text, hostile.text)
@settings(max_examples=200, deadline=None)
def test_a_flowchart_keeps_its_structure(kind: str, name: str) -> None:
    first, second = objects(thing("Job", "a", 0), thing("Job", "b", 1))
    named = replace(second, id=replace(second.id, kind=kind, name=name))
    plan = plan_of((first, named), SyncPolicy(), name="dev", application="dev")
    for line in mermaid_lines(judge(plan)):
        assert any(re.fullmatch(pattern, line, re.ASCII | re.DOTALL) for pattern in LINES), line
        assert "\n" not in line


def test_a_label_is_escaped_by_entity_codes() -> None:
    assert label('a"b`<c>') == '"a#34;b#96;#60;c#62;"'
    assert node("Job") == "Job"
    assert node("A-B") != node("A_B")
