"""What is spoilt: small studies around real files, one per format, each of which a run would go through."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.study.load import load_study
from pipelines.study.models import Study
from tests import test_forms, test_trackers_to_clean
from tests.fuzz.grid import Grid, parse, workbook

ROOT = Path(__file__).parents[2]
DEMO, PUBLIC, TESTS = ROOT / "data" / "raw" / "demo", ROOT / "data" / "raw" / "rse-uk-2017", ROOT / "tests"
CLOSED = 12  # different answers at most
COLUMNS = 60  # of a real export: all of them take half a second a case
# Registers of the demonstration as small studies need them; people come as text, faster to read than a workbook.
_REGISTERS = {name: f"registers/{name}.csv" for name in ("teams", "tools", "processes", "deployments")}
_TIME = {**_REGISTERS, "people_time": "registers/people_time.csv"}
_SURVEY = {**_REGISTERS, "people_survey": "registers/people_survey.csv"}


@dataclass(frozen=True)
class Subject:
    """A study in `files` (relative path -> bytes).

    `spoilt`: the files cases are about. `dates`: heading -> order of a column of dates; `numbers`, `minutes`: headings
    of plain numbers, and of minutes typed by hand. `below`: rows under the header that are headings too. `fixed`: first
    columns that cannot move. `declared`: study.yaml says how dates are written. `counted_twice`: two equal rows are two
    things. `alone`: respondents are known by their line.
    """

    name: str
    study: Study
    files: dict[str, bytes]
    spoilt: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    dates: dict[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    minutes: tuple[str, ...] = ()
    below: int = 0
    fixed: int = 0
    declared: bool = False
    counted_twice: bool = False
    alone: bool = False
    sheets: dict[str, list[list[object]]] = field(default_factory=dict)  # of its workbook, as typed


@cache
def subjects() -> dict[str, Subject]:
    """Every subject by name, the same on every machine."""
    found = [
        _sheet(), _typed_sheet(),
        _tracker("kimai", {"Date": "ymd"}), _tracker("toggl", {"Start date": "ymd", "End date": "ymd"}),
        _tracker("clockify", {"Start Date": "dmy", "End Date": "dmy"}, declared=True),
        *_profiles(), *_other_trackers(), _codes(), _labels(), _public(),
        _real("two_header_rows", "models_german.csv", below=1), _real("index_column", "rse_zaf.csv", fixed=1),
        *_forms(), _registers(),
    ]  # fmt: skip
    return {s.name: s for s in found}


def whole_demo() -> Subject:
    """The demonstration study as it is committed."""
    study = load_study(DEMO).study
    files = {p.relative_to(DEMO).as_posix(): p.read_bytes() for p in sorted(DEMO.rglob("*")) if p.is_file()}
    return Subject(
        "demo", study, files, tuple(f for f in files if f.startswith(("temps", "quest"))), _identities(files)
    )


def _some(data: bytes, first: int, step: int) -> bytes:
    """The first records of a file, then one in `step`."""
    grid = parse(data)
    rows = grid.records[1:]
    return grid.with_records(grid.records[0], *rows[:first], *rows[first::step]).bytes()


def _demo(name: str, files: dict[str, bytes], registers: dict[str, str], sources: list[dict[str, object]],
          **more: object) -> Subject:  # fmt: skip
    """A study on a part of the demonstration: its registers, its calendar, the waves of its sources."""
    demo = _study()
    waves = {s["wave"] for s in sources if "wave" in s}
    plain = demo.model_dump(exclude={"instruments", "registers", "sources", "waves", "quarantine"})
    study = Study.model_validate({
        **plain, "study": f"fuzz-{name.replace('_', '-')}", "registers": registers, "sources": sources,
        "waves": [w.model_dump() for w in demo.waves if w.wave in waves], "distributions": (),
        "teams_without_time": [f"E{n:02}" for n in range(1, 11)],
    }).model_copy(update={"instruments": demo.instruments})  # fmt: skip
    files = {**_demo_registers(registers.values()), **files}
    spoilt = tuple(f for f in files if f not in registers.values())
    return Subject(name, study, files, spoilt, _identities(files), **more)  # type: ignore[arg-type]


@cache
def _people() -> bytes:
    people = pl.read_excel(DEMO / "registers" / "people_time.xlsx", infer_schema_length=0)
    return people.write_csv(separator=";").encode()


@cache
def _study() -> Study:
    return load_study(DEMO).study


def _demo_registers(files: Iterable[str]) -> dict[str, bytes]:
    return {f: _people() if "people_time" in f else (DEMO / f).read_bytes() for f in files}


_NAMES = re.compile(
    r"(?i)^(name|user|email|e-mail|sheet_code|code|mon code|code\..*|tracker_user|votre code|adresse e-mail|agent|"
    r"first name|last name)$"
)


def _identities(files: dict[str, bytes]) -> tuple[str, ...]:
    """Cells of the columns that name people, wherever they stand, but for words too short to tell."""
    found: set[str] = {
        w for w in ("192.0.2.", "@example.org", "secret") if any(w.encode() in f for f in files.values())
    }
    for name, data in files.items():
        if not name.endswith(".csv"):
            continue
        grid = parse(data)
        named = [i for i, h in enumerate(grid.header) if _NAMES.search(h.strip())]
        found |= {r[i].text.strip().lower() for r in grid.records[1:] for i in named if i < len(r)}
    return tuple(sorted(w for w in found if len(w) > 5))


# --------------------------------------------------------------------------------------------------------------- time
def _settings(source: str, **changes: object) -> dict[str, object]:
    found = next(s for s in _study().sources if s.id == source)
    return {**found.model_dump(exclude_unset=True), **changes}


def _sheet() -> Subject:
    files = {f"temps/{f}": _some((DEMO / "temps" / f).read_bytes(), 25, 60)
             for f in ("feuille_E03.csv", "feuille_E07.csv", "semaines_E03.csv")}  # fmt: skip
    minutes = ("Durée totale en min, tout compris", "dont consigne", "dont vérification et reprise")
    return _demo("sheet", files, _TIME, [_settings("feuilles_csv")], dates={"Date": "dmy", "Semaine (lundi)": "dmy"},
                 numbers=("Heures travaillées", "Nombre d'éléments"), minutes=minutes, declared=True,
                 counted_twice=True)  # fmt: skip


def _typed_sheet() -> Subject:
    """A workbook as hands fill it in: dates and numbers as cells of their own, a sheet of help, a sheet of weeks."""

    def typed(text: str) -> object:
        if re.fullmatch(r"\d{2}/\d{2}/\d{4}", text):
            return datetime.strptime(text, "%d/%m/%Y")
        return float(text.replace(",", ".")) if re.fullmatch(r"\d+(?:,\d+)?", text) else text or None

    names = {"Saisie": "feuille_E04.csv", "Semaines": "semaines_E04.csv"}
    sheets: dict[str, list[list[object]]] = {"Aide": [["Une ligne par tâche"], ["Sans nom"]]}
    for sheet, file in names.items():
        grid = parse(_some((DEMO / "temps" / file).read_bytes(), 25, 90))
        sheets[sheet] = [list(grid.header), *([typed(c.text) for c in r] for r in grid.records[1:])]
    return _demo("typed_sheet", {"temps/feuille_E04.xlsx": workbook(sheets)}, _TIME, [_settings("feuilles_classeur")],
                 counted_twice=True, sheets=sheets)  # fmt: skip


def _tracker(fmt: str, dates: dict[str, str], *, declared: bool = False) -> Subject:
    file = f"temps/{fmt}.csv"
    files = {file: _some((DEMO / file).read_bytes(), 30, 35)}
    numbers = ("Duration (decimal)",)
    return _demo(fmt, files, _TIME, [_settings(fmt)], dates=dates, declared=declared, numbers=numbers)


def _rewritten(name: str, fmt: str, changes: dict[str, Callable[[str], str]], dates: dict[str, str],
               **settings: object) -> Subject:  # fmt: skip
    """A tracker's export as another user's profile writes it."""
    grid = parse(_tracker(fmt, {}).files[f"temps/{fmt}.csv"])
    at = {i: changes[h] for i, h in enumerate(grid.header) if h in changes}
    rows = [tuple(c._replace(text=at[i](c.text)) if i in at and c.text else c for i, c in enumerate(r))
            for r in grid.records[1:]]  # fmt: skip
    files = {f"temps/{fmt}.csv": grid.with_records(grid.records[0], *rows).bytes()}
    source = {k: v for k, v in {**_settings(fmt), **settings}.items() if v is not None}
    return _demo(name, files, _TIME, [source], dates=dates)


def _profiles() -> list[Subject]:
    """Kimai in seconds and in decimal hours, Clockify as in America: what is decided on the whole file."""

    def minutes(clock: str) -> int:
        return int(clock.split(":")[0]) * 60 + int(clock.split(":")[1])

    def american(day: str) -> str:
        return f"{int(day[3:5])}/{int(day[:2])}/{day[6:]}"

    def half_days(time: str) -> str:
        hour = int(time[:2])
        return f"{hour % 12 or 12}{time[2:]} {'PM' if hour >= 12 else 'AM'}"

    days = {"Start Date": american, "End Date": american, "Start Time": half_days, "End Time": half_days}
    return [
        _rewritten("kimai_seconds", "kimai", {"Duration": lambda c: str(minutes(c) * 60)}, {"Date": "ymd"}),
        _rewritten("kimai_hours", "kimai", {"Duration": lambda c: f"{minutes(c) / 60:.2f}"}, {"Date": "ymd"}),
        _rewritten("clockify_american", "clockify", days, {}, date_order=None),
    ]


def _other_trackers() -> list[Subject]:
    """Harvest, solidtime, Clockify's summary and a declared tracker, from the literals of their tests."""
    literal = test_trackers_to_clean.FILES
    people, work = "Agnès Martineau", "Courriels récurrents"
    registers = {n: f"{n}.csv" for n in ("teams", "processes", "tools")} | {"people_time": "people.csv"}
    base = {f: literal[f].encode() for f in registers.values()}
    base["people.csv"] = f"email;tracker_user;name;team;role\nagnes@example.org;user-1234;{people};E1;agent\n".encode()
    days = [f"2026-03-{d:02}" for d in range(2, 28)]
    exports = {
        "harvest": ("Date,Client,Project,Project Code,Task,Notes,Hours,First Name,Last Name\n" + "".join(
            f'{d},C,P,,{work},secret de {n},"{n % 5},{n % 4 * 25:02}",Agnès,Martineau\n'
            for n, d in enumerate(days, 1))),
        "solidtime": ("id,description,start,end,type,user_id,project_id,tags\n" + "".join(
            f'{n},secret,{d}T08:00:00Z,{d}T08:{n + 10}:00Z,work,user-1234,courriels,"[""assistanta""]"\n'
            for n, d in enumerate(days, 1))),
        "summary": ('"Date","User","Project","Time (h)","Time (decimal)"\n' + "".join(
            f'"{d}","{people}","{work}","01:{n + 10}:00","{1 + (n + 10) / 60:.4f}"\n' for n, d in enumerate(days, 1))),
        "declared": ("Jour;Agent;Tâche;Durée;Fois;Commentaire\n" + "".join(
            f"{d[8:]}/{d[5:7]}/{d[:4]};agnes@example.org;courriels;{n + 10},5;{n % 3 + 1};secret\n"
            for n, d in enumerate(days, 1))),
    }  # fmt: skip
    sources: dict[str, dict[str, object]] = {
        "harvest": {"format": "harvest"}, "solidtime": {"format": "solidtime"}, "summary": {"format": "clockify"},
        "declared": {"format": "tracker", "duration_unit": "minutes", "columns": {
            "Jour": "date", "Agent": "person", "Tâche": "process", "Durée": "duration", "Fois": "occurrences"}},
    }  # fmt: skip
    dates = {"harvest": {"Date": "ymd"}, "summary": {"Date": "ymd"}, "declared": {"Jour": "dmy"}, "solidtime": {}}
    numbers = {"harvest": ("Hours",), "declared": ("Durée",)}
    plain = _study().model_dump(include={"title", "organisation", "calendar"})
    found = []
    for name, text in exports.items():
        study = Study.model_validate({
            **plain, "study": f"fuzz-{name}", "fictional": True, "public_pseudonym_key": True, "registers": registers,
            "treatments": {"summed_entries": "keep"}, "teams_without_time": ["E1"],
            "sources": [{"id": name, "files": ["export.csv"], **sources[name]}]})  # fmt: skip
        files = {**base, "export.csv": text.encode()}
        found.append(Subject(
            name, study, files, ("export.csv",), _identities(files), dates=dates[name], numbers=numbers.get(name, ()),
            counted_twice=name in ("harvest", "declared")))  # fmt: skip
    return found


# ------------------------------------------------------------------------------------------------------ questionnaires
def _codes() -> Subject:
    """LimeSurvey as codes, everything quoted, with addresses of machines."""
    grid = parse((DEMO / "questionnaires" / "resultats_t0.csv").read_bytes())
    code, rows = grid.header.index("CODE"), []
    for record in grid.records[1:30]:  # one response per person: which of two counts is another matter
        if record[code].text and record[code].text not in [r[code].text for r in rows]:
            rows.append(record)
    data = grid.with_records(grid.records[0], *rows).bytes()
    return _demo(
        "codes", {"questionnaires/resultats_t0.csv": data}, _SURVEY, [_settings("t0")], numbers=("TP1[SQ001]",)
    )


def _labels() -> Subject:
    """LimeSurvey as full text under `code. text`, with a column of free text."""
    data = _some((DEMO / "questionnaires" / "resultats_t1.csv").read_bytes(), 30, 1000)
    grid = parse(data)
    code = grid.header.index(next(h for h in grid.header if h.startswith("CODE")))
    known = parse((DEMO / "registers" / "people_survey.csv").read_bytes())
    codes = {r[0].text for r in known.records[1:]}
    rows = {r[code].text: r for r in grid.records[1:] if r[code].text in codes}
    data = grid.with_records(grid.records[0], *rows.values()).bytes()
    return _demo("labels", {"questionnaires/resultats_t1.csv": data}, _SURVEY, [_settings("t1")])


def _public() -> Subject:
    study = load_study(PUBLIC).study
    data = _some((PUBLIC / "questionnaires" / "public_2017_uk.csv").read_bytes(), 40, 1000)
    name = "questionnaires/public_2017_uk.csv"
    return Subject("public", study, {name: data}, (name,), alone=True, fixed=1)


def survey_of(name: str, grid: Grid, file: str, *, below: int = 0, fixed: int = 0, fmt: str = "limesurvey") -> Study:
    """A study whose items are the closed questions of a real export, whatever they ask."""
    columns = [[r[i].text for r in grid.records[1 + below :] if i < len(r)] for i in range(len(grid.header))]
    header, question = list(grid.header), ""
    if below and fmt == "limesurvey":
        for i, (first, second) in enumerate(zip(*grid.records[:2], strict=True)):
            question = first.text or question
            header[i] = f"{question} [{second.text}]"
    named = [h if header.count(h) == 1 else f"{h}#{header[: i + 1].count(h)}" for i, h in enumerate(header)]
    items, mapped, ignored = [], {}, []
    for i, (heading, cells) in enumerate(zip(named, columns, strict=True)):
        answers = sorted({c for c in cells if c})
        plain = {" ".join(a.lower().split()) for a in answers}
        if i < fixed or heading in ("Antwort ID", "Response ID", "id") or (fmt == "form" and heading[:1] != "Q"):
            continue
        if 1 <= len(answers) <= CLOSED and len(plain) == len(answers):
            mapped[heading] = f"I{i}"
            items.append({"item": f"I{i}", "text": f"I{i}", "answers": [
                {"code": f"a{k}", "label": a, "value": k} for k, a in enumerate(answers)]})  # fmt: skip
        else:
            ignored.append(heading)
    return Study.model_validate({
        "study": f"fuzz-{name.replace('_', '-')}", "title": "t", "organisation": "o", "public_pseudonym_key": True,
        "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
        "waves": [{"wave": "T0", "label": "T0", "role": "single", "opens": "2010-02-02", "closes": "2026-02-15"}],
        "sources": [{"id": "q", "format": fmt, "files": [file], "wave": "T0", "columns": mapped, "ignore": ignored,
                     **({"answers": "codes"} if fmt == "form" else {})}], "instruments": {"items": items}})  # fmt: skip


def _real(name: str, file: str, *, below: int = 0, fixed: int = 0) -> Subject:
    """A real export, its first columns."""
    grid = parse((TESTS / "lime_exports" / file).read_bytes())
    grid = grid.with_records(*(r[:COLUMNS] for r in grid.records))
    data, study = grid.bytes(), survey_of(name, grid, file, below=below, fixed=fixed)
    return Subject(name, study, {file: data}, (file,), below=below, fixed=fixed, alone=True)


def _forms() -> list[Subject]:
    """Google Forms, Framaforms and Qualtrics, from the literals of their tests, grown."""
    google = test_forms.GOOGLE.splitlines()[0]
    codes = [r[0].text for r in parse((DEMO / "registers" / "people_survey.csv").read_bytes()).records[1:20]]
    said = ["Satisfait", "Peu satisfait", "Très satisfait"]
    lines = [f'{n + 10:02}/02/2026 09:1{n % 10}:45,ada{n}@example.org,{code},{n % 8},'
             f'"Courriel, Agenda",{said[n % 3]},secret'
             for n, code in enumerate(codes[:9])]  # fmt: skip
    qualtrics = test_forms.LABELS.splitlines()
    lines_q = [f"2026-02-{n + 10:02} 09:00:00,2026-02-{n + 10:02} 09:05:00,IP Address,100,True,R_{n},"
               f"ada{n}@example.org,"
               f"{('Tout le temps', 'Jamais')[n % 2]},{('-99', 'Satisfait')[n % 2]}" for n in range(9)]  # fmt: skip
    frama = [*test_forms.FRAMAFORMS[2:3]] + [
        [str(n), str(900 + n), f"{n + 10}/02/2026 - 09:00", f"{n + 10}/02/2026 - 09:05", "x", "0", "192.0.2.1", "0",
         "", code, said[n % 3], "", "X", ""] for n, code in enumerate(codes[:9])]  # fmt: skip
    texts = {
        "google": "\n".join([google, *lines, ""]), "qualtrics": "\n".join([*qualtrics[:2], *lines_q, ""]),
        "framaforms": "".join("\t".join(f'"{c}"' for c in row) + "\n" for row in frama),
    }  # fmt: skip
    settings: dict[str, dict[str, object]] = {
        "google": {**test_forms.GOOGLE_SETTINGS},
        "qualtrics": {"columns": {"Q1": "BE1", "Assistant A": "SO1:assistanta"}},
        "framaforms": {"person": "Votre code", "columns": {"Assistant A": "SO1:assistanta"},
                       "ignore": ["Assistant B", "Courriel", "Agenda"]},
    }  # fmt: skip
    dates = {"google": {"Horodateur": "dmy"}}
    found = []
    for name, text in texts.items():
        source = {"id": name, "format": "form", "files": ["form.csv"], "wave": "T0", **settings[name]}
        found.append(_demo(name, {"form.csv": text.encode()}, _SURVEY, [source], dates=dates.get(name, {}),
                           below=int(name == "qualtrics"), alone=name == "qualtrics"))  # fmt: skip
    return found


# ----------------------------------------------------------------------------------------------------------- registers
def _registers() -> Subject:
    """The registers themselves are spoilt; one time sheet and one questionnaire look things up in them."""
    kimai = {"temps/kimai.csv": _some((DEMO / "temps" / "kimai.csv").read_bytes(), 30, 100)}
    more = {n: f"registers/{n}.csv" for n in ("training", "incidents", "recommendations")}
    training = _some((DEMO / more["training"]).read_bytes(), 20, 20)
    subject = _demo("registers", {**kimai}, {**_TIME, **more}, [_settings("kimai")])
    files = {**subject.files, more["training"]: training}
    return replace(subject, files=files, spoilt=tuple(sorted([*_TIME.values(), *more.values()])),
                   dates={"go_live": "ymd", "date": "ymd"})  # fmt: skip
