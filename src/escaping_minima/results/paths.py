"""Where everything lies under the results folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from escaping_minima.package import CHECKOUT

#: Name of the folder of renderings that need no run.
FROM_PUBLISHED = "from-published"
#: Name of the folder of published tables.
_PUBLISHED = "published"
#: In a folder that a rule made: the list of its files, written when all of them were there.
CONTENTS = ".contents"


@dataclass(frozen=True)
class ResultPaths:
    """The folders of one scale, or of the renderings from published tables.

    Attributes
    ----------
    root : Path
        The results folder.
    name : str
        A scale, or FROM_PUBLISHED.
    """

    root: Path
    name: str

    @property
    def base(self) -> Path:
        """The folder of everything below."""
        return self.root / self.name

    def block(self, study: str, cell: str, block: int) -> Path:
        """Return the Parquet file of a block; its manifest is the same name with ``.json``."""
        return self.base / "runs" / study / cell / f"b{block:04d}.parquet"

    def checkpoints(self, study: str, cell: str) -> Path:
        """Return the folder where running blocks of a cell keep their state."""
        return self.base / "checkpoints" / study / cell

    def cell_lock(self, study: str, cell: str, first: int) -> Path:
        """Return the lock file that keeps two trainings of a cell apart, from a block on."""
        return self.checkpoints(study, cell) / f"lock{first}"

    def trained(self, job: str) -> Path:
        """Return the file that says which blocks of a job are there, as pairs of cell and index."""
        return self.base / "trained" / f"{job}.json"

    @property
    def fetched(self) -> Path:
        """The file that says which data sets were fetched."""
        return self.base / "data.json"

    def tables(self, study: str) -> Path:
        """Return the folder of the collected tables, or of the published ones that are rendered.

        These are the checkout's where the results folder, another one, holds none.
        """
        if self.name != FROM_PUBLISHED:
            return self.base / "tables" / study
        held = self.root if (self.root / _PUBLISHED).exists() else CHECKOUT / "results"
        return held / _PUBLISHED / study

    def published(self, study: str) -> Path:
        """Return the folder of the committed tables of the largest runs."""
        return self.root / _PUBLISHED / study

    def beside(self, study: str) -> Path:
        """Return the folder of the published tables that stand beside these: maybe themselves."""
        return self.tables(study) if self.name == FROM_PUBLISHED else self.published(study)

    def judged(self, study: str) -> Path:
        """Return the folder of what the statistics make of the tables."""
        return self.base / "judged" / study

    def family(self, study: str, family: str) -> Path:
        """Return the folder of the tables and verdicts of one family of claims alone."""
        return self.base / "families" / study / family

    def family_tables(self, study: str, family: str) -> Path:
        """Return the folder of the tables of one family of claims alone."""
        return self.family(study, family) / "tables"

    def notebook(self, name: str) -> Path:
        """Return the place of an executed notebook."""
        return self.base / "notebooks" / f"{name}.ipynb"

    def figures(self, study: str) -> Path:
        """Return the folder of the figures that a study's notebook drew."""
        return self.base / "figures" / study

    @property
    def report(self) -> Path:
        """Folder of the site."""
        return self.base / "report"

    def made(self, studies: Sequence[str]) -> list[Path]:
        """Return the folders that a whole run of studies makes; each has a list of its CONTENTS."""
        collected = self.name != FROM_PUBLISHED
        tables = [self.tables(study) for study in studies if collected]
        rendered = [f for study in studies for f in (self.judged(study), self.figures(study))]
        return [*tables, *rendered, self.report]

    @property
    def plan(self) -> Path:
        """The plan that the rules follow."""
        return self.base / "plan.json"
