"""One HTML file with everything in it: style, script and data; its policy lets it load nothing."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitops_gen.output.markup import html

_FOLDER = Path(__file__).parent
_PLACE = re.compile(r"\{\{ (\w+) \}\}")
START = "<!doctype html>"


def report_page(data: Mapping[str, Any]) -> str:
    """The page. The data is compressed JSON in base64, so that none of it is markup."""
    script, style = _read("script.js"), _read("style.css")
    parts = {
        "title": html(f"{data['project']}: environments"),
        "policy": f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}'",
        "style": style,
        "script": script,
        "data": _packed(data),
    }
    return _PLACE.sub(lambda found: parts[found[1]], _read("page.html"))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """https://www.w3.org/TR/CSP3/#match-element-to-source-list."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _packed(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(errors="replace"), mtime=0)).decode()
