"""Probabilities adjusted for their number, against R's p.adjust."""

import json
import math
from pathlib import Path

import pytest

from pipelines.estimators.multiplicity import benjamini_hochberg, holm

KA6 = json.loads((Path(__file__).parent / "known_answers" / "expected_R.json").read_text("utf-8"))["ka6"]


@pytest.mark.parametrize(("adjust", "name"), [(holm, "holm"), (benjamini_hochberg, "BH")])
def test_the_reference(adjust, name: str):
    assert adjust(KA6["p"]) == pytest.approx(KA6[name], abs=1e-12)
    # the order they come in changes nothing to what each becomes
    assert adjust(KA6["p"][::-1]) == pytest.approx(KA6[name][::-1], abs=1e-12)
    assert adjust([]) == []


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(adjust, wrong: float):
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust([0.5, wrong])
