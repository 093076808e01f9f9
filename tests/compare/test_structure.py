"""Values are compared place by place, lists by Kubernetes' merge keys."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_gen.compare.structure import MISSING, path_text, places
from gitops_gen.manifests.quantity import quantity


def found(old: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    return {path_text(place.path): (place.old, place.new) for place in places(old, new)}


def test_containers_are_distinguished_by_name_wherever_they_are() -> None:
    old = {"containers": [{"name": "app", "image": "a:1"}, {"name": "proxy", "image": "p:1"}]}
    new = {"containers": [{"name": "metrics", "image": "m:1"}, *old["containers"]]}
    assert found(old, new) == {"containers[metrics]": (MISSING, {"name": "metrics", "image": "m:1"})}


@pytest.mark.parametrize(
    ("field", "one", "other", "changed"),
    [
        ("ports", {"containerPort": 80}, {"containerPort": 90}, {"containerPort": 90, "name": "x"}),
        (
            "ports",
            {"port": 53, "protocol": "UDP"},
            {"port": 53, "protocol": "TCP"},
            {"port": 53, "protocol": "TCP", "name": "x"},
        ),
        (
            "volumeMounts",
            {"mountPath": "/a", "name": "v"},
            {"mountPath": "/b", "name": "v"},
            {"mountPath": "/b", "name": "x"},
        ),
        ("env", {"name": "A"}, {"name": "B"}, {"name": "B", "value": "x"}),
        ("hostAliases", {"ip": "1.1.1.1"}, {"ip": "2.2.2.2"}, {"ip": "2.2.2.2", "hostnames": ["x"]}),
        ("items", {"key": "a"}, {"key": "b"}, {"key": "b", "path": "x"}),
        ("data", {"secretKey": "a"}, {"secretKey": "b"}, {"secretKey": "b", "remoteRef": {}}),
        ("rules", {"host": "a"}, {"host": "b"}, {"host": "b", "http": {}}),
        (
            "volumeClaimTemplates",
            {"metadata": {"name": "a"}},
            {"metadata": {"name": "b"}},
            {"metadata": {"name": "b"}, "spec": 1},
        ),
    ],
)
def test_the_second_item_is_changed_though_the_first_is_gone(field: str, one: Any, other: Any, changed: Any) -> None:
    result = found({field: [one, other]}, {field: [changed]})
    assert len(result) == 2
    assert (one, MISSING) in result.values()


def test_a_changed_order_is_one_difference() -> None:
    old = {"initContainers": [{"name": "a"}, {"name": "b"}]}
    new = {"initContainers": [{"name": "b"}, {"name": "a"}]}
    assert found(old, new) == {"initContainers[order]": (["a", "b"], ["b", "a"])}


def test_a_name_that_occurs_twice_does_not_serve_as_key() -> None:
    old = {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}
    new = {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "3"}]}
    assert found(old, new) == {"env[1].value": ("2", "3")}


def test_an_argument_put_in_between_is_one_difference() -> None:
    assert found({"args": ["a", "c"]}, {"args": ["a", "b", "c"]}) == {"args[1]": (MISSING, "b")}


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), (1, "1"), (None, ""), ({}, []), ("a", ["a"])])
def test_types_differ(old: Any, new: Any) -> None:
    assert found({"k": old}, {"k": new})


def test_keys_with_dots_are_quoted() -> None:
    assert list(found({"a": {"b.c/d": 1}}, {"a": {"b.c/d": 2}})) == ['a["b.c/d"]']


_trees = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "key", "port", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(_trees, _trees)
def test_something_is_found_exactly_when_something_differs(old: Any, new: Any) -> None:
    assert bool(list(places(old, new))) == (repr(_sorted(old)) != repr(_sorted(new)))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("less", "more"), [("1G", "1Gi"), ("999m", "1"), ("1e3", "1001"), ("10Gi", "1Ti"), ("0.5Gi", "513Mi")]
)
def test_quantities(less: str, more: str) -> None:
    small, large = quantity(less), quantity(more)
    assert small is not None
    assert large is not None
    assert small < large


@pytest.mark.parametrize("text", ["", "Gi", "10GB", "1e", "ten", True])
def test_no_quantity(text: Any) -> None:
    assert quantity(text) is None
