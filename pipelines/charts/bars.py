"""Drawings of quantities as horizontal bars: where the time went, who took part, how answers are spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.charts.base import Chart, Frame, Spec, data, drawn, drawn_twice, layered
from pipelines.charts.layout import PX_PER_LETTER
from pipelines.charts.tokens import colour, size

SHORT = 3  # letters of a label that fits beside its bar on a phone


@dataclass(frozen=True)
class Bar:
    """One bar from `start` to `end`, or a text alone when there is nothing to draw (`end` None)."""

    label: str
    start: float
    end: float | None
    text: str
    tone: str = "blue-m"
    strong: bool = False


def bars(rows: Sequence[Bar], frame: Frame, *, row_px: int = 30, card: bool = False) -> str:
    """The bars in the order given: label on the left (wide) or above (narrow), value at the end of the bar.

    `card`: one drawing, as wide as a tile, with its labels on the left.
    """
    if card:
        view = _bars(rows, width=size("tile") - 6, sides=(140, 72), narrow=False, row_px=row_px)
        return drawn(view, frame, ident=frame.ident, css="tb")

    beside = max((len(b.label) for b in rows), default=0) <= SHORT  # no need of a line of their own

    def build(narrow: bool) -> Spec:
        if narrow and beside:
            return _bars(rows, width=size("narrow") - 8, sides=(32, 78), narrow=False, row_px=row_px)
        width = size("narrow" if narrow else "wide") - 8
        return _bars(rows, width=width, sides=(2, 78) if narrow else (300, 120), narrow=narrow, row_px=row_px)

    return drawn_twice(frame, build)


def _bars(rows: Sequence[Bar], *, width: int, sides: tuple[int, int], narrow: bool, row_px: int) -> Spec:
    import altair as alt

    left, right = sides
    if not narrow and left > 200:  # room for the labels there are, not for the longest one could think of
        left = min(max(round(PX_PER_LETTER * max((len(b.label) for b in rows), default=0)) + 20, 90), left)
    high_row, shift, text_size = (row_px + 18, 10, size("text_narrow")) if narrow else (row_px, 0, size("text"))
    ends = [v for b in rows if b.end is not None for v in (b.start, b.end)] or [0.0, 1.0]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    scale = alt.Scale(domain=[low, high if high > low else low + 1], range=[left, width - right], nice=False)
    y = alt.Y(
        "n:O",
        sort=None,
        axis=None,
        scale=alt.Scale(type="band", domain=list(range(len(rows))), paddingInner=0, paddingOuter=0),
    )

    def x(column: str) -> Any:
        return alt.X(f"{column}:Q", scale=scale, axis=None, title=None)

    full = [
        {"n": n, "a": min(b.start, b.end), "b": max(b.start, b.end), "s": b.text, "tone": colour(b.tone)}
        for n, b in enumerate(rows)
        if b.end is not None
    ]
    empty = [{"n": n, "s": b.text} for n, b in enumerate(rows) if b.end is None]
    layers: list[Chart] = (
        []
        if narrow
        else [
            alt.Chart(data([{"z": 0.0}]))
            .mark_rule(color=colour("rule"))
            .encode(x=x("z"), y=alt.value(0), y2=alt.value(high_row * len(rows)))
        ]
    )
    if full:
        layers += [
            alt.Chart(data(full))
            .mark_bar(height=min(18, row_px - 6), yOffset=shift)
            .encode(x=x("a"), x2="b", y=y, color=alt.Color("tone:N", scale=None)),
            alt.Chart(data(full))
            .mark_text(align="left", dx=6, fontSize=text_size, fontWeight=600, yOffset=shift)
            .encode(x=x("b"), y=y, text="s:N"),
        ]
    if empty:
        layers.append(
            alt.Chart(data(empty))
            .mark_text(align="left", dx=6, fontSize=text_size, fontStyle="italic", color=colour("ink3"), yOffset=shift)
            .encode(x=alt.value(left), y=y, text="s:N")
        )
    for strong in (False, True):
        labels = [{"n": n, "s": b.label} for n, b in enumerate(rows) if b.strong == strong and b.label]
        if labels:
            layers.append(
                alt.Chart(data(labels))
                .mark_text(
                    align="left",
                    fontSize=text_size,
                    fontWeight=600 if strong else 400,
                    limit=width - 4 if narrow else left - 12,
                    yOffset=-high_row / 2 + 10 if narrow else 0,
                )
                .encode(y=y, x=alt.value(0), text="s:N")
            )
    return layered(layers, width=width, height=high_row * len(rows))
