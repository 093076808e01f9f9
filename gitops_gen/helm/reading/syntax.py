"""A Go template as a tree: what is computed, and the blocks of `if`, `with`, `range`, `define`."""

from dataclasses import dataclass, field
from typing import TypeAlias

from gitops_gen.helm.reading.tokens import TemplateError, Token, TokenKind, actions


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant, a text or a whole number as text; None for any other."""

    text: str | None


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`; `$` alone is the template's own context, `.` the context here."""

    name: str


@dataclass(frozen=True, slots=True)
class FieldOf:
    """`base.name`."""

    base: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function with its arguments, what is piped into it last; `method` is what is called where there is no name."""

    name: str
    arguments: tuple["Expression", ...]
    method: "Expression | None" = None


Expression: TypeAlias = Literal | Variable | FieldOf | FunctionCall
DOT = Variable(".")
NOTHING = Literal(None)


@dataclass(slots=True)
class ActionNode:
    """An action: what it does (`print`, `if`, `with`, `range`, `template`, `block`), with which expression, the
    variables that it sets, and its two bodies.
    """

    word: str
    expression: Expression = NOTHING
    variables: tuple[str, ...] = ()
    name: str = ""
    body: list["ActionNode"] = field(default_factory=list)
    otherwise: list["ActionNode"] = field(default_factory=list)


@dataclass(slots=True)
class Template:
    """A file of templates: what it prints itself, and the named templates that it defines."""

    body: list[ActionNode]
    defines: dict[str, list[ActionNode]]


_BLOCKS = ("if", "with", "range", "block", "define")
_SETS = ((TokenKind.SIGN, ":="), (TokenKind.SIGN, "="))


def parse_template(text: str) -> Template:
    """The tree of a template. Raises `TemplateError` for what is none."""
    return _Parser(text).template()


class _Parser:
    def __init__(self, text: str) -> None:
        self.actions = actions(text)
        self.defines: dict[str, list[ActionNode]] = {}

    def template(self) -> Template:
        body, end = self.block()
        if end:
            raise TemplateError(f"`{end[0].text}` without a block")
        return Template(body, self.defines)

    def block(self) -> tuple[list[ActionNode], list[Token]]:
        """The nodes up to the `end` or `else` that closes the block, and that action's tokens."""
        nodes: list[ActionNode] = []
        for tokens in self.actions:
            if not tokens:
                continue
            word = tokens[0].text if tokens[0].kind is TokenKind.NAME else ""
            if word in ("end", "else"):
                return nodes, tokens
            if word in _BLOCKS:
                nodes += self.nested(word, tokens[1:])
            elif word not in ("break", "continue"):
                nodes.append(_plain(word, tokens))
        return nodes, []

    def nested(self, word: str, tokens: list[Token]) -> list[ActionNode]:
        name = tokens.pop(0).text if word in ("block", "define") and tokens else ""
        variables, rest = _variables(tokens)
        node = ActionNode(word, _expression(rest), variables, name)
        node.body, end = self.block()
        if not end:
            raise TemplateError(f"`{word}` without `end`")
        if end[0].text == "else":
            node.otherwise = self.alternative(end[1:])
        if name:
            self.defines[name] = node.body
        return [] if word == "define" else [node]

    def alternative(self, tokens: list[Token]) -> list[ActionNode]:
        if tokens:
            return self.nested(tokens[0].text, tokens[1:])
        body, end = self.block()
        if not end:
            raise TemplateError("`else` without `end`")
        return body


def _plain(word: str, tokens: list[Token]) -> ActionNode:
    if word == "template":
        return ActionNode("template", _expression(tokens[2:]), name=tokens[1].text if len(tokens) > 1 else "")
    variables, rest = _variables(tokens)
    return ActionNode("print", _expression(rest), variables)


def _variables(tokens: list[Token]) -> tuple[tuple[str, ...], list[Token]]:
    """The variables before `:=` or `=`, and the rest."""
    for index, token in enumerate(tokens):
        if (token.kind, token.text) in _SETS:
            names = tuple(item.text for item in tokens[:index] if item.kind is TokenKind.VARIABLE)
            return names, tokens[index + 1 :]
        if token.kind is not TokenKind.VARIABLE and token.text != ",":
            break
    return (), tokens


def _expression(tokens: list[Token]) -> Expression:
    if not tokens:
        return NOTHING
    found, rest = _pipeline(tokens)
    if rest:
        raise TemplateError(f"unexpected `{rest[0].text}`")
    return found


def _pipeline(tokens: list[Token]) -> tuple[Expression, list[Token]]:
    found, tokens = _command(tokens, ())
    while tokens and tokens[0].text == "|" and tokens[0].kind is TokenKind.SIGN:
        found, tokens = _command(tokens[1:], (found,))
    return found, tokens


def _command(tokens: list[Token], piped: tuple[Expression, ...]) -> tuple[Expression, list[Token]]:
    operands: list[Expression] = []
    named = ""
    while tokens and not (tokens[0].kind is TokenKind.SIGN and tokens[0].text in "|),="):
        if tokens[0].kind is TokenKind.NAME and not operands and not named and tokens[0].text not in _CONSTANTS:
            named, tokens = tokens[0].text, tokens[1:]
            continue
        operand, tokens = _operand(tokens)
        operands.append(operand)
    if named:
        return FunctionCall(named, (*operands, *piped)), tokens
    if not operands:
        raise TemplateError("missing value")
    if len(operands) == 1 and not piped:
        return operands[0], tokens
    return FunctionCall("", (*operands[1:], *piped), operands[0]), tokens


_CONSTANTS = ("true", "false", "nil")


def _operand(tokens: list[Token]) -> tuple[Expression, list[Token]]:
    if tokens[0].kind is TokenKind.SIGN:
        found, rest = _in_brackets(tokens)
    else:
        found, rest = _single(tokens[0]), tokens[1:]
    while rest and rest[0].kind is TokenKind.FIELD and rest[0].glued:
        found, rest = FieldOf(found, rest[0].text[1:]), rest[1:]
    return found, rest


def _in_brackets(tokens: list[Token]) -> tuple[Expression, list[Token]]:
    if tokens[0].text != "(":
        raise TemplateError(f"unexpected `{tokens[0].text}`")
    found, rest = _pipeline(tokens[1:])
    if not rest or rest[0].text != ")":
        raise TemplateError("`(` without `)`")
    return found, rest[1:]


def _single(token: Token) -> Expression:
    match token.kind:
        case TokenKind.TEXT | TokenKind.NUMBER:
            return Literal(token.text if token.kind is TokenKind.TEXT or token.text.isdecimal() else None)
        case TokenKind.VARIABLE | TokenKind.DOT:
            return Variable(token.text)
        case TokenKind.FIELD:
            return FieldOf(DOT, token.text[1:])
        case TokenKind.NAME if token.text not in _CONSTANTS:
            return FunctionCall(token.text, ())
        case _:
            return NOTHING
