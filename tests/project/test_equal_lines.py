"""Lines of many environments put together."""

import pytest

from gitops_gen.project.equal_lines import equal_lines, listing


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], []),
        (["Set a.b to 1", "Set c.d to 1"], ["Set a.b to 1", "Set c.d to 1"]),
        (["dev: image.tag 1 → 2"], ["dev: image.tag 1 → 2"]),
        (["dev: tag 1 → 2", "eu: tag 1 → 3", "us: tag 1 → 2"], ["dev, us: tag 1 → 2", "eu: tag 1 → 3"]),
        (["dev already runs it", "eu already runs it"], ["dev, eu: already runs it"]),
        (["the same", "the same"], ["the same"]),
        ([f"e{number}: tag 1.0 → 1.1" for number in range(500)], ["500 environments: tag 1.0 → 1.1"]),
        (
            [f"{name} keeps its own k (environments/{name}/environment.yaml)" for name in ("dev", "eu")],
            ["dev, eu: keeps its own k (environments/<environment>/environment.yaml)"],
        ),
        (["dev: hosts dev.example.com → a", "eu: hosts dev.example.com → a"], None),
    ],
)
def test_equal_lines_are_one(lines: list[str], expected: list[str] | None) -> None:
    assert list(equal_lines(lines)) == (lines if expected is None else expected)


def test_a_few_are_named_and_many_counted() -> None:
    assert listing(["a", "b"]) == "a, b"
    assert listing(["a", "b", "c", "d", "e"]) == "5 environments"
