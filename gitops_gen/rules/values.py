"""The rules about values that a chart does not read or cannot use. Any command that reads the values applies them:
a plan exists only where they hold, or are set aside.
"""

from collections.abc import Iterable

from gitops_gen.project.value_keys import OTHER_TYPE, UNKNOWN, ValueFault
from gitops_gen.rules.rule import Finding, Rule
from gitops_gen.yaml.key_paths import typed_key

UNKNOWN_VALUE = Rule(
    id=UNKNOWN,
    title="The chart has each value that is set, or reads it",
    explanation=(
        "A key that neither the chart's values.yaml nor its schema has, and that no template of the chart or its "
        "subcharts reads, changes nothing: mostly it is misspelled. Where templates pass on a whole map, such as "
        "`toYaml .Values.resources`, any key may be below it."
    ),
    remedy="correct the key or remove it; to keep it, set it aside in rules.ignore, with the key as object",
)
VALUE_OF_ANOTHER_TYPE = Rule(
    id=OTHER_TYPE,
    title="A value has the type of the chart's default",
    explanation=(
        "Where a chart has no schema, the type of its default tells what its templates expect: `two` is no number of "
        'replicas, and the text "false" is true in an `if`. A chart that asks for a value\'s type may use several.'
    ),
    remedy="give the value the type of the default; if the chart can use it, set it aside in rules.ignore",
)
RULES = (UNKNOWN_VALUE, VALUE_OF_ANOTHER_TYPE)


def findings(faults: Iterable[ValueFault]) -> list[Finding]:
    """The faults of an environment's values as findings; the object is the key."""
    return [
        Finding(rule=fault.rule, message=fault.message, object=typed_key(fault.path), remedy=fault.hint)
        for fault in faults
    ]
