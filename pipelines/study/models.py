"""Frozen models of `study.yaml`. Unknown keys are refused; every default is the house's default."""

from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    """Base of every model: immutable, no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _inside(path: str) -> str:
    pure = PurePosixPath(path.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
        raise ValueError("must stay inside the study folder: no '..', no absolute path")
    return str(pure)


def _monday(day: date) -> date:
    if day.weekday() != 0:
        monday = day - timedelta(days=day.weekday())
        raise ValueError(f"{day} is not a Monday; the Monday of that week is {monday}")
    return day


InsidePath = Annotated[str, AfterValidator(_inside)]
Monday = Annotated[date, AfterValidator(_monday)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=40)]


class Closure(Frozen):
    """Days when the establishment is closed: no entry is expected."""

    first: date
    last: date
    label: str

    @model_validator(mode="after")
    def _ordered(self) -> "Closure":
        if self.last < self.first:
            raise ValueError(f"the closure ends ({self.last}) before it starts ({self.first})")
        return self


class Calendar(Frozen):
    """The window of measurement: [measurement_start, measurement_end), both Mondays."""

    measurement_start: Monday
    measurement_end: Monday
    as_of: date  # data are read as of this day: verdicts need as_of >= measurement_end
    closures: tuple[Closure, ...] = ()
    measured_weeks: tuple[Monday, ...] = ()  # weeks when the log is expected; empty = every week

    @model_validator(mode="after")
    def _ordered(self) -> "Calendar":
        if self.measurement_start >= self.measurement_end:
            raise ValueError("measurement_end must come after measurement_start")
        return self


class Wave(Frozen):
    """One wave of questionnaires."""

    wave: Code
    label: str
    role: Literal["baseline", "pulse", "end", "single"]
    opens: date
    closes: date

    @model_validator(mode="after")
    def _ordered(self) -> "Wave":
        if self.closes < self.opens:
            raise ValueError(f"the wave closes ({self.closes}) before it opens ({self.opens})")
        return self


class Registers(Frozen):
    """Files of the registers (CSV `;` or XLSX), relative to the study folder. A study may lack any of them."""

    teams: InsidePath | None = None
    people_time: InsidePath | None = None
    people_survey: InsidePath | None = None
    tools: InsidePath | None = None
    processes: InsidePath | None = None
    deployments: InsidePath | None = None
    training: InsidePath | None = None
    checked_samples: InsidePath | None = None
    incidents: InsidePath | None = None
    recommendations: InsidePath | None = None


class Source(Frozen):
    """One source of data: files of one format, and how its labels map to the study's codes."""

    id: Code
    format: Literal["kimai", "toggl", "clockify", "time_sheet", "limesurvey"]
    files: tuple[InsidePath, ...] = Field(min_length=1)  # globs, relative to the study folder
    # Questionnaires
    wave: Code | None = None
    person: str | None = None  # heading of the column that links a person's waves; null = every row is someone else
    team: str | None = None  # heading of the column that holds the team
    columns: dict[str, str] = {}  # heading (code part) -> item, or item:process, item:tool, where they differ
    ignore: tuple[str, ...] = ()  # headings (code part, globs) read by nobody
    # Time
    process_column: str | None = None  # column of the tracker that names the process
    tool_column: str | None = None  # column of the tracker that names the tool (tags are split on commas)
    # Labels of the export -> codes; the codes and labels of the registers are known already.
    processes: dict[str, str] = {}
    tools: dict[str, str | None] = {}  # null = without AI
    overheads: dict[str, Literal["support", "measurement"]] = {}  # label of the process column -> kind of overhead
    date_order: Literal["ymd", "dmy", "mdy"] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Source":
        if self.format == "limesurvey" and self.wave is None:
            raise ValueError("a limesurvey source needs `wave:`")
        return self


class Thresholds(Frozen):
    """Success thresholds of the four primary indicators and of the time per task."""

    net_hours: float = 0.5  # hours per agent and week, at least
    errors: float = 0.90  # rate ratio, at most
    errors_guardrail: float = 1.15  # rate ratio, at most
    wellbeing: float = -5.0  # WHO-5 points, at least
    satisfaction: float = 60.0  # % satisfied, at least
    time_per_task: float = -10.0  # %, at most


class Privacy(Frozen):
    """Thresholds below which nothing is printed."""

    min_persons: int = Field(5, ge=5)
    min_persons_sensitive: int = Field(10, ge=10)
    min_persons_distribution: int = Field(10, ge=10)
    top1_share: float = Field(0.50, gt=0, le=0.5)
    top2_share: float = Field(0.85, gt=0, le=0.85)
    p_percent: float = Field(10.0, ge=10)
    publish_named: bool = False
    publish_team_wellbeing: bool = False


class Governance(Frozen):
    """Dates of the steps that make the evaluation lawful; empty on a real study = a band in every report."""

    dpo_opinion: date | None = None
    aipd: date | None = None
    csa_information: date | None = None
    notice_sent: date | None = None


class Satisfaction(Frozen):
    """What « satisfied » means in this study."""

    item: Code = "SO1"
    satisfied_from: float = 4


class Answer(Frozen):
    """One possible answer to an item."""

    code: str
    label: str
    value: float | None = None  # null: an answer without numeric value (don't know, prefer not to say)
    aliases: tuple[str, ...] = ()


class Item(Frozen):
    """One question of an instrument. `answers` empty: a number between minimum and maximum, or free text."""

    item: Code
    text: str
    kind: Literal["choice", "number", "text", "code"] = "choice"
    answers: tuple[Answer, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    per: Literal["person", "process", "tool"] = "person"
    reversed: bool = False
    sensitive: bool = False


class Scale(Frozen):
    """Items scored together by the half rule, rescaled to [out_minimum, out_maximum]."""

    scale: Code
    label: str
    items: tuple[Code, ...]
    out_minimum: float = 0
    out_maximum: float = 100
    sensitive: bool = False


class Instruments(Frozen):
    """Items and scales of a study."""

    items: tuple[Item, ...] = ()
    scales: tuple[Scale, ...] = ()

    def item(self, code: str) -> Item | None:
        """The item of that code, or None."""
        return next((i for i in self.items if i.item == code), None)


class Study(Frozen):
    """The whole study file."""

    study: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
    title: str
    organisation: str
    organisation_unit: str = ""
    fictional: bool = False
    public_pseudonym_key: bool = False  # demonstration data only: the key is derived from the study's name
    language: Literal["fr", "en"] = "fr"
    attribution: str | None = None  # licence and authors of data that come from somebody else
    calendar: Calendar
    waves: tuple[Wave, ...] = ()
    registers: Registers = Registers()
    sources: tuple[Source, ...] = ()
    teams_without_time: tuple[Code, ...] = ()  # teams of the register that send no time data, knowingly
    start_groups_drawn_by_lot: bool = False
    start_groups_chosen_by_teams: bool = False
    quarantine: dict[str, int] = {}  # rule -> most rows that may be set aside; any other rule stops the run
    thresholds: Thresholds = Thresholds()
    privacy: Privacy = Privacy()
    governance: Governance = Governance()
    satisfaction: Satisfaction = Satisfaction()
    distributions: tuple[Code, ...] = ()  # items whose distribution is published
    instruments: Instruments = Instruments()  # added to the house's instruments; same code = replaced

    @model_validator(mode="after")
    def _consistent(self) -> "Study":
        ids = [s.id for s in self.sources]
        if repeated := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"two sources are called {', '.join(repeated)}: give each its own id")
        has_people = self.registers.people_time or self.registers.people_survey
        if self.public_pseudonym_key and not self.fictional and has_people:
            raise ValueError(
                "public_pseudonym_key lets anyone compute the pseudonyms again: it is for fictional studies, and for "
                "public data without people; remove it"
            )
        codes = [w.wave for w in self.waves]
        if twice := sorted({c for c in codes if codes.count(c) > 1}):
            raise ValueError(f"two waves are called {', '.join(twice)}: give each its own code")
        waves = set(codes)
        for source in self.sources:
            if source.wave is not None and source.wave not in waves:
                known = ", ".join(sorted(waves))
                raise ValueError(f"source {source.id}: wave {source.wave} is not among the waves ({known})")
        return self

    def wave_of_role(self, role: str) -> str | None:
        """Code of the first wave with that role, or None."""
        return next((w.wave for w in self.waves if w.role == role), None)

    @property
    def is_over(self) -> bool:
        """The end wave is reached: verdicts may be given."""
        return self.calendar.as_of >= self.calendar.measurement_end
