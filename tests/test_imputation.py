"""Expected minutes: exact where the data are, equal to pyfixest's fit, absent where nothing identifies them."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.estimators.imputation import has_comparison, impute, reference

MONDAY = date(2026, 2, 2)
SCHEMA = {
    "team": pl.String, "person_time": pl.String, "process": pl.String, "week": pl.Date, "treated": pl.Boolean,
    "occurrences": pl.Int64, "minutes": pl.Float64,
}  # fmt: skip


def _cells(rows: list[tuple[str, str, str, int, bool, int, float]]) -> pl.DataFrame:
    """Rows (team, person, process, week number, treated, occurrences, minutes); treated = fourth week or later."""
    dated = [(*r[:3], MONDAY + timedelta(weeks=r[3]), *r[4:]) for r in rows]
    phase = pl.when("treated").then(pl.lit("regime")).otherwise(pl.lit("avant"))
    return pl.DataFrame(dated, schema=SCHEMA, orient="row").with_columns(
        month=pl.col("week").dt.truncate("1mo"), tool=pl.lit(None, pl.String), phase=phase
    )


RATES = {"a1": 10.0, "a2": 20.0, "b1": 15.0, "b2": 40.0}
PROCESS, MONTHS = {"mail": 1.0, "notes": 3.0}, {2: 1.0, 3: 1.25, 4: 0.8}


def _exact(go_live: dict[str, int], *, gain: float = 0.5, witness: bool = False) -> pl.DataFrame:
    """Cells without noise: rate x process x month, times `gain` from the team's week of go-live on."""
    rows = []
    for person, rate in RATES.items():
        for process in (*PROCESS, *(["witness"] if witness else [])):
            for week in range(12):
                n = 1 + (week + len(process)) % 3
                treated = process != "witness" and week >= go_live[person[0]]
                month = (MONDAY + timedelta(weeks=week)).month
                minutes = n * rate * PROCESS.get(process, 2.0) * MONTHS[month] * (gain if treated else 1)
                rows.append((person[0], person, process, week, treated, n, minutes))
    return _cells(rows)


@pytest.mark.parametrize("witness", [False, True])
def test_exact_where_the_data_are(witness: bool):
    ref = reference(_exact({"a": 4, "b": 8}, witness=witness))
    assert ref.months
    assert (ref.identified["minutes"] / ref.identified["mu0"]).to_list() == pytest.approx([0.5] * ref.identified.height)
    # April begins with week 9: without a witness process nobody is untreated any more.
    last = ref.identified["week"].max()
    assert last == (MONDAY + timedelta(weeks=11) if witness else MONDAY + timedelta(weeks=8))
    assert ref.read.height == 48 and ref.identified.height == (48 if witness else 24)


def test_one_start_and_no_witness_has_no_month_effect():
    cells = _exact({"a": 4, "b": 4})
    assert not has_comparison(cells)
    ref = reference(cells)
    assert not ref.months
    assert ref.identified.height == ref.read.height == 64
    # February only is untreated: the calendar is read as the tool's.
    march = ref.identified.filter(pl.col("month") == date(2026, 3, 1))
    assert (march["minutes"] / march["mu0"]).to_list() == pytest.approx([0.5 * 1.25] * march.height)


def test_one_start_with_a_witness_has_month_effects():
    ref = reference(_exact({"a": 4, "b": 4}, witness=True))
    assert ref.months
    assert ref.identified.height == 64
    assert (ref.identified["minutes"] / ref.identified["mu0"]).to_list() == pytest.approx([0.5] * 64)


def test_refits_leave_the_team_out_and_say_what_is_lost():
    ref = reference(_exact({"a": 4, "b": 8}))
    assert list(ref.without) == ["a", "b"]
    assert ref.without["a"]["team"].unique().to_list() == ["b"]
    assert ref.without["b"]["team"].unique().to_list() == ["a"]
    # Without team b, nobody is untreated in March: team a's cells lose their month.
    lost = ref.without["b"].filter(pl.col("month") == date(2026, 3, 1))
    assert lost.height > 0 and lost["mu0"].null_count() == lost.height


def test_people_and_processes_never_seen_untreated_are_not_identified():
    new_person = ("a", "a3", "mail", 5, True, 1, 9.0)
    new_process = ("a", "a1", "other", 5, True, 1, 9.0)
    extra = _cells([new_person, new_process]).select(_exact({"a": 4, "b": 8}).columns)
    found = reference(pl.concat([_exact({"a": 4, "b": 8}), extra]))
    assert found.read.height == 50
    assert found.read.filter((pl.col("person_time") == "a3") | (pl.col("process") == "other"))["mu0"].null_count() == 2
    assert found.identified.height == 24


def test_effects_that_nothing_connects_are_not_identified():
    # a1 did mail only, b1 did notes only: how long notes would take a1 cannot be told, mail can.
    rows = [
        ("a", "a1", "mail", 0, False, 2, 20.0), ("b", "b1", "notes", 0, False, 1, 45.0),
        ("a", "a1", "mail", 5, True, 1, 7.0), ("a", "a1", "notes", 5, True, 1, 30.0),
    ]  # fmt: skip
    found = impute(_cells(rows), months=False).sort("process")
    assert found["mu0"].to_list() == [pytest.approx(10.0), None]
    bridge = ("b", "b1", "mail", 1, False, 1, 15.0)
    assert impute(_cells([*rows, bridge]), months=False).sort("process")["mu0"].to_list() == pytest.approx([10.0, 30.0])


def _noisy(seed: int, n_persons: int = 24) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n_persons):
        for week in range(14):
            for process, level in (("mail", 1.0), ("notes", 4.0), ("witness", 0.3)):
                n = int(rng.integers(0, 4))
                if n:
                    treated = process != "witness" and week >= (4 if i % 6 < 3 else 9)
                    minutes = round(n * 20 * level * float(np.exp(rng.normal(0, 0.5))), 2)
                    rows.append((f"t{i % 6}", f"p{i}", process, week, treated, n, minutes))
    return _cells(rows)


@pytest.mark.filterwarnings("ignore::Warning:pyfixest")
def test_fitted_values_are_those_of_pyfixest():
    import pyfixest

    cells = _noisy(1)
    untreated = cells.filter(~pl.col("treated"))
    fit = pyfixest.fepois(
        "minutes ~ 1 | person_time + process + month",
        untreated.with_columns(pl.col("month").cast(pl.String), log_n=pl.col("occurrences").log()).to_pandas(),
        offset="log_n", vcov="iid", fixef_rm="none", iwls_tol=1e-12,
    )  # fmt: skip
    # Each untreated cell again, as if treated: what the model expects of it.
    twins = pl.concat([untreated, untreated.with_columns(treated=pl.lit(True))])
    assert impute(twins, months=True)["mu0"].to_list() == pytest.approx(list(fit.predict(type="response")), rel=1e-6)


def test_bits_do_not_depend_on_the_order_of_rows():
    cells = _noisy(2)
    one, other = reference(cells), reference(cells.sample(fraction=1.0, shuffle=True, seed=3))
    assert one.identified.equals(other.identified)
    assert one.without["t3"].equals(other.without["t3"])


def test_extreme_levels_still_converge():
    rows = [("a", "p1", "mail", w, False, 1, 0.01 + w) for w in range(4)]
    rows += [("a", "p1", "audit", w, False, 1, 1400.0) for w in range(4)]
    rows += [("a", "p2", "mail", 0, False, 1000, 0.5), ("a", "p2", "audit", 6, True, 1, 5.0)]
    found = impute(_cells(rows), months=False)
    mail = 0.01 + 1.5  # mean of p1; audit / mail = 1400 / mail; p2 takes 0.0005 for a mail
    assert found["mu0"].to_list() == pytest.approx([0.0005 * 1400 / mail])


@pytest.mark.parametrize("keep", [pl.lit(False), pl.col("treated"), ~pl.col("treated")])
def test_nothing_to_learn_from_or_to_predict(keep: pl.Expr):
    ref = reference(_exact({"a": 4, "b": 8}).filter(keep))
    assert ref.identified.is_empty()
    assert ref.read["mu0"].null_count() == ref.read.height
    assert not ref.months


def test_cells_without_minutes_are_left_out():
    ref = reference(_exact({"a": 4, "b": 8}).with_columns(minutes=pl.lit(0.0)))
    assert ref.read.is_empty()
