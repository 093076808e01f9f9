"""Rules for people."""

from collections.abc import Iterable, Iterator
from textwrap import indent, wrap

from gitops_gen.output.text import table
from gitops_gen.rules.rule import Rule

TEXT_WIDTH = 100


def rule_table(rules: Iterable[Rule]) -> Iterator[str]:
    """`rules` as a table."""
    return table(["ID", "SEVERITY", "WHAT IT SAYS"], ([rule.id, rule.severity, rule.title] for rule in rules))


def rule_lines(rule: Rule) -> Iterator[str]:
    """One rule in full."""
    yield f"{rule.id}: {rule.title}"
    yield ""
    yield from wrap(rule.explanation, TEXT_WIDTH)
    yield ""
    for title, example in (("Refused", rule.bad), ("As it should be", rule.good)):
        if example:
            yield f"{title}:"
            yield ""
            yield from indent(example.rstrip(), "    ").splitlines()
            yield ""
    yield from wrap(f"What to do: {rule.remedy}", TEXT_WIDTH)
