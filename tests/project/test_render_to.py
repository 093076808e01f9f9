"""`render --output-dir`: the manifests of many environments as files."""

from pathlib import Path

from gitops_gen.yaml.reader import load_all
from tests.conftest import GitopsGen, tree


def test_a_file_for_each_environment(good: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "render", "--all", "--output-dir", str(tmp_path / "out"))
    assert (result.code, result.out) == (0, "")
    for name in ("dev", "production"):
        assert (tmp_path / "out" / f"{name}.yaml").read_text() == gitops_gen(good, "render", name).out
    assert len(tree(tmp_path / "out")) == 2


def test_a_file_for_each_object(good: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: 'system:a/../b'}\n"
    (good / "chart/templates/account.yaml").write_text(account * 2)
    assert gitops_gen(good, "render", "dev", "--objects", "--output-dir", str(tmp_path / "out")).code == 0
    files = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "out").rglob("*.yaml"))
    assert files == [
        "out/dev/configmap-shop.yaml",
        "out/dev/serviceaccount-system_a_.._b-2.yaml",
        "out/dev/serviceaccount-system_a_.._b.yaml",
    ]
    together = [item for file in files for item in load_all((tmp_path / file).read_text(), file)]
    rendered = [item for item in load_all(gitops_gen(good, "render", "dev").out, "dev") if item]
    assert sorted(map(str, together)) == sorted(map(str, rendered))


def test_what_cannot_be_written(good: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    (tmp_path / "out").write_text("a file")
    result = gitops_gen(good, "render", "dev", "--output-dir", str(tmp_path / "out"))
    assert (result.code, "cannot be written" in result.err) == (1, True)
    for words in (("--output-dir", "x"), ("--all",), ("dev", "production"), ("--objects", "dev"), ()):
        assert gitops_gen(good, "render", *words).code == 2
    assert gitops_gen(good, "render", "prod", "--output-dir", str(tmp_path / "new")).code == 2
