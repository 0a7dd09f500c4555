"""Drawings: suppressed rows never reach them, teams are neutral and unranked, the SVG is clean and deterministic."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.charts import tokens
from pipelines.charts.bars import Bar, bars
from pipelines.charts.base import Frame
from pipelines.charts.intervals import MARKS, forest, interval_bar, panel
from pipelines.wording import Words
from pipelines.wording.display import Shown
from tests.page_fixture import estimate, programme, suppressed

ROOT = Path(__file__).parents[1]
FR = Words("fr")
FRAME = Frame(FR, "x", "Titre", "Description : +1,4 h", "Données fictives")


def _rows() -> list[tuple[str, dict[str, Any]]]:
    return [
        ("Bibliothèque", estimate("net_hours", "team", "eq1", estimate=1.1, ci_low=0.3, ci_high=1.9)),
        ("Logistique", suppressed("net_hours", "team", "eq3") | {"estimate": 7.77, "ci_low": 6.66, "ci_high": 8.88}),
        (
            "Scolarité",
            estimate("net_hours", "team", "eq5", estimate=0.1, ci_low=-0.4, ci_high=0.4, verdict="non_atteint"),
        ),
        ("Ensemble", programme()[0]),
    ]


def _texts(drawing: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawing)


def test_the_stylesheet_is_generated_from_the_token_file():
    sheet = (ROOT / "reports" / "theme.css").read_text(encoding="utf-8")
    assert tokens.with_tokens(sheet) == sheet
    assert "--blue: #0F5C7F;" in sheet
    with pytest.raises(ValueError, match="no generated block"):
        tokens.with_tokens("body {}")
    colours = set(tokens.tokens()["colours"])
    used = set(re.findall(r"var\(--([\w-]+)\)", sheet)) - {"sans", "serif", "s1", "s2", "s3", "s4", "s5"}
    assert used <= colours


def test_the_stylesheet_asks_for_nothing():
    sheet = (ROOT / "reports" / "theme.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|http", sheet)


def _luminance(code: str) -> float:
    parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("text", "ground"),
    [("ink2", None), ("ink3", None), ("blue", None), ("blue", "blue-t"), ("rust", "rust-t"), ("ochre", "ochre-t"),
     ("demo", "ochre-t"), ("ink2", "grey-t"), ("ink2", "blue-t")],
)  # fmt: skip
def test_every_text_colour_reaches_the_contrast_of_wcag_aa(text: str, ground: str | None):
    light = _luminance(tokens.colour(ground) if ground else "#FFFFFF")
    assert (light + 0.05) / (_luminance(tokens.colour(text)) + 0.05) >= 4.5


def test_a_suppressed_row_keeps_its_label_and_nothing_else():
    made = panel(_rows(), FR, people=["5 à 9", "", "5 à 9", ""], strong="Ensemble")
    hidden = made.lines[1]
    assert (hidden.label, hidden.values, hidden.text, hidden.interval, hidden.people) == (
        "Logistique", None, "non publié", "", "")  # fmt: skip
    nothing = [
        (label, suppressed("net_hours", "team", "eq3") if row["scope_key"] == "eq3" else row) for label, row in _rows()
    ]
    same = panel(nothing, FR, people=["5 à 9", "", "5 à 9", ""], strong="Ensemble")
    assert forest([made], FRAME, neutral=True) == forest([same], FRAME, neutral=True)


def test_coordinates_tell_no_more_digits_than_the_text():
    exact = [("A", estimate("satisfaction", estimate=51.4567, ci_low=43.219, ci_high=58.731))]
    assert panel(exact, FR).lines[0].values == (51.0, 43.0, 59.0)


def test_teams_keep_the_order_given_and_one_neutral_colour():
    made = panel(_rows(), FR, strong="Ensemble")
    drawing = forest([made], FRAME, neutral=True)
    wide = drawing.split("</svg>")[0]
    labels = [t for t in _texts(wide) if t in ("Bibliothèque", "Logistique", "Scolarité", "Ensemble")]
    assert labels == ["Bibliothèque", "Logistique", "Scolarité", "Ensemble"]
    assert tokens.colour("rust") not in drawing  # Scolarité carries a verdict: it must not show
    assert tokens.colour("blue") in drawing  # the whole shows its own
    assert tokens.colour("rust") in forest([made], FRAME, neutral=False)


def test_a_verdict_has_a_shape_of_its_own():
    assert len({(fill is None, shape) for _, fill, shape in (MARKS["ok"], MARKS["ko"], MARKS["nc"])}) == 3


def test_each_chart_is_drawn_twice_with_its_values_in_words():
    drawing = forest([panel(_rows(), FR)], FRAME, neutral=True)
    assert re.findall(r'<svg class="(\w+)"', drawing) == ["wd", "nw"]
    for ident in ("xw", "xn"):
        assert f'aria-labelledby="{ident}-t {ident}-d"' in drawing
        assert f'<desc id="{ident}-d">Description : +1,4 h</desc>' in drawing
    assert drawing.count('role="img"') == 2
    assert _texts(drawing).count("Données fictives") == 2


def test_the_svg_holds_no_leak_and_no_address():
    drawing = interval_bar(Shown(programme()[0], FR), FRAME)
    assert not re.search(r"aria-label=|aria-roledescription|font-family|http|<script|<style", drawing)
    assert re.findall(r'class="[^"]*"', drawing) == ['class="tb"']
    assert not re.search(r"\d\.\d{3,}", drawing)
    assert {"Seuil\u00a0: 0,5\u00a0h", "+0,8", "+2,1"} <= set(_texts(drawing))


def test_the_same_rows_give_the_same_bytes():
    twice = [forest([panel(_rows(), FR)] * 3, FRAME, neutral=True) for _ in range(2)]
    assert twice[0] == twice[1]


def test_a_row_without_interval_draws_no_bar():
    row = estimate("satisfaction", estimate=65.1, reason="sans_equipe")
    assert interval_bar(Shown(row, FR), FRAME) == ""
    made = panel([("Ensemble", row)], FR)
    assert made.lines[0].values is None and made.lines[0].text == "65"
    assert "65" in _texts(forest([made], FRAME, neutral=False))


def test_the_zone_is_on_the_favourable_side():
    lower = interval_bar(Shown(programme()[1], FR), FRAME)  # errors: lower is better, the zone starts at the left edge
    higher = interval_bar(Shown(programme()[0], FR), FRAME)
    zone = re.compile(rf'<path d="M([\d.-]+),20h([\d.]+)[^>]*fill="{tokens.colour("blue-t")}"')
    left, right = zone.search(lower), zone.search(higher)
    assert left and right
    assert float(left[1]) == 0
    assert float(right[1]) > 0 and float(right[1]) + float(right[2]) == pytest.approx(340, abs=0.1)


def test_bars_keep_their_order_and_say_what_was_not_measured():
    rows = [
        Bar("Gain brut", 0, 100, "100 h"),
        Bar("Reprises", 100, None, "non mesuré"),
        Bar("Net", 0, -20, "−20 h", "rust", True),
    ]
    drawing = bars(rows, FRAME)
    texts = _texts(drawing.split("</svg>")[0])
    assert [t for t in texts if t in ("Gain brut", "Reprises", "Net")] == ["Gain brut", "Reprises", "Net"]
    assert "non mesuré" in texts and "−20 h" in texts


def test_numbers_of_an_axis_are_in_the_language():
    french = forest([panel(_rows(), FR)], FRAME, neutral=True)
    english = forest([panel(_rows(), Words("en"))], Frame(Words("en"), "x", "T", "D"), neutral=True)
    assert "+0,5" in _texts(french) and "+0.5" in _texts(english)
    assert "not published" in _texts(english)
