"""Operating characteristics of the rule: cells that can be worked out by hand, and the direction of the rest."""

import polars as pl
import pytest
from scipy.stats import norm

from pipelines.decisions.characteristics import operating_characteristics
from pipelines.study.proposals import Proposals

HOUSE = Proposals()


def probability(frame: pl.DataFrame, proposal: str) -> list[float]:
    return frame.filter(pl.col("proposal") == proposal)["probability"].to_list()


def test_one_pair_alone_follows_the_normal_law():
    """A pair pooled with nothing keeps its estimate: line 2 fires when y <= log(0.85), as 1.64 sd < 0.16 binds less.

    sd = 0.15 / sqrt(25) = 0.03. True gain 15 %: one chance in two. 18 %: Phi((log 0.85 - log 0.82) / 0.03) = 0.884.
    """
    for gain, expected in ((15.0, 0.5), (18.0, norm.cdf(0.035932 / 0.03))):
        found = operating_characteristics(HOUSE, gains=[gain], persons=[25], sd_teams=0.0, n_draws=4000)
        (p,) = probability(found, "generaliser")
        assert p == pytest.approx(expected, abs=4 * 0.0079)
        assert found["mc_se"][0] == pytest.approx((p * (1 - p) / 4000) ** 0.5)


def test_a_stop_needs_an_interval_that_excludes_five_percent():
    """True gain 0, one pair, sd = 0.03: line 3 fires when y - 1.645 * 0.03 > log(0.95), P(y > -0.00195) = 0.526."""
    found = operating_characteristics(HOUSE, gains=[0.0], persons=[25], sd_teams=0.0, n_draws=4000)
    assert probability(found, "ne_pas_poursuivre") == [pytest.approx(norm.cdf(0.001948 / 0.03), abs=4 * 0.0079)]


def test_more_gain_is_generalised_more_and_stopped_less():
    found = operating_characteristics(HOUSE, n_draws=400)
    assert found.equals(operating_characteristics(HOUSE, n_draws=400))
    sizes = found["persons"].unique(maintain_order=True).to_list()
    for n in sizes:
        own = found.filter(pl.col("persons") == n)
        spread, stopped = probability(own, "generaliser"), probability(own, "ne_pas_poursuivre")
        assert len(spread) == 6 and spread == sorted(spread) and stopped == sorted(stopped, reverse=True)
        sums = own.group_by("gain_true").agg(pl.col("probability").sum())["probability"]
        assert sums.to_list() == pytest.approx([1.0] * 6)
    # More people: a gain of 30 % is generalised at least as often, and no gain at all less often.
    by_size = [probability(found.filter(pl.col("persons") == n), "generaliser") for n in sizes]
    assert by_size[0][-1] <= by_size[-1][-1] and by_size[0][0] >= by_size[-1][0]
