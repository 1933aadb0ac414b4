"""Where published tables are read from."""

from __future__ import annotations

from pathlib import Path

from escaping_minima.package import CHECKOUT
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths


def test_published_tables_are_the_checkout_s_unless_the_folder_has_its_own(tmp_path: Path) -> None:
    paths, run = ResultPaths(tmp_path, FROM_PUBLISHED), ResultPaths(tmp_path, "smoke")
    assert paths.tables("a") == paths.beside("a") == CHECKOUT / "results" / "published" / "a"
    own = tmp_path / "published" / "a"
    # where tables are published, and what a run is shown beside, is the folder's own
    assert paths.published("a") == run.published("a") == run.beside("a") == own
    own.mkdir(parents=True)
    assert paths.tables("a") == paths.beside("a") == own
    assert run.tables("a") == tmp_path / "smoke" / "tables" / "a"
