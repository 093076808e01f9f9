"""`--set` and `--set-string`, held against Helm's own parser in the embedded library."""

import helm_python
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitops_gen.helm.set_values import assigned, key_of, typed

KEYS = st.lists(st.sampled_from(["a", "b\\.c", "d[0]", "e[1][0]", "x-1"]), min_size=1, max_size=3).map(".".join)
WORDS = [
    "true",
    "False",
    "null",
    "0",
    "01",
    "-5",
    "+5",
    "1.5",
    "9223372036854775808",
    "a b",
    "{a,1}",
    "{}",
    "{a,,b}",
    "",
]
TEXTS = st.sampled_from(WORDS) | st.text("ab01.-\\=", max_size=5)


@given(key=KEYS, text=TEXTS, as_string=st.booleans())
def test_an_assignment_is_helms(key: str, text: str, *, as_string: bool) -> None:
    parse = helm_python.parse_set_string_values if as_string else helm_python.parse_set_string
    path = key_of(key)
    assert path
    assume(text or not any(isinstance(step, int) for step in path[:-1]))  # Helm drops the item: refused elsewhere
    assert assigned({}, path, typed(text, as_string=as_string)) == parse(f"{key}={text}")


@pytest.mark.parametrize("key", ["", ".", "a.", "a[", "a[x]", "a]b[", "a=b", "a,b", "a[65537]", "a..b"])
def test_a_key_that_helm_refuses(key: str) -> None:
    assert key_of(key) is None


@pytest.mark.parametrize("text", ["{a", "{a}b", "{a}}"])
def test_a_list_that_helm_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="a"):
        typed(text)


def test_an_item_of_a_list_is_set_in_place() -> None:
    values = {"hosts": [{"name": "a", "port": 1}, "b"]}
    assert assigned(values, ("hosts", 0, "name"), "x") == {"hosts": [{"name": "x", "port": 1}, "b"]}
    assert assigned(values, ("hosts", 3), "y") == {"hosts": [{"name": "a", "port": 1}, "b", None, "y"]}
    assert values == {"hosts": [{"name": "a", "port": 1}, "b"]}
    with pytest.raises(ValueError, match="b"):
        assigned({"a": "text"}, ("a", "b"), 1)
