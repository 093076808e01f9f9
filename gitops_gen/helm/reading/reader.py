"""Finds the values that templates read, by following the values through variables, blocks and named templates.

Nothing is computed: of each condition, both branches are read. What is handed on to something that is not known is
read as a whole. So the keys that are found may be too many, and none that is read is missing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from gitops_gen.helm.reading import functions
from gitops_gen.helm.reading.parts import NOTHING, Made, Meaning, Part, Word, listed, made_of, unordered, words
from gitops_gen.helm.reading.read_keys import ANY, DEPTH, NAMED, Keys, ReadKeys
from gitops_gen.helm.reading.syntax import ActionNode, Expression, FieldOf, FunctionCall, Literal, Variable

Bodies = Mapping[str, list[list[ActionNode]]]
"""The named templates; of one name there may be several, of which Helm takes one."""

LIMIT = 40_000
"""Named templates that are read, each once for a context; as many values are looked up."""

WALK = 3
ANY_WALK = (ANY,) * WALK
"""So many keys of any name after each other are a walk through all that is there."""

ITEMS = 80
"""What one expression may mean, at most."""

GLOBAL = "global"


class TooMuchError(Exception):
    """The templates walk through all values of a chart, or call each other too often to follow."""


class TemplateReader:
    """Reads templates, and notes what they read of the values."""

    def __init__(self, bodies: Bodies, charts: Iterable[Keys], literals: frozenset[str], *, complete: bool) -> None:
        """`charts` are the paths of the chart's and its subcharts' values: each has the globals of those above it.
        `complete` when no subchart is missing.
        """
        self.complete = complete
        self.keys = ReadKeys()
        #: the names in the texts of the templates
        self.literals = literals
        #: values at the end of a walk by such names: as text, each is one value, no map
        self.named_parts: set[Part | Word | Made] = set()
        self.bodies = bodies
        self.charts = set(charts)
        #: what templates put into the values with `set` and `merge`
        self.put: dict[Keys, Meaning] = {}
        self.changed = False
        self._done: set[tuple[int, Meaning]] = set()
        self._place: Keys | None = None
        self._looked_up = 0
        self._whole: set[Part | Word | Made] = set()

    def read(self, body: list[ActionNode], context: Meaning) -> None:
        """Read one body; `$` and `.` are `context`. Raises `TooMuchError`."""
        if (id(body), context) in self._done:
            return
        self._done.add((id(body), context))
        if len(self._done) > LIMIT:
            raise TooMuchError
        _Scope(self, context).run(body)

    def again(self) -> None:
        """Forget which bodies were read, not what they read: what was put into the values may be read elsewhere."""
        self._done.clear()
        self.changed = False

    def begin(self, place: Keys) -> None:
        """Read the templates of the chart with these values from now on."""
        self._place, self._looked_up = place, 0

    def named(self, names: Iterable[str]) -> Iterator[list[ActionNode]]:
        """The bodies of named templates."""
        for name in names:
            yield from self.bodies.get(name, ())

    def part(self, path: Keys) -> Meaning:
        """The value at a path, and what templates put there."""
        self._looked_up += 1
        if self._looked_up > LIMIT:
            raise TooMuchError
        if path[-WALK:] == ANY_WALK and path[:-WALK] == self._place:
            raise TooMuchError
        if path[-2:] == (NAMED, NAMED):
            return self.part(path[:-1])
        if len(path) > DEPTH or path[-WALK:] == ANY_WALK:
            self.keys.add_whole(path[:-1])
            return NOTHING
        self.keys.add(path)
        found = self.put.get(path, NOTHING) | {Part(path)}
        if path[-1:] == (NAMED,):
            self.keys.add_named(path)
            is_global = GLOBAL in self.keys.names and path[:-1] in self.charts
            found |= self.part((*path[:-1], GLOBAL)) if is_global else NOTHING
            self.named_parts |= found
        if path[-1:] == (GLOBAL,) and path[:-1] in self.charts:
            above = [path[:length] for length in range(len(path) - 1) if path[:length] in self.charts]
            found = found.union(*(self.part((*chart, GLOBAL)) for chart in above))
        return found

    def field(self, meaning: Meaning, name: str) -> Meaning:
        """The value of a key; of any key for `ANY`."""
        found = NOTHING
        for item in meaning:
            match item:
                case Part(path):
                    found |= self.part((*path, ANY if name.isdecimal() else name))
                case Made():
                    found |= item.all() if name in (ANY, NAMED) else item.get(name)
        return self.limited(found)

    def limited(self, meaning: Meaning) -> Meaning:
        """A meaning; one of too many things is read as a whole."""
        if len(meaning) <= ITEMS:
            return meaning
        self.whole(meaning)
        return NOTHING

    def fields(self, meaning: Meaning, names: Meaning) -> Meaning:
        """The values of the keys that `names` may be; of any key when they are not known."""
        known = words(names) | ({NAMED} if Word(NAMED) in names else set())
        return NOTHING.union(*(self.field(meaning, name) for name in known or {ANY}))

    def whole(self, meaning: Meaning) -> None:
        """Note that something is read with all that is in it."""
        for item in meaning - self._whole:
            self._whole.add(item)
            match item:
                case Part(path):
                    self.keys.add_whole(path)
                case Made():
                    self.whole(item.all())

    def ask_type(self, meaning: Meaning) -> None:
        """Note that the type of something is asked for."""
        for item in meaning:
            if isinstance(item, Part):
                self.keys.add(item.path).asked = True

    def set(self, target: Meaning, key: str, value: Meaning) -> None:
        """Note that a template puts something into the values, or into a map."""
        for item in target:
            if isinstance(item, Part):
                self._put((*item.path, key) if key else item.path, value)
            elif isinstance(item, Made) and not value <= item.get(key):
                self.whole(value)

    def _put(self, path: Keys, value: Meaning) -> None:
        added = value - {Part(path)}
        if len(path) <= DEPTH and not added <= self.put.get(path, NOTHING):
            self.put[path] = self.limited(self.put.get(path, NOTHING) | added)
            self.changed = True


class _Scope:
    """One run of a body: its context, and what its variables may mean."""

    def __init__(self, reader: TemplateReader, context: Meaning) -> None:
        self.reader = reader
        self.variables: dict[str, Meaning] = {"$": context, ".": context}

    def run(self, body: list[ActionNode]) -> None:
        """Run a body until no variable can mean more: what a loop sets at its end is read at its start."""
        before: dict[str, Meaning] | None = None
        for _ in range(5):
            if before == self.variables:
                break
            before = dict(self.variables)
            self.block(body)

    def block(self, body: list[ActionNode]) -> None:
        for node in body:
            _NODES[node.word](self, node)

    def nested(self, body: list[ActionNode], context: Meaning) -> None:
        outer = self.variables["."]
        self.variables["."] = context
        self.block(body)
        self.variables["."] = outer

    def bind(self, name: str, value: Meaning) -> None:
        """Of all that a variable is ever set to, it may be any."""
        self.variables[name] = self.reader.limited(self.variables.get(name, NOTHING) | value)

    def action(self, node: ActionNode) -> None:
        value = self.value(node.expression)
        if not node.variables:
            self.reader.whole(value - self.reader.named_parts)
        for name in node.variables:
            self.bind(name, value)

    def condition(self, node: ActionNode) -> None:
        value = self.value(node.expression)
        for name in node.variables:
            self.bind(name, value)
        self.block(node.body)
        self.block(node.otherwise)

    def with_(self, node: ActionNode) -> None:
        value = self.value(node.expression)
        for name in node.variables:
            self.bind(name, value)
        self.nested(node.body, value)
        self.block(node.otherwise)

    def loop(self, node: ActionNode) -> None:
        value = self.value(node.expression)
        items = self.reader.field(value, ANY)
        names = frozenset(
            Word(name) for item in value if isinstance(item, Made) for name, _ in item.items if name != ANY
        )
        if len(node.variables) > 1:
            self.bind(node.variables[0], names if not any(isinstance(item, Part) for item in value) else NOTHING)
        if node.variables:
            self.bind(node.variables[-1], items)
        self.nested(node.body, items)
        self.block(node.otherwise)

    def call(self, node: ActionNode) -> None:
        self.run_named({node.name}, self.value(node.expression))

    def named_block(self, node: ActionNode) -> None:
        self.reader.read(node.body, self.value(node.expression))

    def value(self, expression: Expression) -> Meaning:
        """What an expression may mean."""
        match expression:
            case Literal(text):
                return NOTHING if text is None else frozenset({Word(text)})
            case Variable(name):
                return self.variables.get(name, NOTHING)
            case FieldOf(base, name):
                return self.reader.field(self.value(base), name)
            case FunctionCall():
                return self.result(expression)

    def result(self, call: FunctionCall) -> Meaning:
        """What a function returns."""
        if call.method is not None:
            self.value(call.method)
        if call.name in functions.READS_BACK and (copy := functions.copied(call)):
            return NOTHING.union(*(self.value(item) for item in copy.arguments))
        if call.name == "fail":
            return NOTHING
        arguments = [self.value(item) for item in call.arguments]
        if special := _FUNCTIONS.get(call.name):
            return special(self, call, arguments)
        return self.plain(call.name, arguments)

    def plain(self, name: str, arguments: list[Meaning]) -> Meaning:
        if name in functions.RETURNS_ARGUMENTS:
            return self.reader.limited(NOTHING.union(*arguments))
        if name in functions.RETURNS_ITEMS:
            return unordered(NOTHING.union(*arguments))
        if name in functions.ASKS_TYPE:
            self.reader.ask_type(NOTHING.union(*arguments))
        elif name in functions.PRINTS:
            self.reader.whole(NOTHING.union(*arguments) - self.reader.named_parts)
        elif name not in functions.ASKS_ONLY:
            self.reader.whole(NOTHING.union(*arguments))
        return NOTHING

    def merge(self, call: FunctionCall, arguments: list[Meaning]) -> Meaning:
        everything = NOTHING.union(*arguments)
        if arguments:
            self.change(call.arguments[0], arguments[0], "", NOTHING.union(*arguments[1:]))
        return self.reader.limited(everything)

    def change(self, place: Expression, target: Meaning, key: str, value: Meaning) -> None:
        """A function changes a map: that of a variable, or one of the values; what another function made is gone."""
        if isinstance(place, FunctionCall):
            return
        if isinstance(place, Variable) and place.name not in (".", "$"):
            self.bind(place.name, made_of({key: value}) if key else value)
            target = frozenset(item for item in target if isinstance(item, Part))
        self.reader.set(target, key, value)

    def put(self, call: FunctionCall, arguments: list[Meaning]) -> Meaning:
        if len(arguments) < 3:  # noqa: PLR2004 - map, key, value
            return NOTHING
        target, key, value = arguments[:3]
        for name in words(key) or {ANY}:
            self.change(call.arguments[0], target, name, value)
        return target

    def get(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        found = arguments[0] if arguments else NOTHING
        for names in arguments[1:]:
            found = self.reader.fields(found, names)
        return found

    def has_key(self, call: FunctionCall, arguments: list[Meaning]) -> Meaning:
        self.get(call, arguments)
        return NOTHING

    def dig(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        *names, fallback, found = arguments if len(arguments) > 1 else [NOTHING, NOTHING]
        for name in names:
            found = self.reader.fields(found, name)
        return found | fallback

    def pluck(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        name, *maps = arguments or [NOTHING]
        return listed(self.reader.fields(NOTHING.union(*maps), name))

    def make_dict(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        items: dict[str, Meaning] = {}
        for names, value in zip(arguments[::2], arguments[1::2], strict=False):
            for name in words(names) or {ANY}:
                items[name] = items.get(name, NOTHING) | value
        return made_of(items)

    def make_list(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        return listed(*arguments)

    def add_item(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        return unordered((arguments[0] if arguments else NOTHING) | listed(*arguments[1:]))

    def first(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        return self.reader.field(NOTHING.union(*arguments), "0")

    def item(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        return self.reader.field(NOTHING.union(*arguments), ANY)

    def each(self, call: FunctionCall, arguments: list[Meaning]) -> Meaning:
        """`keys` and `values`: any key may be read."""
        items = self.item(call, arguments)
        return listed(items) if call.name == "values" else NOTHING

    def include(self, call: FunctionCall, arguments: list[Meaning]) -> Meaning:
        """A template file is read in any case: to include one, as for a checksum, reads nothing else."""
        name, context = [*arguments, NOTHING, NOTHING][:2]
        if not functions.is_file(call.arguments[:1]):
            self.run_named(words(name) or self.likely(call.arguments[:1]), context)
        return NOTHING

    def likely(self, name: tuple[Expression, ...]) -> list[str]:
        """The templates that a computed name may mean: those that begin with the text that it begins with."""
        start = ""
        if name and isinstance(name[0], FunctionCall) and name[0].name in ("print", "printf") and name[0].arguments:
            first = name[0].arguments[0]
            start = (first.text or "").partition("%")[0] if isinstance(first, Literal) else ""
        return [found for found in self.reader.bodies if found.startswith(start)]

    def run_named(self, names: Iterable[str], context: Meaning) -> None:
        """Run named templates; what goes to one of a missing chart is read as a whole."""
        bodies = list(self.reader.named(names))
        for body in bodies:
            self.reader.read(body, context)
        if not bodies and not self.reader.complete:
            self.reader.whole(context)

    def split(self, call: FunctionCall, arguments: list[Meaning]) -> Meaning:
        """Texts of the templates are taken apart into names, as in a walk down the keys of `primary.resources`."""
        separator, text = (arguments[0], arguments[-1]) if arguments else (NOTHING, NOTHING)
        if any(not isinstance(item, Word) for item in text):
            return self.plain(call.name, arguments)
        names = {name for by in words(separator) for one in words(text) for name in one.split(by or None)}
        self.reader.keys.names |= names or self.reader.literals
        return made_of({ANY: frozenset({Word(NAMED)})})

    def tpl(self, _: FunctionCall, arguments: list[Meaning]) -> Meaning:
        """The text is read as a whole; as a template it is read where it is written."""
        self.reader.whole(NOTHING.union(*arguments[:1]))
        return NOTHING


_NODES: dict[str, Callable[[_Scope, ActionNode], None]] = {
    "print": _Scope.action,
    "if": _Scope.condition,
    "with": _Scope.with_,
    "range": _Scope.loop,
    "template": _Scope.call,
    "block": _Scope.named_block,
}

_FUNCTIONS: dict[str, Callable[[_Scope, FunctionCall, list[Meaning]], Meaning]] = {
    "set": _Scope.put,
    "get": _Scope.get,
    "index": _Scope.get,
    "hasKey": _Scope.has_key,
    "dig": _Scope.dig,
    "pluck": _Scope.pluck,
    "dict": _Scope.make_dict,
    "list": _Scope.make_list,
    "tuple": _Scope.make_list,
    "keys": _Scope.each,
    "values": _Scope.each,
    "include": _Scope.include,
    **dict.fromkeys(functions.SPLITS, _Scope.split),
    "tpl": _Scope.tpl,
    **dict.fromkeys(functions.MERGES, _Scope.merge),
    **dict.fromkeys(functions.ADDS_AN_ITEM, _Scope.add_item),
    **dict.fromkeys(functions.RETURNS_AN_ITEM, _Scope.item),
    **dict.fromkeys(functions.RETURNS_THE_FIRST, _Scope.first),
}
