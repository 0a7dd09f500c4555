"""Small curves side by side, each value written at its point: no axis to read across."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.charts.base import Frame, Spec, data, drawn, drawn_twice, joined, layered
from pipelines.charts.tokens import colour, size

HEIGHT, GAP = 130, 24


@dataclass(frozen=True)
class Curve:
    """One panel: points of (x, y, text), the values of x told under them, and what x is.

    `top`: largest y of the panel, that of its points when None. `unknown`: what is said without points.
    """

    title: str
    points: Sequence[tuple[float, float, str]]
    ticks: Sequence[float]
    under: str
    top: float | None = None
    unknown: str = ""


def curves(panels: Sequence[Curve], frame: Frame) -> str:
    """All panels in one row, as an SVG of its own."""
    return drawn(_row(panels, size("wide")), frame, ident=frame.ident, css="wd")


def curves_twice(panels: Sequence[Curve], frame: Frame) -> str:
    """For a page: in one row, or one under the other where it is narrow."""

    def build(narrow: bool) -> Spec:
        if not narrow:
            return _row(panels, size("wide"))
        return joined("vconcat", [_panel(p, size("narrow") - GAP) for p in panels], spacing=GAP)

    return drawn_twice(frame, build)


def _row(panels: Sequence[Curve], whole: int) -> Spec:
    width = (whole - 8) // max(len(panels), 1) - GAP
    return joined("hconcat", [_panel(p, width) for p in panels], spacing=GAP)


def _panel(curve: Curve, width: int) -> Spec:
    import altair as alt

    points: list[dict[str, Any]] = [{"n": x, "e": y, "s": text} for x, y, text in curve.points]
    top = max([p["e"] for p in points], default=1.0) if curve.top is None else curve.top
    ticks = sorted(curve.ticks)
    x = alt.X(
        "n:Q", title=None, scale=alt.Scale(domain=[ticks[0] - 2, ticks[-1] + 2], nice=False),
        axis=alt.Axis(values=ticks, grid=False, labelFontSize=12),
    )  # fmt: skip
    y = alt.Y("e:Q", title=None, axis=None, scale=alt.Scale(domain=[0, top * 1.2], nice=False))
    one = data([{"n": ticks[0]}])

    def text(what: str, at: int, **style: Any) -> Any:
        return alt.Chart(one).mark_text(text=what, align="left", **style).encode(x=alt.value(0), y=alt.value(at))

    layers = [
        alt.Chart(data([{"n": n, "e": 0.0} for n in ticks])).mark_tick(color=colour("grid"), size=1).encode(x=x, y=y),
        text(curve.title, -22, fontWeight=600, fontSize=14),
        text(curve.under, HEIGHT + 28, fontSize=12, color=colour("ink2")),
    ]
    if points:
        base = alt.Chart(data(points)).encode(x=x, y=y)
        layers += [
            base.mark_line(color=colour("blue"), strokeWidth=2.2),
            base.mark_point(color=colour("blue"), fill="#fff", size=60, strokeWidth=2, opacity=1),
        ]
        # The value stands where the curve does not go: on the left of a point from which it rises.
        rising = [p for p, q in itertools.pairwise(points) if q["e"] > p["e"]]
        others = [p for p in points if p not in rising]
        sides: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
            (rising, {"align": "right", "dx": -3}), (others, {"align": "left", "dx": 3}),
        ]  # fmt: skip
        for own, style in sides:
            if own:
                said: Any = alt.Chart(data(own)).mark_text(dy=-10, fontSize=12, **style)
                layers.append(said.encode(x=x, y=y, text="s:N"))
    else:
        layers.append(text(curve.unknown, HEIGHT // 2, fontStyle="italic", color=colour("ink3")))
    return layered(layers, width=width, height=HEIGHT)
