"""The whole stream on the demonstration study: published twice the same, nothing personal anywhere downstream."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from tests.conftest import DEMO, DemoRun


def _texts(folder: Path) -> dict[str, str]:
    """Every text under `folder`, and every cell of every database, as one string per file."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as con:
                tables = con.sql("select schema_name, table_name from duckdb_tables()").fetchall()
                found[name] = "".join(con.sql(f'from "{s}"."{t}"').pl().write_csv() for s, t in tables)
        elif path.suffix == ".parquet":
            found[name] = pl.read_parquet(path).write_csv()
        else:
            found[name] = path.read_bytes().decode("utf-8", errors="replace")
    return found


def test_no_identity_leaves_the_raw_folder(demo_run: DemoRun):
    assert len(demo_run.identities) > 100
    texts = _texts(demo_run.out) | {"log": "\n".join(demo_run.log)}
    assert any(name.endswith(".duckdb") for name in texts) and any(name.endswith(".html") for name in texts)
    for name, text in texts.items():
        lowered = text.lower()
        assert [i for i in demo_run.identities if i.lower() in lowered] == [], name


def test_the_same_inputs_give_the_same_hashes_and_the_same_page(demo_run: DemoRun, tmp_path: Path):
    from pipelines.defs.run import run_study

    again = run_study(DEMO, tmp_path, progress=lambda _: None)
    first = json.loads((demo_run.published / "manifest.json").read_text("utf-8"))
    second = json.loads((again.published / "manifest.json").read_text("utf-8"))
    assert first == second
    hashes = [(folder / "restricted" / "content_hashes.json").read_bytes() for folder in (demo_run.out, tmp_path)]
    assert hashes[0] == hashes[1] and b"clean.time_entries" in hashes[0]
    assert not {n for n in json.dumps(first).split('"') if n.startswith(("clean.", "model.", "indicators."))}
    assert demo_run.page.read_bytes() == again.page.read_bytes()


def test_the_four_indicators_are_there_for_programme_teams_and_tools(demo_run: DemoRun):
    estimates = pl.read_parquet(demo_run.published / "tables" / "estimates.parquet")
    for indicator in ("time_per_task", "net_hours", "errors", "wellbeing", "satisfaction"):
        rows = estimates.filter(pl.col("indicator") == indicator)
        assert set(rows["scope"]) >= {"programme", "team", "tool"}, indicator
        judged = rows.filter((pl.col("scope") == "programme") & pl.col("threshold").is_not_null())
        assert not judged.is_empty() and judged["estimate"].is_not_null().all(), indicator


def test_the_readme_shows_what_this_run_says(demo_run: DemoRun):
    from pipelines.wording import summary_line

    readme = (DEMO.parents[2] / "README.md").read_text("utf-8")
    steps = [line for line in demo_run.log if not line.startswith("Rendered")]
    assert len(steps) > 10
    assert [line for line in steps if line not in readme] == []
    said = [summary_line(row) for row in demo_run.indicators.iter_rows(named=True)]
    assert [line for line in said if line not in readme] == []


def test_what_holds_people_is_readable_by_its_owner_only(demo_run: DemoRun):
    for folder in ("work", "restricted"):
        assert (demo_run.out / folder).stat().st_mode & 0o077 == 0


def test_suppressed_rows_hold_no_value_and_no_count(demo_run: DemoRun):
    estimates = pl.read_parquet(demo_run.published / "tables" / "estimates.parquet")
    hidden = estimates.filter(pl.col("disclosure_status") == "suppressed")
    assert not hidden.is_empty()
    values = ("estimate", "ci_low", "ci_high", "se", "df", "G", "n_persons", "n_obs", "n_obs_read", "verdict")
    for column in values:
        assert hidden[column].is_null().all(), column


def _broken(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "study"))


def _first(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def _cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b'\n"')


def _replace(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_bytes().decode("utf-8-sig")
    assert old in text
    path.write_bytes(text.replace(old, new, count).encode("utf-8-sig"))


def _repeat_last_line(path: Path) -> None:
    data = path.read_bytes().rstrip(b"\r\n")
    path.write_bytes(data + b"\n" + data[data.rindex(b"\n") + 1 :] + b"\n")


FAULTS = {
    "a missing file": lambda s: _first(s, "temps/kimai*.csv").unlink(),
    "a team whose sheet is missing": lambda s: _first(s, "temps/feuille_*.xlsx").unlink(),
    "an empty file": lambda s: _first(s, "temps/kimai*.csv").write_bytes(b""),
    "a truncated file": lambda s: _cut(_first(s, "temps/kimai*.csv")),
    "a wrong delimiter": lambda s: _replace(_first(s, "temps/toggl*.csv"), ",", "|", 10**9),
    "an unmapped answer label": lambda s: _replace(
        _first(s, "questionnaires/*t1*.csv"), "Très satisfait", "Enchanté"
    ),
    "an unknown team": lambda s: _replace(s / "registers" / "people_survey.csv", ";E01;", ";E77;"),
    "a duplicate response": lambda s: _repeat_last_line(_first(s, "questionnaires/*t1*.csv")),
    "a date outside the study": lambda s: _replace(_first(s, "temps/toggl*.csv"), ",2026-03-", ",2027-03-"),
    "a typo in the study file": lambda s: _replace(s / "study.yaml", "thresholds:", "tresholds:"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_input_gives_one_message_and_leaves_the_published_state(fault: str, tmp_path: Path):
    study = _broken(tmp_path)
    FAULTS[fault](study)
    out = tmp_path / "out"
    (out / "published").mkdir(parents=True)
    (out / "published" / "current.json").write_text("{}", encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(study), "--out", str(out)])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    lines = [line for line in done.output.splitlines() if line.startswith("- ")]
    assert len(lines) == 1, done.output
    assert any(name in lines[0] for name in ("study.yaml", "temps/", "questionnaires/", "registers/")), lines
    assert "untouched" in done.output
    assert (out / "published" / "current.json").read_text("utf-8") == "{}"


def test_check_says_where_rows_are_left_out_and_that_a_run_would_go_through_and_writes_nothing(tmp_path: Path):
    study = _broken(tmp_path)
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    done = CliRunner().invoke(main, ["check", str(study)])
    assert done.exit_code == 0 and "Stops" not in done.output
    said = r"- temps/feuille_E07\.csv, line \d+, column 'Items': A number cannot be read \(1 row\)\."
    assert re.search(said, done.output)
    assert "A run would go through: 55 rows left out" in done.output.splitlines()[-1]
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before


def test_nothing_new_nothing_read_and_a_changed_byte_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from pipelines.defs import raw
    from pipelines.defs.run import run_study

    study = Path(shutil.copytree(DEMO.parent / "rse-uk-2017", tmp_path / "study"))
    first = run_study(study, tmp_path / "out", progress=lambda _: None)
    content = [json.loads((first.published / "manifest.json").read_text("utf-8"))["content"]]

    def no_reading(*_: object) -> None:
        raise AssertionError("a file was read again")

    with monkeypatch.context() as patched:
        patched.setattr(raw, "build_raw", no_reading)
        log: list[str] = []
        again = run_study(study, tmp_path / "out", progress=log.append)
    assert any(line.startswith("Unchanged") for line in log)
    content.append(json.loads((again.published / "manifest.json").read_text("utf-8"))["content"])
    assert content[0] == content[1] and again.received == first.received

    export = _first(study, "questionnaires/*.csv")
    export.write_bytes(export.read_bytes() + b"\r\n")  # a blank line: no row more, other bytes
    log = []
    run_study(study, tmp_path / "out", progress=log.append)
    assert any(line.startswith("Read ") for line in log)
