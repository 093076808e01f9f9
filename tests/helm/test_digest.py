"""The digest of a chart covers what Helm reads of it."""

from pathlib import Path

from gitops_gen.helm.digest import chart_digest


def test_a_symlinked_folder_is_part_of_the_digest(tmp_path: Path) -> None:
    chart, library = tmp_path / "chart", tmp_path / "library"
    (chart / "charts").mkdir(parents=True)
    library.mkdir()
    (chart / "Chart.yaml").write_text("name: shop\n")
    (library / "values.yaml").write_text("a: 1\n")
    (chart / "charts/library").symlink_to("../../library")
    before = chart_digest(chart)
    (library / "values.yaml").write_text("a: 2\n")
    assert chart_digest(chart) != before


def test_a_symlink_to_a_folder_that_holds_it_ends(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: shop\n")
    without = chart_digest(tmp_path)
    (tmp_path / "itself").symlink_to(".")
    assert chart_digest(tmp_path) == without
