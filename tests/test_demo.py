"""The demonstration study: the committed files are what the generator writes, the readers set aside what it planted.

After a wanted change of the generator, `python -m tests.test_demo` writes the study and truths_demo.json again.
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.clean.pseudonyms import load_keys
from pipelines.clean.registers import read_registers
from pipelines.contracts.rules import RULES
from pipelines.demo import Demo, generate, write_demo
from pipelines.demo.design import GO_LIVE
from pipelines.study.load import load_study
from tests.conftest import DEMO, ROOT, identities_of
from tests.tables import tables_of

TRUTHS = Path(__file__).parent / "truths_demo.json"
MOST_BYTES = 3_000_000
# Real suppliers, tools and universities: none may appear. Words of the export formats themselves are not among them.
REAL_NAMES = (
    "openai", "chatgpt", "gpt", "copilot", "microsoft", "office 365", "mistral", "le chat", "anthropic", "claude",
    "gemini", "google", "deepl", "llama", "albert", "perplexity", "deepseek", "hugging ?face", "sorbonne", "nanterre",
    "saclay", "dauphine", "sciences po", "aix-marseille", "jean jaur[eè]s", "paul[- ]val[eé]ry", "bordeaux montaigne",
)  # fmt: skip
_REAL_NAME = re.compile(rf"(?<![^\W_])(?:{'|'.join(REAL_NAMES)})(?![^\W\d_])", re.IGNORECASE)


@dataclass(frozen=True)
class Clean:
    """The clean tables of a study folder, and what the readers complained of."""

    tables: dict[str, pl.DataFrame]
    problems: list[str]

    def rules(self) -> dict[str, int]:
        """Rows not accepted, by rule."""
        rejected = pl.concat([frame for name, frame in self.tables.items() if name.startswith("clean.rejected_")])
        return dict(rejected.group_by("rule").len().iter_rows())


def _clean(folder: Path) -> Clean:
    loaded = load_study(folder)
    registers = read_registers(loaded, load_keys(loaded))
    raw, clean = tables_of(loaded, registers)
    return Clean(clean.tables, [str(p) for p in (*raw.problems, *clean.problems)])


@pytest.fixture(scope="module")
def demo() -> Demo:
    return generate()


@pytest.fixture(scope="module")
def clean() -> Clean:
    return _clean(DEMO)


def test_the_committed_study_is_what_the_generator_writes(demo: Demo, tmp_path: Path):
    write_demo(tmp_path)
    committed = {p.relative_to(DEMO).as_posix(): p.read_bytes() for p in DEMO.rglob("*") if p.is_file()}
    written = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert sorted(committed) == sorted(written)
    assert [name for name in committed if committed[name] != written[name]] == []
    assert written == demo.files
    assert sum(map(len, committed.values())) < MOST_BYTES


def test_the_truths_are_those_of_the_committed_study(demo: Demo):
    assert json.loads(TRUTHS.read_text("utf-8")) == demo.truths


def test_only_what_was_planted_is_set_aside(demo: Demo, clean: Clean):
    assert clean.problems == []
    accounts = clean.tables["clean.accounts"].select("source_file", "received", "accepted", "set_aside", "duplicates")
    found = {name: tuple(counts) for name, *counts in accounts.iter_rows() if not name.startswith("registers/")}
    files = {name: {k: v for k, v in f.items() if k != "rules"} for name, f in demo.truths["files"].items()}
    assert found == {name: tuple(f.values()) for name, f in files.items()}
    assert clean.rules() == {**demo.truths["set_aside"], **demo.truths["duplicates"]}
    assert load_study(DEMO).study.quarantine == {r: n for r, n in clean.rules().items() if RULES[r].consent}


def test_the_lines_read_back_carry_the_minutes_drawn(demo: Demo, clean: Clean):
    entries, presence = clean.tables["clean.time_entries"], clean.tables["clean.presence"]
    first = clean.tables["clean.deployments"].group_by("team").agg(pl.col("go_live").min())
    treated = pl.col("week") >= pl.col("go_live")
    realised = demo.truths["realised"]
    weeks = presence.join(first, on="team").filter(treated & pl.col("logged")).height
    overheads = clean.tables["clean.overheads"].join(first, on="team").filter(treated)["minutes"].sum()
    training = clean.tables["clean.training"].filter("attended")["minutes"].sum()
    assert weeks == realised["person_weeks"]
    assert overheads / 60 == pytest.approx(realised["overheads_hours"], abs=0.01)
    assert training / 60 == pytest.approx(realised["training_hours"], abs=0.01)
    # Before any start nobody uses a tool; afterwards about three occurrences in four do.
    equipped = clean.tables["clean.deployments"].select("team", "process", "go_live")
    lines = entries.join(equipped, on=["team", "process"])
    assert lines.filter(~treated)["tool"].is_null().all()
    used = lines.filter(treated & pl.col("tool").is_not_null())["occurrences"].sum()
    assert 0.72 < used / lines.filter(treated)["occurrences"].sum() < 0.78


def test_the_planted_effect_is_there_to_find(clean: Clean):
    """A naive comparison on the two processes with an effect: the witness tells what the season did."""
    groups = clean.tables["clean.teams"].select("team", "start_group")
    before = pl.col("date") < GO_LIVE[0]
    rows = clean.tables["clean.time_entries"].filter(pl.col("date") < GO_LIVE[1]).join(groups, on="team")
    means = rows.group_by("process", "start_group", before.alias("before")).agg(
        (pl.col("minutes").sum() / pl.col("occurrences").sum()).log().alias("log_minutes")
    )
    sign = pl.when(pl.col("before") == (pl.col("start_group") == 1)).then(-1).otherwise(1)
    change = dict(means.group_by("process").agg((pl.col("log_minutes") * sign).sum().exp()).iter_rows())
    assert 0.65 < change["courriels"] < 0.85  # -30 % once learnt, three weeks of learning included
    assert 0.9 < change["temoin"] < 1.1


def test_questionnaires_carry_what_was_planted(clean: Clean):
    answers = clean.tables["clean.responses"]
    so1 = answers.filter(pl.col("item") == "SO1")
    satisfied = so1.group_by("person_survey").agg((pl.col("value_number") >= 4).mean())["value_number"].mean()
    assert 0.62 < satisfied < 0.80
    codes = clean.tables["clean.people_survey"].height
    answered = {w: set(f["person_survey"]) for (w,), f in answers.group_by("wave")}
    assert 0.75 < len(answered["T0"]) / codes < 0.95
    assert len(answered["T0"] & answered["T1"]) / len(answered["T0"]) > 0.6
    assert answers.filter(pl.col("wave").str.starts_with("P"))["submitted_at"].is_null().all()
    assert answers.filter(~pl.col("complete"))["person_survey"].n_unique() > 0


def test_one_axis_of_the_human_part_falls_and_the_others_stay(demo: Demo, clean: Clean):
    answers = clean.tables["clean.responses"].filter(
        pl.col("item").str.contains("^DH[1-7]$") & (pl.col("role") == "agent") & pl.col("value_number").is_not_null())
    waves = [answers.filter(pl.col("wave") == w).select("person_survey", "item", "value_number") for w in ("T0", "T1")]
    paired = waves[0].join(waves[1], on=["person_survey", "item"])
    points = (pl.col("value_number_right") - pl.col("value_number")) * 100 / 3  # 1 to 4 on 0 to 100
    change = dict(paired.group_by("item").agg(points.mean().alias("points")).iter_rows())
    assert paired["person_survey"].n_unique() >= 40 and len(change) == 7
    assert demo.truths["planted"]["human_part_points"] == {"DH5": -12.0}
    assert change.pop("DH5") <= -8
    # The mean of one axis has a standard error of about 3 points: one alone may pass 4, none may fall by 8 (orange).
    assert sum(map(abs, change.values())) / len(change) < 4
    assert min(change.values()) > -8


def _after_withdrawal(folder: Path, clean: Clean) -> tuple[str, dict[str, int]]:
    """The team that withdrew, and its rows after that day: table -> rows, those set aside included."""
    ((team, day),) = clean.tables["clean.teams"].drop_nulls("withdrawn_on").select("team", "withdrawn_on").iter_rows()
    left = {
        name: clean.tables[f"clean.{name}"].filter((pl.col("team") == team) & (pl.col(column) > day)).height
        for name, column in (("time_entries", "date"), ("overheads", "date"), ("presence", "week"))
    }
    waves = [w.wave for w in load_study(folder).study.waves if w.closes > day]
    late = clean.tables["clean.responses"].filter((pl.col("team") == team) & pl.col("wave").is_in(waves))
    return team, left | {"responses": late.height}


def test_a_team_that_withdrew_leaves_nothing_behind(demo: Demo, clean: Clean):
    team, left = _after_withdrawal(DEMO, clean)
    assert demo.truths["planted"]["withdrawn_on"] == {team: "2026-05-29"} == {"E10": "2026-05-29"}
    assert left == {"time_entries": 0, "overheads": 0, "presence": 0, "responses": 0}
    entries = clean.tables["clean.time_entries"].filter(pl.col("team") == team)
    assert entries["week"].max() == date(2026, 5, 25)
    assert team in clean.tables["clean.responses"].filter(pl.col("wave") == "T0")["team"]
    # Nothing of it needed setting aside either: the rows planted off the roster are the leaver's, in another file.
    files = demo.truths["files"]
    assert [name for name, f in files.items() if "outside_roster" in f["rules"]] == ["temps/feuille_E07.csv"]


def test_no_real_supplier_tool_or_university_is_named():
    texts = {p.name: p.read_text("utf-8") for p in (ROOT / "pipelines" / "demo").glob("*.py")}
    for path in (p for p in DEMO.rglob("*") if p.is_file()):
        if path.suffix == ".xlsx":
            sheets = pl.read_excel(path, sheet_id=0, has_header=False, infer_schema_length=0)
            texts[path.name] = "\n".join(f"{name}\n{sheet.write_csv()}" for name, sheet in sheets.items())
        else:
            data = path.read_bytes()
            texts[path.name] = data.decode("cp1252" if path.name.startswith(("feuille", "semaines")) else "utf-8")
    assert len(texts) > 40 and "Mon code" in texts["feuille_E01.xlsx"] and "Mon code" in texts["feuille_E03.csv"]
    assert {name: found for name, text in texts.items() if (found := _REAL_NAME.findall(text))} == {}
    # What the scan sees, and what it lets pass.
    seen = _REAL_NAME.findall("fait avec ChatGPT, GPT-4, Llama3, outil_copilot")
    assert seen == ["ChatGPT", "GPT", "Llama", "copilot"]
    assert _REAL_NAME.findall("Albertine, claudette@example.org, kimai, toggl, clockify, limesurvey") == []


def test_the_exports_have_the_quirks_of_real_ones(demo: Demo):
    kimai = demo.files["temps/kimai.csv"].decode("utf-8")
    header = kimai.split("\n", 1)[0]
    assert '"Internal price"' in header and header.endswith("Lieu,Lieu")
    assert '\nà revoir, dossier ""bleu""' in kimai and "\r\n" not in kimai
    assert demo.files["temps/toggl.csv"].startswith(b"\xef\xbb\xbfUser,Email,")
    clockify = demo.files["temps/clockify.csv"].decode("utf-8")
    assert clockify.startswith('"Project","Client"') and "\r\n" in clockify
    sheet = demo.files["temps/feuille_E03.csv"]
    with pytest.raises(UnicodeDecodeError):
        sheet.decode("utf-8")
    assert ",5;" in sheet.decode("cp1252")
    t1 = demo.files["questionnaires/resultats_t1.csv"].decode("utf-8-sig")
    assert '"BE1. OMS-5' in t1 and "Très satisfait" in t1
    assert "1980-01-01" in demo.files["questionnaires/point_p1.csv"].decode("utf-8")


def test_free_text_holds_names_that_the_readers_drop(clean: Clean):
    names = [i for i in identities_of(DEMO) if " " in i]
    raw = (DEMO / "temps" / "kimai.csv").read_text("utf-8")
    assert sum(f"message de {n}" in raw for n in names) > 3
    for name, frame in clean.tables.items():
        text = frame.write_csv().lower()
        assert [n for n in names if n.lower() in text] == [], name


@pytest.mark.parametrize(("seed", "teams"), [(7, 6), (8, 13)])
def test_another_seed_and_size_is_read_just_as_well(seed: int, teams: int, tmp_path: Path):
    planted = generate(seed=seed, teams=teams).truths
    clean = _clean(write_demo(tmp_path, seed=seed, teams=teams))
    assert clean.problems == []
    assert clean.rules() == {**planted["set_aside"], **planted["duplicates"]}
    groups = clean.tables["clean.teams"]["start_group"].value_counts().sort("start_group")["count"].to_list()
    assert groups == [(teams + 1) // 2, teams // 2]
    headcounts = clean.tables["clean.teams"].select("team", "headcount")
    team, left = _after_withdrawal(tmp_path, clean)
    assert headcounts.filter(pl.col("team") == team)["headcount"].item() == headcounts["headcount"].min()
    assert sum(left.values()) == 0


def test_the_number_of_entries_can_be_asked_for():
    files = generate(teams=30, entries=60_000).truths["files"]
    received = sum(f["received"] for name, f in files.items() if name.startswith("temps/"))
    assert 45_000 < received < 75_000


if __name__ == "__main__":
    write_demo(DEMO)
    TRUTHS.write_text(json.dumps(generate().truths, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
