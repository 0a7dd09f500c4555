"""`bilan power`: what more teams would detect, as numbers, on the console, as a chart, and what it refuses."""

import xml.etree.ElementTree as ET
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from pipelines.charts.base import Frame
from pipelines.charts.power import as_file, power_chart
from pipelines.cli import main
from pipelines.estimators.power import icc, smallest_detectable, standard_error
from pipelines.indicators import net_hours
from pipelines.indicators.base import Inputs
from pipelines.indicators.power import SCHEMA, TEAMS, detectable
from pipelines.wording import Words
from pipelines.wording.power import advice, console, described
from tests.conftest import DEMO, DemoRun
from tests.time_panel import STUDY, panel

FR = Words("fr")


def rows(**changed: float | None) -> list[dict]:
    """Net hours with the given effects for 10, 15, 20, 30 teams; satisfaction that nothing gives."""
    effects = {"n10": 0.789, "n15": 0.6, "n20": 0.504, "n30": 0.4} | changed
    known = [{"indicator": "net_hours", "n_teams": n, "detectable": effects[f"n{n}"], "to_reach": 0.5} for n in TEAMS]
    return known + [{"indicator": "satisfaction", "n_teams": n, "detectable": None, "to_reach": None} for n in TEAMS]


def test_the_table_by_hand_from_the_people_of_a_study():
    inputs = panel(31, n_teams=6, n_persons=4)
    found = detectable(inputs)
    assert found.schema == SCHEMA and found.height == 16
    hours = found.filter(pl.col("indicator") == "net_hours").to_dicts()
    ref = net_hours.reference(inputs.table("model.time_cells"))
    whole = net_hours.account(ref, inputs.table("model.overhead_cells"), inputs.table("model.agent_weeks"))
    people = whole.ledger().group_by("team", "person_time").agg(pl.col("hours").sum(), pl.col("weeks").sum())
    people = people.select("team", value=pl.col("hours") / pl.col("weeks"))
    between, sd = icc(people), people["value"].std()
    assert (hours[0]["teams"], hours[0]["persons"], hours[0]["cv"]) == (6, 4.0, 0.0)
    assert (hours[0]["sd"], hours[0]["icc"]) == (pytest.approx(sd), pytest.approx(between))
    programme = net_hours.compute(inputs).filter(pl.col("scope") == "programme", pl.col("estimand") == "net_hours")
    observed = programme["se"].item() * 5 / 6
    for row, n in zip(hours, TEAMS, strict=True):
        ways = {"formula": standard_error(sd, 4, max(0.05, between), n), "jackknife": observed * (6 / n) ** 0.5}
        assert row["se"] == pytest.approx(max(ways.values())) and ways[row["method"]] == max(ways.values())
        assert row["detectable"] == pytest.approx(smallest_detectable(row["se"], n))
        assert row["to_reach"] == pytest.approx(0.5 + row["detectable"])
    absent = found.filter(pl.col("indicator") != "net_hours")
    assert absent["reason"].unique().to_list() == ["non_estimable"] and absent["detectable"].null_count() == 12


def test_a_study_without_anything_still_has_its_rows():
    found = detectable(Inputs(STUDY, {}))
    assert found.height == 16 and found["reason"].unique().to_list() == ["non_estimable"]


def test_advice_says_what_each_lot_changes():
    said = advice(rows(), FR).replace("\u00a0", " ").replace("\u202f", " ")
    assert said == (
        "Commander un lot de 5 équipes fait passer le gain détectable de 0,79 h à 0,60 h (−24 %) ; "
        "le second lot de 5 de 0,60 h à 0,50 h (−16 %)."
    )
    assert "ne permettent pas encore" in advice(rows(n15=None), FR)


def test_the_console_says_what_cannot_be_estimated():
    lines = console(rows())
    assert lines[0].split() == ["10", "teams", "15", "teams", "20", "teams", "30", "teams"]
    assert "0.8" in lines[1] and lines[3].count("cannot be estimated") == 4
    assert len({len(line) for line in lines[:2]}) == 1


def test_the_chart_is_one_file_that_stands_alone_and_says_its_values():
    said = described(rows(), FR)
    drawing = as_file(power_chart(rows(), Frame(FR, "p", "Titre", said, "Données fictives")))
    root = ET.fromstring(drawing)
    texts = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
    assert {"0,8", "0,6", "0,5", "0,4", "non estimable", "Données fictives"} <= set(texts)
    assert "Temps gagné net, 10 équipes : 0,8 h" in said.replace("\u00a0", " ")
    assert drawing == as_file(power_chart(rows(), Frame(FR, "p", "Titre", said, "Données fictives")))


def test_the_command_on_the_demonstration(demo_run: DemoRun):
    done = CliRunner().invoke(main, ["power", str(DEMO), "--out", str(demo_run.out)])
    assert done.exit_code == 0, done.output
    assert "Net time gained" in done.output and "Commander un lot de 5 équipes" in done.output
    table = pl.read_csv(demo_run.out / "restricted" / "power.csv")
    assert table.filter(pl.col("detectable").is_null()).is_empty()
    falls = table.group_by("indicator", maintain_order=True).agg(pl.col("detectable").diff().max().alias("step"))
    assert (falls["step"] < 0).all()  # more teams, smaller effects
    assert (demo_run.out / "restricted" / "power.svg").read_text("utf-8").startswith("<svg xmlns=")


def test_without_a_run_the_command_says_what_to_do(tmp_path: Path):
    done = CliRunner().invoke(main, ["power", str(DEMO), "--out", str(tmp_path)])
    assert done.exit_code == 1 and "bilan run" in done.output and "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []
