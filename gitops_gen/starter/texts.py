"""The templates, filled in."""

import shlex
from typing import Any

import jinja2

from gitops_gen.starter import templates
from gitops_gen.yaml.writer import inline


def filled(template: str, **facts: Any) -> str:
    """The text of a template such as `common/README.md.j2`; a fact that it asks for and is not given is an error.
    `scalar` makes a text a YAML scalar that stays text, `quoted` one word of a shell.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - YAML and Markdown
    )
    environment.filters |= {"scalar": inline, "quoted": shlex.quote}
    return environment.get_template(template).render(**facts)
