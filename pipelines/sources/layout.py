"""The headings of a tracker's export: which column holds what, in which languages.

Belongs here: what the file of a tracker declares. Reading with it is in tracker.py, what rows mean in tracker_rows.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.sources.values import DurationUnit, fold
from pipelines.study.models import Source

CASE = "Case"  # raw column of what `case_column:` of study.yaml names


@dataclass(frozen=True)
class Layout:
    """The headings of one kind of export. `headings`: canonical (English) -> the same in other languages and versions.

    `start` and `date` are the same column when one cell holds both. What is None, the format does not have.
    """

    product: str
    headings: dict[str, tuple[str, ...]]
    identifiers: tuple[str, ...]
    mandatory: tuple[str, ...]
    date: str
    process: str  # the column that names the process unless study.yaml says otherwise
    start: str | None = None
    end: str | None = None
    end_date: str | None = None
    duration: str | None = None
    stand_in: str | None = None  # the column of durations where that one is absent
    tool: str = "Tags"  # not among the headings: the tracker has no such column
    unit: DurationUnit | None = "clock"  # of plain numbers among the durations; None: decided on each file
    kind: str | None = None  # the column that tells work from breaks and absences
    person_parts: tuple[str, ...] = ()  # columns that together make the last of `identifiers`
    sums: bool = False  # rows add entries up
    only_others: bool = False  # the file names its columns as `headings` says and never by the canonical heading
    canonical: dict[str, str] = field(init=False)  # folded heading -> canonical heading

    def __post_init__(self) -> None:
        named = {name: others if self.only_others else (name, *others) for name, others in self.headings.items()}
        folded = {fold(h): name for name, all_names in named.items() for h in all_names}
        object.__setattr__(self, "canonical", folded)

    def translate(self, header: Iterable[str]) -> list[str | None]:
        """The canonical heading of each column; None when the tracker has no such column."""
        return [self.canonical.get(fold(h)) for h in header]

    def named(self, heading: str | None, default: str) -> str:
        """The raw column a setting of study.yaml means."""
        return default if heading is None else self.canonical.get(fold(heading), heading)

    def missing(self, header: Iterable[str]) -> list[str]:
        """What the header lacks: mandatory columns, and one that names the person."""
        have = set(self.translate(header))
        if self.person_parts and have.issuperset(self.person_parts):
            have.add(self.identifiers[-1])
        if self.stand_in is not None and self.stand_in in have:
            have.add(self.duration)
        missing = [c for c in self.mandatory if c not in have]
        return missing if have.intersection(self.identifiers) else [*missing, " or ".join(self.identifiers)]

    def label_columns(self, source: Source) -> tuple[str, str]:
        """The raw columns that name the process and the tool, as study.yaml says or by default."""
        return self.named(source.process_column, self.process), self.named(source.tool_column, self.tool)

    @property
    def whole_moments(self) -> bool:
        """Start and end hold the day and the time in one cell."""
        return self.start == self.date
