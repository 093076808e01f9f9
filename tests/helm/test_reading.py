"""What a chart reads of its values: each way that templates hand values on, and what is not read."""

from pathlib import Path

import pytest

from gitops_gen.helm.engine import Values
from gitops_gen.helm.reading.chart_files import chart_files
from gitops_gen.helm.reading.chart_reading import ChartReading
from gitops_gen.helm.reading.syntax import parse_template
from gitops_gen.helm.reading.tokens import TemplateError
from gitops_gen.helm.reading.unknown_keys import KnownKeys
from gitops_gen.yaml.key_paths import typed_key
from gitops_gen.yaml.writer import dump

#: a named template that walks down the keys of `v` by the names in `k`
BY_NAMES = """
{{ define "w" }}{{ $s := .v }}{{ $v := "" }}{{ range split "." .k }}{{ $v = index $s . }}{{ $s = $v }}{{ end }}
{{ printf "%v" $v }}{{ end }}
"""
#: a template; values of which each key is read; values of which the key in question is not
READ = [
    ("{{ .Values.a.b }}", {"a": {"b": 1}}, {"a": {"c": 1}}),
    ("{{- .Values.a.b -}}", {"a": {"b": 1}}, {"a": {"c": 1}}),
    ("{{ if .Values.a.b }}{{ end }}", {"a": {"b": 1}}, {"a": {"c": 1}}),
    ("{{ if not .Values.a }}{{ else if .Values.b }}{{ else }}{{ .Values.c }}{{ end }}", {"b": 1, "c": 1}, {"d": 1}),
    ("{{ with .Values.a }}{{ .b }}{{ $.Values.c }}{{ end }}", {"a": {"b": 1}, "c": 1}, {"a": {"c": 1}}),
    ("{{ with .Values.a }}{{ .b }}{{ else with .Values.c }}{{ .d }}{{ end }}", {"c": {"d": 1}}, {"c": {"b": 1}}),
    ("{{ range .Values.a }}{{ .b }}{{ end }}", {"a": [{"b": 1}]}, {"a": [{"c": 1}]}),
    ("{{ range $k, $v := .Values.a }}{{ $v.b }}{{ end }}", {"a": {"any": {"b": 1}}}, {"a": {"any": {"c": 1}}}),
    ("{{ range $k := list `a` `b` }}{{ index $.Values $k `x` }}{{ end }}", {"b": {"x": 1}}, {"c": {"x": 1}}),
    ('{{ index .Values "a-b" "c" }}', {"a-b": {"c": 1}}, {"a-b": {"d": 1}}),
    ('{{ index .Values.a 0 "c" }}', {"a": [{"c": 1}]}, {"a": [{"d": 1}]}),
    ('{{ get (get .Values "a") "b" }}', {"a": {"b": 1}}, {"a": {"c": 1}}),
    ('{{ dig "a" "b" "none" .Values.x }}', {"x": {"a": {"b": 1}}}, {"x": {"a": {"c": 1}}}),
    ('{{ if hasKey .Values.a "b" }}{{ end }}', {"a": {"b": 1}}, {"a": {"c": 1}}),
    ('{{ first (pluck "b" .Values.a .Values.c) }}', {"c": {"b": 1}}, {"c": {"d": 1}}),
    ("{{ $x := .Values.a }}{{ $x.b.c }}", {"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 1}}}),
    ("{{ $x := 1 }}{{ if 1 }}{{ $x = .Values.a }}{{ end }}{{ $x.b }}", {"a": {"b": 1}}, {"a": {"c": 1}}),
    ("{{ ((.Values.a).b).c }}", {"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 1}}}),
    ("{{ toYaml .Values.a | nindent 2 }}", {"a": {"b": {"c": 1}}}, {"b": 1}),
    ("{{ .Values.a | default .Values.b | quote }}", {"b": {"any": 1}}, {"c": 1}),
    ("{{ $m := merge (dict) .Values.a .Values.b }}{{ $m.c }}", {"b": {"c": 1}}, {"b": {"d": 1}}),
    ("{{ $m := .Values.a | toYaml | fromYaml }}{{ $m.c }}", {"a": {"c": 1}}, {"a": {"d": 1}}),
    ("{{ $m := deepCopy .Values.a }}{{ $m.c }}", {"a": {"c": 1}}, {"a": {"d": 1}}),
    ('{{ $d := dict "x" .Values.a }}{{ $d.x.b }}', {"a": {"b": 1}}, {"a": {"c": 1}}),
    ('{{ $d := dict }}{{ $_ := set $d "x" .Values.a }}{{ $d.x.b }}', {"a": {"b": 1}}, {"a": {"c": 1}}),
    ('{{ $_ := set .Values "x" .Values.a }}{{ .Values.x.b }}', {"a": {"b": 1}}, {"a": {"c": 1}}),
    ("{{ range concat .Values.a .Values.b }}{{ .c }}{{ end }}", {"b": [{"c": 1}]}, {"b": [{"d": 1}]}),
    ('{{ define "t" }}{{ .b }}{{ end }}{{ include "t" .Values.a }}', {"a": {"b": 1}}, {"a": {"c": 1}}),
    ('{{ define "t" }}{{ .v.b }}{{ end }}{{ template "t" (dict "v" .Values.a) }}', {"a": {"b": 1}}, {"a": {"c": 1}}),
    ('{{ define "t" }}{{ (index . 1).b }}{{ end }}{{ include "t" (list $ .Values.a) }}', {"a": {"b": 1}}, {"c": 1}),
    ('{{ define "t.x" }}{{ .b }}{{ end }}{{ include (printf "t.%s" .Values.n) .Values.a }}', {"a": {"b": 1}}, {"b": 1}),
    (
        '{{ define "t" }}{{ toYaml . }}{{ end }}{{ include (print .Template.BasePath "/a.yaml") . }}{{ .Values.a.b }}',
        {"a": {"b": 1}},
        {"a": {"c": 1}},
    ),
    ('{{ $r := . }}{{ with dict "V" .Values }}{{ $_ := set . "V" $r.Values }}{{ .V.a }}{{ end }}', {"a": 1}, {"b": 1}),
    (
        BY_NAMES + '{{ range $k := list "a.b.c" "d" }}{{ include "w" (dict "v" $.Values "k" $k) }}{{ end }}',
        {"a": {"b": {"c": 1}}, "d": 1},
        {"e": {"c": 1}},
    ),
    (
        BY_NAMES + '{{ define "k" }}{{ print "a.b" }}{{ end }}{{ include "w" (dict "v" .Values "k" (include "k" .)) }}',
        {"a": {"b": {"c": 1}}},
        {"d": 1},
    ),
    (
        '{{ $d := dict }}{{ range split "." "x.y" }}{{ $_ := set $d . $.Values.a }}{{ end }}{{ $d.x.b }}',
        {"a": {"b": 1}},
        {"a": {"c": 1}},
    ),
    (
        '{{ $d := dict "x" .Values.a }}{{ range split "." "x.y" }}{{ with index $d . }}{{ .b }}{{ end }}{{ end }}',
        {"a": {"b": 1}},
        {"a": {"c": 1}},
    ),
    ("{{ block `t` .Values.a }}{{ .b }}{{ end }}", {"a": {"b": 1}}, {"a": {"c": 1}}),
    ("{{ tpl .Values.text . }}", {"text": "{{ .Values.mine }}", "mine": 1}, {"text": "", "mine": 1}),
    ("{{/* {{ .Values.b }} */}}{{ .Values.a }}", {"a": 1}, {"b": 1}),
    ('{{ `{{ .Values.b }}` }}{{ .Values.a | replace "}}" "" }}', {"a": 1}, {"b": 1}),
    ("{{ ternary .Values.a .Values.b true | toYaml }}", {"a": {"any": 1}, "b": {"any": 1}}, {"c": 1}),
    ("{{ .Files.Get .Values.a }}{{ .Capabilities.APIVersions.Has .Values.b }}", {"a": 1, "b": 1}, {"c": 1}),
]


def chart(folder: Path, files: dict[str, str]) -> Path:
    """A chart with these files; a Chart.yaml that is not given is a plain one."""
    for name, text in {"Chart.yaml": "apiVersion: v2\nname: top\nversion: 1.0.0\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def unknown(folder: Path, values: Values) -> list[str]:
    """The keys that are unknown, with nothing known but the chart's files."""
    keys = KnownKeys({}, None, lambda: chart_files(folder))
    return [typed_key(item.path) for item in keys.unknown(values)]


@pytest.mark.parametrize(("template", "read", "unread"), READ, ids=[template for template, _, _ in READ])
def test_what_a_template_reads(tmp_path: Path, template: str, read: Values, unread: Values) -> None:
    folder = chart(tmp_path, {"templates/a.yaml": template + "{{ .Values.n }}"})
    assert unknown(folder, read) == []
    assert unknown(folder, unread) != []


def test_what_cannot_be_followed_may_read_anything(tmp_path: Path) -> None:
    folder = chart(tmp_path, {"templates/a.yaml": "{{ $v := .Values }}{{ range $k, $x := $v }}{{ $x }}{{ end }}"})
    assert unknown(folder, {"any": {"thing": 1}}) == []


#: walks through all values, as a template does that replaces texts at any place
WALK = """
{{ define "walk" }}{{ range $key, $value := . }}{{ include "walk" $value }}{{ end }}{{ end }}
{{ include "walk" .Values }}
"""


def test_a_walk_through_all_values_of_a_chart_reads_any_of_them(tmp_path: Path) -> None:
    folder = chart(tmp_path, {"templates/a.yaml": WALK})
    assert ChartReading(chart_files(folder)).keys.is_whole(())


GROWING = '{{ define "t" }}{{ include "t" (dict "over" .) }}{{ end }}{{ include "t" .Values.tree }}'


def test_a_context_that_grows_without_end_may_read_anything(tmp_path: Path) -> None:
    folder = chart(tmp_path, {"templates/a.yaml": GROWING})
    assert unknown(folder, {"any": {"thing": 1}}) == []


def test_a_subchart_that_walks_through_its_values_leaves_the_others_to_be_checked(tmp_path: Path) -> None:
    parts = {"charts/cache/Chart.yaml": UMBRELLA["charts/cache/Chart.yaml"], "charts/cache/templates/a.yaml": WALK}
    folder = chart(tmp_path, {**parts, "templates/a.yaml": "{{ .Values.a.b }}"})
    values = {"cache": {"any": {"thing": 1}}, "global": {"any": 1}, "a": {"c": 1}, "d": 1}
    assert unknown(folder, values) == ["a.c", "d"]


def test_only_the_topmost_key_is_reported(tmp_path: Path) -> None:
    folder = chart(tmp_path, {"values.yaml": "a: {b: 1}\n"})
    assert unknown(folder, {"x": {"y": {"z": 1}}, "a": {"b": 2, "c": 1}}) == ["x", "a.c"]


def test_a_key_that_is_declared_is_known_and_below_an_empty_map_any(tmp_path: Path) -> None:
    folder = chart(tmp_path, {"values.yaml": "a: {}\nb:\nc: []\n", "templates/a.yaml": "{{ .Values.a }}"})
    assert unknown(folder, {"a": {"any": 1}, "b": {"any": 1}, "c": [{"any": 1}], "global": {"any": 1}}) == []


def test_keys_for_anchors_are_nobodys(tmp_path: Path) -> None:
    folder = chart(tmp_path, {"values.yaml": "a: 1\n"})
    assert unknown(folder, {"x-shared": {"a": 1}, "_shared": 1, ".shared": 1}) == []


def test_a_path_that_a_value_names_may_be_any(tmp_path: Path) -> None:
    walk = '{{ $s := .Values }}{{ range splitList "." .Values.path }}{{ $s = index $s . }}{{ end }}{{ $s.c }}'
    values = {"path": "any.key", "any": {"key": {"c": 1}}}
    assert unknown(chart(tmp_path, {"templates/a.yaml": walk}), values) == []


def test_walks_of_names_reach_the_globals(tmp_path: Path) -> None:
    walk = BY_NAMES + '{{ include "w" (dict "v" .Values "k" "global.auth.key") }}{{ .Values.global.team }}'
    files = {**UMBRELLA, "charts/cache/templates/a.yaml": walk}
    values = {"global": {"auth": {"key": 1}, "taem": 1}}
    assert unknown(chart(tmp_path, files), values) == ["global.taem"]


UMBRELLA = {
    "Chart.yaml": dump(
        {
            "apiVersion": "v2",
            "name": "top",
            "version": "1.0.0",
            "dependencies": [
                {"name": "cache", "alias": "hot", "version": "1.0.0", "condition": "hot.on,features.hot"},
                {"name": "cache", "alias": "cold", "version": "1.0.0", "tags": ["storage"]},
                {"name": "kit", "version": "1.0.0", "import-values": ["shared", {"child": "net", "parent": "network"}]},
            ],
        }
    ),
    "templates/a.yaml": '{{ include "kit.labels" .Values.labels }}{{ .Values.hot.port }}',
    "charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 1.0.0\n",
    "charts/cache/values.yaml": "size: 1\n",
    "charts/cache/templates/a.yaml": "{{ .Values.memory }}{{ .Values.global.region }}",
    "charts/kit/Chart.yaml": "apiVersion: v2\nname: kit\nversion: 1.0.0\ntype: library\n",
    "charts/kit/templates/_labels.tpl": '{{ define "kit.labels" }}{{ .team }}{{ end }}',
    "charts/kit/values.yaml": "exports: {shared: {region: a}}\nnet: {port: 1}\n",
}


@pytest.mark.parametrize(
    "values",
    [
        {"hot": {"size": 2, "memory": 1, "on": True, "port": 1}, "cold": {"size": 1, "memory": 2}},
        {"features": {"hot": True}, "tags": {"storage": False}},
        {"global": {"region": "eu"}, "hot": {"global": {"region": "us"}}},
        {"labels": {"team": "a"}, "kit": {"exports": {"shared": {"more": 1}}, "net": {"more": 1}}},
    ],
)
def test_subcharts_are_read_by_their_names_there(tmp_path: Path, values: Values) -> None:
    assert unknown(chart(tmp_path, UMBRELLA), values) == []


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"cache": {"size": 1}}, ["cache"]),
        ({"hot": {"sise": 1}, "cold": {"port": 1}}, ["hot.sise", "cold.port"]),
        ({"features": {"cold": True}}, ["features.cold"]),
        ({"global": {"regoin": "eu"}}, ["global.regoin"]),
        ({"tags": {"storge": True}, "hot": {"tags": {"storage": True}}}, ["tags.storge", "hot.tags"]),
        ({"labels": {"taem": "a"}, "kit": {"mode": 1}}, ["labels.taem", "kit.mode"]),
    ],
)
def test_what_no_subchart_reads(tmp_path: Path, values: Values, keys: list[str]) -> None:
    assert unknown(chart(tmp_path, UMBRELLA), values) == keys


@pytest.mark.parametrize("text", ["{{ if }}", "{{ (a }}", "{{ end }}", "{{ if .a }}", "{{ .a", "{{ a ) }}", "{{ ? }}"])
def test_what_is_no_template(text: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(text)


def test_a_template_that_is_none_may_read_anything(tmp_path: Path) -> None:
    assert unknown(chart(tmp_path, {"values.yaml": "a: 1\n", "templates/a.yaml": "{{ if }}"}), {"b": 1}) == []


TYPED = "a: 1\nb: true\nc: {d: 1}\ne: [1]\nf: text\nport: 80\ng: ''\nh: {i: 1}\n"
USES = "{{ .Values.a }}{{ if .Values.b }}{{ end }}{{ .Values.c.d }}{{ range .Values.e }}{{ end }}{{ toYaml .Values.h }}"


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"a": "two"}, ["a"]),
        ({"a": True}, ["a"]),
        ({"b": "false"}, ["b"]),
        ({"b": 0}, ["b"]),
        ({"c": "x"}, ["c"]),
        ({"e": "x"}, ["e"]),
        ({"f": {"x": 1}}, ["f"]),
        ({"a": "25%", "port": "http", "f": 1, "g": {"x": 1}, "h": "x"}, []),
        ({"a": None, "b": None, "c": None, "e": None, "f": None}, []),
        ({"a": 1.5, "b": False, "c": {"d": 2}, "e": [], "f": "y"}, []),
    ],
)
def test_a_type_that_the_chart_cannot_use(tmp_path: Path, values: Values, keys: list[str]) -> None:
    folder = chart(tmp_path, {"values.yaml": TYPED, "templates/a.yaml": USES})
    found = KnownKeys(chart_files(folder).values, None, lambda: chart_files(folder)).other_types(values)
    assert [typed_key(item.path) for item in found] == keys


def test_a_chart_that_asks_for_the_type_can_use_several(tmp_path: Path) -> None:
    asks = '{{ if kindIs "string" .Values.c }}{{ .Values.c }}{{ else }}{{ .Values.c.d }}{{ end }}'
    folder = chart(tmp_path, {"values.yaml": TYPED, "templates/a.yaml": asks})
    keys = KnownKeys(chart_files(folder).values, None, lambda: chart_files(folder))
    assert list(keys.other_types({"c": "x"})) == []
