"""What the functions of Helm's templates return, as far as the chart's values are concerned.

A function that is in no list here reads its arguments as a whole and returns nothing of the values.
https://helm.sh/docs/chart_template_guide/function_list/
"""

from gitops_gen.helm.reading.syntax import Expression, FieldOf, FunctionCall

RETURNS_ARGUMENTS = {
    "and",
    "coalesce",
    "deepCopy",
    "mustDeepCopy",
    "default",
    "merge",
    "mergeOverwrite",
    "mustMerge",
    "mustMergeOverwrite",
    "or",
    "omit",
    "pick",
    "required",
    "ternary",
    "unset",
}
"""What they return is one of their arguments, or made of these."""

RETURNS_ITEMS = {
    "compact",
    "concat",
    "initial",
    "mustCompact",
    "mustInitial",
    "mustRest",
    "mustReverse",
    "mustSlice",
    "mustUniq",
    "mustWithout",
    "rest",
    "reverse",
    "slice",
    "sortAlpha",
    "uniq",
    "without",
}
"""They return a list of items of their arguments."""

MERGES = {"merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"}
"""They change their first argument as well."""

ADDS_AN_ITEM = {"append", "push", "prepend", "mustAppend", "mustPush", "mustPrepend"}

PRINTS = {"print", "printf"}

SPLITS = {"split", "splitList", "splitn"}

RETURNS_AN_ITEM = {"last", "mustLast"}

RETURNS_THE_FIRST = {"first", "mustFirst"}

ASKS_ONLY = {"empty", "len", "not"}
"""They see whether there is something, not what."""

ASKS_TYPE = {"kindIs", "kindOf", "typeIs", "typeIsLike", "typeOf"}

WRITES = {"toYaml", "mustToYaml", "toJson", "mustToJson", "toYamlPretty", "toRawJson", "mustToRawJson"}
READS_BACK = {"fromYaml", "mustFromYaml", "fromJson", "mustFromJson", "fromYamlArray", "fromJsonArray"}
"""A value that is written and read again is a copy of it."""


def is_file(name: tuple[Expression, ...]) -> bool:
    """Whether a name is put together from `.Template.BasePath`.

    https://helm.sh/docs/howto/charts_tips_and_tricks/#automatically-roll-deployments
    """
    parts = name[0].arguments if name and isinstance(name[0], FunctionCall) else ()
    return any(isinstance(part, FieldOf) and part.name == "BasePath" for part in parts)


def copied(call: FunctionCall) -> FunctionCall | None:
    """What a call that reads a value back has written, of which it returns a copy."""
    inner = call.arguments[0] if len(call.arguments) == 1 else None
    return inner if isinstance(inner, FunctionCall) and inner.name in WRITES else None
