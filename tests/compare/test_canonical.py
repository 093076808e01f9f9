"""Marks stand for what is an environment's own; putting them in and taking them out changes no value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_gen.compare.canonical import ENVIRONMENT, Own, canonical, marked, restored, without_hashes
from gitops_gen.yaml.reader import load_all
from gitops_gen.yaml.writer import dump

NAMES = ("dev", "e1", "production-eu", "on", "y", "1", "null", "inf", "a", "x", "e")
_words = st.lists(
    st.sampled_from([*NAMES, "-", ".", "/", "1", "0", " ", "_", ":", "'", "\n", "0x", "device"]), max_size=6
).map("".join)


@given(st.sampled_from(NAMES), st.dictionaries(_words, _words | st.integers() | st.booleans(), max_size=4))
def test_a_marked_stream_parses_to_the_same_values(name: str, data: dict[str, object]) -> None:
    own = Own(name=name)
    text = dump({"data": data})
    (value,) = load_all(marked(text, own), "marked")
    assert _restored(value, own) == {"data": data}


@given(st.sampled_from(NAMES), _words)
def test_a_plain_scalar_keeps_its_type(name: str, word: str) -> None:
    text = f"k: {word.strip() or 'x'}"
    try:
        before = load_all(text, "plain")
    except Exception:  # noqa: BLE001 - not every text is YAML; what is must stay the same
        return
    assert [_restored(value, Own(name=name)) for value in load_all(marked(text, Own(name=name)), "marked")] == before


def _restored(value: object, own: Own) -> object:
    if isinstance(value, dict):
        return {restored(key, own): _restored(item, own) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item, own) for item in value]
    return restored(value, own) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host: api.dev.example.com", f"host: api.{ENVIRONMENT}.example.com"),
        ("path: shop/dev", f"path: shop/{ENVIRONMENT}"),
        ("exec 3<>/dev/tcp/db/5432", "exec 3<>/dev/tcp/db/5432"),
        ("2>/dev/null", "2>/dev/null"),
        ("device: developer", "device: developer"),
        ("dev_mode: 1", "dev_mode: 1"),
        ("devdev dev", f"devdev {ENVIRONMENT}"),
    ],
)
def test_only_the_word_itself_is_marked(text: str, expected: str) -> None:
    assert marked(text, Own(name="dev")) == expected


def _job(name: str, checksum: str) -> str:
    return f"kind: Job\nmetadata:\n  name: {name}\n  annotations:\n    checksum/config: {checksum}\n"


def test_equal_hashes_get_equal_marks_and_different_ones_different_marks() -> None:
    old, new = canonical(
        _job("job-1a2b3c4d", "ab" * 32), Own(name="dev"), _job("job-5e6f7a8b", "ab" * 32), Own(name="dev")
    )
    assert old != new
    assert without_hashes(old) == without_hashes(new)
    assert old.splitlines()[-1] == new.splitlines()[-1]


def test_environments_that_differ_in_generated_hashes_look_alike() -> None:
    one = canonical(_job("job-1a2b3c4d", "ab" * 32), Own(name="a1"), _job("job-12345678", "cd" * 32), Own(name="a1"))
    other = canonical(
        _job("job-e1800472", "ef" * 32), Own(name="b1"), _job("job-99999999", "01" * 31 + "ab"), Own(name="b1")
    )
    assert one == other


def test_an_image_digest_is_no_generated_hash() -> None:
    text = f"image: app@sha256:{'ab' * 32}\n"
    assert canonical(text, Own(name="dev"), text.replace("ab", "cd"), Own(name="dev"))[1] == text.replace("ab", "cd")
