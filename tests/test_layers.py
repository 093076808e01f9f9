"""How the code is laid out: imports point down only, each outside library is used in one place, modules stay small."""

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

#: from the top: a layer imports only from those below it
LAYERS = [
    "__main__",
    "cli",
    "output",
    "commands",
    "starter",
    "changes",
    "migration",
    "compare",
    "generate",
    "rules",
    "sync",
    "manifests",
    "argocd",
    "project",
    "git",
    "helm",
    "models",
    "yaml",
    "runtime",
    "names",
    "errors",
    "__version__",
]
#: modules that are in no package
LOOSE = {"__init__", "__main__", "errors", "names"}
#: what may be imported in one place only
ONLY_IN = {
    "cel_expr_python": "rules.admission.expressions",
    "click": "cli",
    "git": "git",
    "helm_python": "helm.embedded",
    "jinja2": ("argocd.manifests", "starter.texts"),
    "yaml": "yaml",
    "pydantic": ("models", "project"),
}
LINES = 400
FUNCTION_LINES = 40
PACKAGE = REPOSITORY / "gitops_gen"
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; of this package without its name."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module="gitops_gen", names=names):
                yield from (f"gitops_gen.{name.name}" for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{name.name}" if f"{module}.{name.name}" in KNOWN else module for name in names)


KNOWN = {f"gitops_gen.{name}" for name in MODULES}


def own_imports(name: str) -> set[str]:
    found = {
        module.removeprefix("gitops_gen.") for module in imports(MODULES[name]) if module.startswith("gitops_gen.")
    }
    return found - {name}


def layer(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("name", [name for name in MODULES if name != "__init__"])
def test_imports_point_down(name: str) -> None:
    assert layer(name) in LAYERS, "give the new package its place in LAYERS"
    upward = [
        other
        for other in own_imports(name)
        if layer(other) != layer(name) and LAYERS.index(layer(other)) <= LAYERS.index(layer(name))
    ]
    assert upward == []


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {name: own_imports(name) & MODULES.keys() for name in MODULES}
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("outside", ONLY_IN)
def test_an_outside_library_is_used_in_one_place(outside: str) -> None:
    allowed = ONLY_IN[outside] if isinstance(ONLY_IN[outside], tuple) else (ONLY_IN[outside],)
    users = [
        name for name, path in MODULES.items() if any(module.partition(".")[0] == outside for module in imports(path))
    ]
    assert users
    assert [name for name in users if not any(name == owner or name.startswith(f"{owner}.") for owner in allowed)] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_one_noun(name: str) -> None:
    text = MODULES[name].read_text()
    assert text.count("\n") < LINES
    assert not {"utils", "util", "helpers", "helper", "common", "misc"} & set(name.split("."))
    assert ast.get_docstring(ast.parse(text)), "say in a paragraph what the module owns"


def test_every_module_is_in_a_package() -> None:
    assert {name for name in MODULES if "." not in name} == LOOSE


def test_no_verb_imports_a_verb() -> None:
    verbs = {name: own_imports(name) for name in MODULES if layer(name) == "commands"}
    assert {name: other for name, found in verbs.items() for other in found if layer(other) == "commands"} == {}


def test_a_class_name_stands_for_one_thing() -> None:
    found: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(name)
    assert {name: modules for name, modules in found.items() if len(modules) > 1} == {}


def _first(function: ast.FunctionDef) -> ast.stmt:
    return function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]


@pytest.mark.parametrize("name", MODULES)
def test_a_function_is_short(name: str) -> None:
    """A verb's function is its options and its help, so what counts there is the code below the docstring."""
    lengths = {
        node.name: (node.end_lineno or 0) - _first(node).lineno + 1
        for node in ast.walk(ast.parse(MODULES[name].read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert {function: length for function, length in lengths.items() if length > FUNCTION_LINES} == {}


#: what is in the file that CONTRIBUTING names for each question
ANSWERS = {
    "the rule about Job deadlines": "job-without-deadline",
    "the text of `status`": "def status_lines(",
    "the retry of a push": "while (said := self.push(",
    "the template of the Application": "kind: Application",
    "the merge of layers": "def merge_layers(",
}


#: paths of a project, names of its files and headers: models/layout.py has them, and no other module; the name of
#: temporary folders is in runtime/scratch.py
LAYOUT = re.compile(
    r"\S*(?:argocd/|environments/|\.gitops-gen(?!-tmp))\S*"
    r"|(?:\S*/)?(?:gitops|environment|release|values|Chart)\.yaml"
    r"|# Generated by .*"
)


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"models.layout", "runtime.scratch"}))
def test_the_layout_of_a_project_is_in_one_module(name: str) -> None:
    tree = ast.parse(MODULES[name].read_text())
    literals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert [text for text in literals if LAYOUT.fullmatch(text)] == []


@pytest.mark.parametrize(
    "name", sorted(MODULES.keys() - {"yaml.key_paths", "changes.version_order", "manifests.schemas"})
)
def test_key_paths_are_read_and_written_in_one_module(name: str) -> None:
    calls = [ast.unparse(node) for node in ast.walk(ast.parse(MODULES[name].read_text())) if isinstance(node, ast.Call)]
    assert [call for call in calls if call.startswith("'.'.join(") or call.endswith(".split('.')")] == []


def test_contributing_says_where_things_are() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| `(gitops_gen/[^`]+)` \|$", (REPOSITORY / "CONTRIBUTING.md").read_text(), re.MULTILINE
    )
    assert {question for question, _ in rows} == ANSWERS.keys()
    assert [question for question, file in rows if ANSWERS[question] not in (REPOSITORY / file).read_text()] == []


def test_contributing_names_every_package() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text()
    assert [name for name in LAYERS if (PACKAGE / name).is_dir() and f"    {name}/ " not in text] == []
