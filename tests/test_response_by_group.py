"""Who answered again, by size of team and first score: shares by hand, and groups shown together or not at all."""

import polars as pl
import pytest

from pipelines.charts.context import Page
from pipelines.charts.response import answered_again
from pipelines.contracts import table
from pipelines.decisions import decide
from pipelines.disclosure import disclose_estimates
from pipelines.indicators import answered_again as indicator
from pipelines.indicators.base import Inputs
from pipelines.study.load import load_study
from tests.conftest import DEMO
from tests.page_fixture import frames
from tests.test_decisions import STUDY, frame

SIZES = {"E0": 6, "E1": 7, "E2": 12, "E3": 15, "E4": 20}


def inputs(people: int = 60, gone: int = 4) -> Inputs:
    """`people` agents over five teams with scores 0, 1, 2... before; one of every `gone` does not answer again."""
    both = [("T0", i) for i in range(people)] + [("T1", i) for i in range(people) if i % gone]
    rows = [{"person_survey": f"p{i:02d}", "team": f"E{i % 5}", "wave": wave, "score": float(i)} for wave, i in both]
    scores = frame("model.scores", rows, scale="wellbeing", role="agent", complete=True, n_answered=5)
    sizes = [{"team": team, "headcount": n} for team, n in SIZES.items()]
    teams = frame("clean.teams", sizes, label="x", service="x", family="x")
    return Inputs(load_study(DEMO).study, {"model.scores": scores, "clean.teams": teams})


def shares(found: pl.DataFrame) -> dict[str, float | None]:
    return dict(found.select("estimand", "estimate").iter_rows())


def test_shares_by_hand():
    """60 people, p00, p04... did not answer again (15): 24 in E0 and E1, of whom six are gone; thirds of twenty."""
    found = indicator.compute(inputs())
    assert found.schema == table("indicators.estimates").polars_schema
    assert dict(found.select("estimand", "n_persons").iter_rows()) == {
        "teams_under_10": 24, "teams_of_10_or_more": 36, "lowest_third": 20, "middle_third": 20, "highest_third": 20}
    assert shares(found) == {
        "teams_under_10": pytest.approx(75.0), "teams_of_10_or_more": pytest.approx(75.0),
        "lowest_third": pytest.approx(75.0), "middle_third": pytest.approx(75.0), "highest_third": pytest.approx(75.0)}
    # The fewest on one side of a group, the same for all groups of its kind: 6 of 24 gone, 5 of 20.
    assert found["n_minority"].unique().sort().to_list() == [5, 6]


@pytest.mark.parametrize(("people", "gone", "status"), [(150, 4, "published"), (100, 4, "suppressed")])
def test_groups_are_shown_together_or_not_at_all(people: int, gone: int, status: str):
    """Of 100 people, 8 of a third do not answer again: under ten, and the two other thirds go with it."""
    given = inputs(people, gone)
    published = disclose_estimates(decide(indicator.compute(given), given), given.study)
    thirds = published.filter(pl.col("estimand").str.ends_with("third"))
    assert thirds.height == 3 and set(thirds["disclosure_status"]) == {status}
    said = answered_again(Page({**frames(), "estimates": published}))
    assert ("Tiers médian" in said) is (status == "published")
    assert ("75" in said) is ((published["disclosure_status"] == "published").any())


def test_nobody_was_asked():
    found = indicator.compute(Inputs(STUDY, {}))
    assert found.height == 5 and found["estimate"].null_count() == 5 and found["reason"].null_count() == 0
    assert answered_again(Page(frames())) == ""
