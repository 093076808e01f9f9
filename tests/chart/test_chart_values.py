"""values.yaml, its schema and the templates have the same keys; a bad value is refused with its key and the remedy."""

from __future__ import annotations

import functools
import json
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import helm_python
import jsonschema_rs
import pytest
import yaml

from tests.chart.chart_render import CHART, SCENARIOS, Render, parse, scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
KeyPath = tuple[str, ...]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference: str | None = schema.get("$ref")
    return SCHEMA["definitions"][reference.rsplit("/", 1)[1]] if reference else schema


def schema_keys(schema: dict[str, Any], path: KeyPath = ()) -> Iterator[KeyPath]:
    for key, child in schema.get("properties", {}).items():
        if child.get("deprecated"):
            continue
        below = resolved(child)
        has_keys = any(not item.get("deprecated") for item in below.get("properties", {}).values())
        is_section = "$ref" not in child and "object" in below.get("type", "") and has_keys
        if is_section and (*path, key) != ("externalSecrets", "overrides"):
            yield from schema_keys(below, (*path, key))
        else:
            yield (*path, key)


def value_keys(values: dict[str, Any], schema: dict[str, Any], path: KeyPath = ()) -> Iterator[KeyPath]:
    """The keys of values.yaml, down to where the schema leaves the rest to the user or to Kubernetes."""
    known = set(schema_keys(SCHEMA))
    for key, value in values.items():
        here = (*path, key)
        if isinstance(value, dict) and value and here not in known:
            yield from value_keys(value, schema, here)
        else:
            yield here


LEAVES = list(value_keys(VALUES, SCHEMA))


def test_schema_and_values_have_the_same_keys() -> None:
    assert set(schema_keys(SCHEMA)) == set(LEAVES)


def test_defaults_and_scenarios_fit_the_schema(chart: helm_python.Chart) -> None:
    validator = jsonschema_rs.validator_for(SCHEMA, offline=True)
    for name in SCENARIOS:
        assert [str(error) for error in validator.iter_errors(chart.merge_values(scenario(name)))] == []


def described(schema: dict[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    for key, child in schema.get("properties", {}).items():
        if "description" in child:
            yield (*path, key), child["description"]
        yield from described(child, (*path, key))


def test_the_schema_describes_each_key_as_values_yaml_does() -> None:
    """Editors show the one, people read the other."""
    comments = runpy.run_path(str(CHART / "scripts" / "readme.py"))["descriptions"]((CHART / "values.yaml").read_text())
    expected = {path: comments[path] for path in LEAVES}
    assert {path: text for path, text in described(SCHEMA) if path in expected} == expected


def objects_of(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "object" in (schema.get("type") or ""):
            yield path, schema
        for key, child in schema.items():
            if key != "if":  # a condition allows nothing
                yield from objects_of(child, f"{path}/{key}")


def test_every_map_of_the_schema_is_closed_or_meant_to_be_free() -> None:
    open_maps = {path for path, schema in objects_of(SCHEMA) if "additionalProperties" not in schema}
    # What Kubernetes defines and the API server checks, and the application's own settings.
    assert {re.sub(r"^.*/(definitions|properties)/", "", path) for path in open_maps} == {
        "affinity", "provider", "labelSelector", "config", "objects/items", "valueFrom",
        "volumes/items", "volumeMounts/items", "containers/items", "extraObjects/items",
        # Forms that only a moved key has.
        "env", "universalEntrypoint",
    }  # fmt: skip


def commented(node: yaml.Node, lines: list[str], path: KeyPath = ()) -> Iterator[tuple[KeyPath, bool]]:
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        for key, value in node.value:
            here = (*path, key.value)
            if here in LEAVES:
                yield here, lines[key.start_mark.line - 1].strip().startswith("#")
            yield from commented(value, lines, here)


def test_every_key_has_a_comment() -> None:
    text = (CHART / "values.yaml").read_text()
    root = yaml.compose(text)
    assert root is not None
    found = dict(commented(root, text.splitlines()))
    assert set(found) == set(LEAVES)
    assert [".".join(path) for path, has_comment in found.items() if not has_comment] == []


def nested(path: KeyPath, value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def refusal(render: Render, values: dict[str, Any]) -> str:
    """Why the values are refused; empty when they are not."""
    try:
        render(values)
    except helm_python.HelmError as error:
        return str(error)
    return ""


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: merged(base[key], over[key])
        for key in base.keys() & over.keys()
        if isinstance(base[key], dict) and isinstance(over[key], dict)
    }
    return {**base, **over, **both}


OTHER: dict[KeyPath, Any] = {
    ("externalSecrets", "overrides"): {"app-secrets": {"csrf_signing_secret": {"path": "other"}}},
    ("externalSecrets", "except"): ["app-secrets"],
    ("externalSecrets", "store", "kind"): "ClusterSecretStore",
    ("configFiles", "env"): "OTHER=1",
    ("configFiles", "appConfig"): "config: {other: 1}",
}


def another(path: KeyPath, value: Any) -> Any:
    """A value that differs from the default and has its type."""
    if path in OTHER:
        return OTHER[path]
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case list():
            return [*value, "other" if value and isinstance(value[0], str) else {"name": "other"}]
        case _:
            return {**value, "other": "1"}


EVERYTHING: dict[str, Any] = {
    "externalSecrets": {"enabled": True, "store": {"name": "store"}},
    "ingress": {"enabled": True, "host": "a.example.com"},
    "app": {"replicas": 2, "metrics": {"enabled": True}},
    "worker": {"replicas": 2, "metrics": {"enabled": True}},
    "temporal": {"metrics": {"enabled": True}},
    "postgresql": {"metrics": {"enabled": True}},
    "redis": {"metrics": {"enabled": True}},
    "monitoring": {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}},
}
PUBLIC = {"service": {"type": "LoadBalancer"}}
CONTEXTS: list[dict[str, Any]] = [
    EVERYTHING,
    merged(EVERYTHING, {"externalSecrets": {"createStore": {"enabled": True, "provider": {"fake": {}}}}}),
    merged(EVERYTHING, {"app": {"autoscaling": {"enabled": True}}, "worker": {"autoscaling": {"enabled": True}}}),
    merged(scenario("external-services"), {"temporal": {"enabled": True, "external": {"host": ""}}}),
    {"temporal": {"replicas": 2, "web": {"replicas": 2}}},
    {"httpRoute": {"enabled": True, "parentRefs": [{"name": "a"}]}, "app": PUBLIC, "temporal": {"web": PUBLIC}},
    {
        "postgresql": {"enabled": False, "external": {"host": "db"}},
        "redis": {"enabled": False, "external": {"host": "cache"}},
        "temporal": {"enabled": False, "external": {"host": "temporal"}},
    },
]


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> helm_python.Chart:
    """The chart without its schema: the question here is which keys the templates read, not which values they take."""
    copy = tmp_path_factory.mktemp("lenient") / "api-forge"
    for path in (item for item in CHART.rglob("*") if item.is_file() and item.name != "values.schema.json"):
        target = copy / path.relative_to(CHART)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return helm_python.Chart.load(str(copy))


def outcome(chart: helm_python.Chart, values: dict[str, Any]) -> dict[str, str] | str:
    try:
        return chart.render(values, name="api-forge", namespace="demo")
    except helm_python.HelmError as error:
        return str(error)


def test_every_key_changes_what_is_rendered(lenient: helm_python.Chart) -> None:
    before = [outcome(lenient, context) for context in CONTEXTS]
    assert all(isinstance(item, dict) for item in before)

    def is_read(path: KeyPath) -> bool:
        default = VALUES
        for key in path:
            default = default[key]
        change = nested(path, another(path, default))
        return any(
            outcome(lenient, merged(context, change)) != was for context, was in zip(CONTEXTS, before, strict=True)
        )

    assert [".".join(path) for path in LEAVES if not is_read(path)] == []


def mentioned(text: str) -> Iterator[KeyPath]:
    """The keys that a template names, directly or through a variable that holds a section."""
    for prefix in [
        ("", r"\.Values"),
        *(
            (path, rf"\${name}")
            for name, path in re.findall(r"\$(\w+) := \$?\.?(?:root)?\.Values\.([\w.]+) -?\}\}", text)
        ),
    ]:
        section, start = prefix
        for rest in re.findall(rf"{start}((?:\.\w+)+)", text):
            yield tuple(part for part in f"{section}{rest}".split(".") if part)


@pytest.mark.parametrize("path", sorted((CHART / "templates").rglob("*.*")), ids=lambda path: path.name)
def test_every_key_of_a_template_is_in_values(path: Path) -> None:
    functions = {"name", "root"}
    for key in set(mentioned(path.read_text())):
        found: Any = VALUES
        for part in key:
            if not isinstance(found, dict) or part in functions:
                break
            assert part in found, ".".join(key)
            found = found[part]


#: One fault a file, named after it; the first line says what the message must contain.
BAD = sorted(Path(__file__).with_name("bad-values").glob("*.yaml"))


@pytest.mark.parametrize("fault", BAD, ids=lambda path: path.stem)
def test_bad_values_are_refused_with_the_key_and_the_remedy(render: Render, fault: Path) -> None:
    text = fault.read_text()
    message = text.splitlines()[0].removeprefix("# ")
    with pytest.raises(helm_python.HelmError, match=re.escape(message)):
        render(yaml.safe_load(text))


@pytest.mark.parametrize("path", [*LEAVES, *sorted({path[:-1] for path in LEAVES if len(path) > 1})], ids=".".join)
def test_null_is_refused_or_empty(render: Render, path: KeyPath) -> None:
    """`null` deletes a default (https://helm.sh/docs/chart_template_guide/values_files/#deleting-a-default-key)."""
    if refused := refusal(render, nested(path, None)):
        assert re.search(f"missing propert(y|ies) .*'{re.escape(path[-1])}'", refused)
        return
    default = functools.reduce(lambda values, key: values[key], path, VALUES)
    assert isinstance(default, dict | list)
    assert render(nested(path, None)) == render(nested(path, type(default)()))


def test_a_setting_changes_its_own_line_only(render: Render) -> None:
    before = render({}).one("ConfigMap", "app-config")["data"]["config.yaml"].splitlines()
    settings = {"config": {"rate_limiter": {"requests": 7}}}
    after = render({"app": {"config": settings}}).one("ConfigMap", "app-config")["data"]["config.yaml"].splitlines()
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        ("    requests: 100", "    requests: 7")
    ]


def test_all_problems_are_reported_at_once(render: Render) -> None:
    with pytest.raises(helm_python.HelmError) as caught:
        render({"postgresql": {"external": {"host": "db"}}, "ingress": {"enabled": True}})
    assert str(caught.value).count("\n  - ") == 2


def moved_keys(schema: dict[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any, str]]:
    """The keys that the schema refuses with what to use instead: path, a value that is refused, and why."""
    for key, child in schema.get("properties", {}).items():
        here, below = (*path, key), resolved(child)
        if child.get("deprecated"):
            yield here, "text", child["const"]
        elif "then" in child:
            yield here, FORMS[child["if"]["type"]], child["then"]["const"]
        yield from moved_keys(below, here)


FORMS: dict[str, Any] = {"string": "text", "object": {"source": "text"}}
MOVED = list(moved_keys(SCHEMA))


@pytest.mark.parametrize(
    ("path", "value", "why"), MOVED, ids=lambda part: ".".join(part) if type(part) is tuple else ""
)
def test_a_moved_key_names_what_to_use(render: Render, path: KeyPath, value: Any, why: str) -> None:
    assert re.match(r"no longer (a key|text|a map): .+", why)
    assert f"- at '/{'/'.join(path)}': value must be '{why}'" in refusal(render, nested(path, value)).replace("~1", "/")


def test_all_moved_keys_are_reported_at_once(render: Render) -> None:
    assert len(MOVED) >= 40
    old = {"global": {"namespace": "x"}, "app": {"image": "app:1"}, "jobs": {}, "redis": {"image": "redis:7"}}
    assert refusal(render, old).count("no longer") == len(old)


#: every key of values.yaml in the plan that the chart was made from, with its value there
PLANNED: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "inputs" / "original" / "planned-values.yaml").read_text()
)


def planned(values: dict[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from planned(value, (*path, key))
        else:
            yield (*path, key), value


@pytest.mark.parametrize(
    ("path", "value"), list(planned(PLANNED)), ids=lambda part: ".".join(part) if isinstance(part, tuple) else ""
)
def test_every_key_of_the_plan_is_read_or_names_its_successor(render: Render, path: KeyPath, value: Any) -> None:
    refused = refusal(render, nested(path, value))
    assert not refused or re.search(r"no longer (a key|text|a map): |is empty: set it to|is not set here: use", refused)


def test_dotenv_is_read_as_a_shell_would(render: Render) -> None:
    lines = ["# comment", "", "A=plain  # note", 'B="two # words"', "export C='single'", "D=a#b", "E=", "F=k=v"]
    text = "\n".join([*lines, "APP_ENVIRONMENT=development"])
    data = render({"configFiles": {"env": text}, "app": {"env": {"F": "over"}}}).one("ConfigMap", "app-env")["data"]
    assert {key: data[key] for key in "ABCDEF"} == {
        "A": "plain",
        "B": "two # words",
        "C": "single",
        "D": "a#b",
        "E": "",
        "F": "over",
    }
    assert data["APP_ENVIRONMENT"] == "production"


def test_settings_merge_over_the_shipped_config(render: Render) -> None:
    rendered = render({"app": {"config": {"config": {"rate_limiter": {"requests": 7}}}}})
    config = yaml.safe_load(rendered.one("ConfigMap", "app-config")["data"]["config.yaml"])["config"]
    assert config["rate_limiter"] == {"enabled": True, "requests": 7, "window_ms": 60000}
    assert config["database"]["url"] == "${DATABASE_URL}"
    assert '"${CSRF_SIGNING_SECRET}"' in rendered.one("ConfigMap", "app-config")["data"]["config.yaml"]


@pytest.mark.parametrize(
    ("key", "config_map", "entry"),
    [
        ("appConfig", "app-config", "config.yaml"),
        ("postgresqlConf", "postgres-config", "postgresql.conf"),
        ("pgHba", "postgres-config", "pg_hba.conf"),
        ("postgresInit", "postgres-config", "01-init-app.sh"),
        ("postgresVerifier", "postgres-verifier-config", "verify-init.sh"),
        ("universalEntrypoint", "universal-entrypoint", "universal-entrypoint.sh"),
        ("redisConf", "redis-config", "redis.conf"),
        ("temporalSchemaSetup", "temporal-config", "schema-setup.sh"),
        ("temporalNamespaceInit", "temporal-config", "namespace-init.sh"),
        ("temporalEntrypoint", "temporal-config", "entrypoint.sh"),
        ("temporalDynamicConfig", "temporal-config", "dynamic-config.yaml"),
    ],
)
@pytest.mark.parametrize(
    "text", ["one line", "  begins: with spaces\nand: goes on\n", "{{ not a template }}\n\ttab\n---\n# end"]
)
def test_an_environment_brings_its_own_file(render: Render, key: str, config_map: str, entry: str, text: str) -> None:
    content: str = render({"configFiles": {key: text}}).one("ConfigMap", config_map)["data"][entry]
    assert content.startswith(text.rstrip("\n") + "\n")


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ({}, "postgres:15"),
        ({"global": {"imageRegistry": "mirror.example.com/hub/"}}, "mirror.example.com/hub/postgres:15"),
        (
            {"global": {"imageRegistry": "mirror"}, "postgresql": {"image": {"repository": "other.example.com/pg"}}},
            "other.example.com/pg:15",
        ),
        ({"postgresql": {"image": {"digest": "sha256:" + "a" * 64}}}, "postgres@sha256:" + "a" * 64),
    ],
)
def test_images(render: Render, values: dict[str, Any], image: str) -> None:
    pod = render(values).one("Deployment", "postgres")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == image


@pytest.mark.parametrize(
    ("worker", "image"),
    [
        ({}, "api-forge-app:2.0.0"),
        ({"tag": "3.0.0"}, "api-forge-app:3.0.0"),
        ({"repository": "other"}, "other:2.0.0"),
        ({"digest": "sha256:" + "a" * 64}, "api-forge-app@sha256:" + "a" * 64),
    ],
)
def test_the_worker_follows_the_app(render: Render, worker: dict[str, str], image: str) -> None:
    rendered = render({"app": {"image": {"tag": "2.0.0"}}, "worker": {"image": worker}})
    assert rendered.one("Deployment", "worker")["spec"]["template"]["spec"]["containers"][0]["image"] == image
    assert rendered.one("ConfigMap", "released")["data"]["worker"] == image


def test_notes_say_that_there_is_no_worker(chart: helm_python.Chart) -> None:
    notes = chart.render(scenario("temporal-disabled"), name="api-forge", namespace="demo")[
        "api-forge/templates/NOTES.txt"
    ]
    assert "there is no worker" in notes
    assert parse({"NOTES.txt": notes}).objects == []


def test_a_login_provider_needs_its_client_id_and_its_secret(render: Render) -> None:
    ids = {"OIDC_KEYCLOAK_CLIENT_ID": "a"}
    keys = ["session_signing_secret", "csrf_signing_secret", "oidc_google_client_secret", "oidc_keycloak_client_secret"]
    values = {"configFiles": {"env": "OIDC_MICROSOFT_CLIENT_ID=b"}, "app": {"env": ids, "secrets": {"keys": keys}}}
    data = render(values).one("ConfigMap", "app-env")["data"]
    enabled = {provider: data[f"OIDC_{provider}_ENABLED"] for provider in ("GOOGLE", "MICROSOFT", "KEYCLOAK")}
    assert enabled == {"GOOGLE": "false", "MICROSOFT": "false", "KEYCLOAK": "true"}


VARIABLE = re.compile(r"\$\{(\w+)(:-[^}]*)?\}")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_shipped_config_asks_for_no_variable_that_nobody_sets(render: Render, name: str) -> None:
    """The application refuses to start on a bare variable that is not set."""
    rendered = render(scenario(name))
    pod = rendered.one("Deployment", "app")["spec"]["template"]["spec"]
    sources = next(volume["projected"]["sources"] for volume in pod["volumes"] if "projected" in volume)
    secret = {entry["key"].upper() for source in sources for entry in source["secret"]["items"]}
    set_by_someone = secret | set(rendered.one("ConfigMap", "app-env")["data"])
    text = rendered.one("ConfigMap", "app-config")["data"]["config.yaml"]
    bare = {variable for variable, default in VARIABLE.findall(text) if not default}
    assert bare
    assert bare <= set_by_someone
