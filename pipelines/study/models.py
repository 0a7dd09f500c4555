"""Frozen models of `study.yaml`. Unknown keys are refused; every default is the house's default."""

from datetime import date
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, model_validator

from pipelines.contracts.rules import RULES, Treatment
from pipelines.study.base import Code, Frozen, InsidePath, Monday
from pipelines.study.instruments import Instruments
from pipelines.study.proposals import Proposals

# A format is the FORMAT of a module of pipelines/sources; what it holds decides which settings a source has.
TimeFormat = Literal["kimai", "toggl", "clockify", "harvest", "solidtime", "tracker", "time_sheet"]
SurveyFormat = Literal["limesurvey", "form"]
# What links the questionnaires of one person: a code from an envelope, the survey's token, a code one makes oneself.
Linking = Literal["envelope", "token", "self_made"]


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
    actions: InsidePath | None = None
    decisions: InsidePath | None = None


# What a column of a `format: tracker` source may hold. Without `date`, `start` and `end` hold the day and the time.
TRACKER_ROLES = (
    "person", "date", "start", "end", "end_date", "duration", "process", "tool", "occurrences", "items", "errors",
)  # fmt: skip


class Source(Frozen):
    """One source of data: files of one format, and how its labels map to the study's codes."""

    id: Code
    format: Literal[TimeFormat, SurveyFormat]
    files: tuple[InsidePath, ...] = Field(min_length=1)  # globs, relative to the study folder
    # Questionnaires
    wave: Code | None = None
    person: str | None = None  # heading of the column that links a person's waves; null = every row is someone else
    team: str | None = None  # heading of the column that holds the team
    # Heading (code part) -> item, or item:process, item:tool, where they differ; in a tracker source heading -> role.
    columns: dict[str, str] = {}
    ignore: tuple[str, ...] = ()  # headings (code part, globs) read by nobody
    structure: InsidePath | None = None  # LimeSurvey's own description of the survey (.lss, or tab-separated .txt)
    submitted: str | None = None  # of a form: heading of the column that says when it was sent, when nothing else tells
    answers: Literal["labels", "codes"] = "labels"  # codes: Qualtrics' numbers are the codes of the instruments
    # Time
    process_column: str | None = None  # column of the tracker that names the process
    tool_column: str | None = None  # column of the tracker that names the tool (tags are split on commas)
    # Labels of the export -> codes; the codes and labels of the registers are known already.
    processes: dict[str, str] = {}
    tools: dict[str, str | None] = {}  # null = without AI
    overheads: dict[str, Literal["support", "measurement"]] = {}  # label of the process column -> kind of overhead
    date_order: Literal["ymd", "dmy", "mdy"] | None = None
    duration_unit: Literal["hours", "minutes", "seconds"] | None = None  # of durations written as plain numbers
    time_zone: str = "Europe/Paris"  # of the office: the days and hours of the study are local
    entry_is: Literal["occurrence", "session"] = "occurrence"  # session: those of one case are summed into one time
    case_column: str | None = None  # column of the tracker that names the case a session belongs to

    @model_validator(mode="after")
    def _timed(self) -> "Source":
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"time_zone: {self.time_zone!r} is not known; write for instance Europe/Paris") from None
        if self.case_column is not None and (self.is_survey or self.format == "time_sheet"):
            raise ValueError(f"`case_column:` is for trackers; a {self.format} source has no sessions")
        if (self.entry_is == "session") != (self.case_column is not None):
            raise ValueError("`entry_is: session` and `case_column:` go together: sessions of one case are summed")
        return self

    @model_validator(mode="after")
    def _declared(self) -> "Source":
        if self.format != "tracker":
            return self
        roles = list(self.columns.values())
        if unknown := sorted(set(roles) - set(TRACKER_ROLES)):
            raise ValueError(
                f"columns: {', '.join(unknown)} is not what a column may hold; write `heading: role`, with the roles "
                f"{', '.join(TRACKER_ROLES)}"
            )
        if twice := sorted({r for r in roles if roles.count(r) > 1}):
            raise ValueError(f"columns: two columns are the {', '.join(twice)}: keep one")
        lacking = [r for r in ("person", "process") if r not in roles]
        if not {"date", "start"}.intersection(roles):
            lacking.append("date (or start, with the day and the time)")
        if "duration" not in roles and not {"start", "end"} <= set(roles):
            lacking.append("duration (or start and end)")
        if lacking:
            raise ValueError(f"columns: a tracker source needs a column for {', '.join(lacking)}")
        if self.process_column or self.tool_column:
            raise ValueError("process_column, tool_column: name these columns under `columns:` in a tracker source")
        return self

    @model_validator(mode="after")
    def _of_forms(self) -> "Source":
        if self.format != "form" and (self.submitted is not None or self.answers != "labels"):
            raise ValueError(f"`submitted:` and `answers:` are for `format: form`; {self.format} says it itself")
        return self

    @model_validator(mode="after")
    def _complete(self) -> "Source":
        if self.is_survey and self.wave is None:
            raise ValueError(f"a {self.format} source needs `wave:`")
        if self.structure is not None and self.format != "limesurvey":
            raise ValueError("only a limesurvey source has a `structure:`")
        return self

    @property
    def is_survey(self) -> bool:
        """It holds answers to a questionnaire, not time."""
        return self.format in get_args(SurveyFormat)


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
    open_licence: str | None = None  # licence under which the open tables may be reused
    calendar: Calendar
    waves: tuple[Wave, ...] = ()
    registers: Registers = Registers()
    sources: tuple[Source, ...] = ()
    linking: Linking = "envelope"
    teams_without_time: tuple[Code, ...] = ()  # teams of the register that send no time data, knowingly
    start_groups_drawn_by_lot: bool = False
    start_groups_chosen_by_teams: bool = False
    quarantine: dict[str, int] = {}  # rule -> most rows that may be set aside; any other rule stops the run
    treatments: dict[str, Treatment] = {}  # rule -> what becomes of rows that break it, where the house lets choose
    thresholds: Thresholds = Thresholds()
    proposals: Proposals = Proposals()
    privacy: Privacy = Privacy()
    governance: Governance = Governance()
    satisfaction: Satisfaction = Satisfaction()
    distributions: tuple[Code, ...] = ()  # items whose distribution is published
    instruments: Instruments = Instruments()  # added to the house's; same code = what is given replaces the house's

    @model_validator(mode="after")
    def _treated(self) -> "Study":
        for rule, treatment in self.treatments.items():
            choices = RULES[rule].treatments if rule in RULES else ()
            if len(choices) < 2:
                open_rules = ", ".join(name for name, known in RULES.items() if len(known.treatments) > 1)
                raise ValueError(f"treatments: {rule} leaves no choice; rules that do: {open_rules}")
            if treatment not in choices:
                raise ValueError(f"treatments: {rule} may be {' or '.join(choices)}, not {treatment}")
        return self

    def kept(self) -> frozenset[str]:
        """Rules whose rows are accepted and counted."""
        return frozenset(n for n, rule in RULES.items() if self.treatments.get(n, rule.treatment) == "keep")

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
