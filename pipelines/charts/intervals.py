"""Drawings of estimates with their interval: the bar of a tile, and rows of teams, tools or processes (forest).

Teams are drawn in one neutral colour and in the order given: nothing here sorts by value.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.charts.base import Chart, Frame, Spec, axis_labels, data, drawn, drawn_twice, joined, layered
from pipelines.charts.layout import PX_PER_LETTER, domain_of, position, side_of, wrapped, x_channel, zone_of
from pipelines.charts.tokens import colour, size
from pipelines.wording.display import Row, Shown
from pipelines.wording.together import retained
from pipelines.wording.words import Words

# Kind of verdict -> (line, fill, shape): the shape says it without colour.
MARKS = {
    "ok": ("blue", "blue", "circle"),
    "ko": ("rust", "rust", "square"),
    "nc": ("grey", None, "circle"),
    "early": ("grey", None, "circle"),
}


@dataclass(frozen=True)
class Line:
    """One row of a forest. `values` is None when there is nothing to draw; then `text` says why."""

    label: str
    kind: str
    values: tuple[float, float, float] | None  # estimate, low, high
    text: str
    interval: str
    people: str
    strong: bool = False
    retained: str = ""  # the verdict among the others, in a word


@dataclass(frozen=True)
class Panel:
    """The rows of one indicator, its threshold and how its axis reads."""

    title: str
    sub: str
    lines: tuple[Line, ...]
    threshold: float | None
    threshold_text: str
    direction: str
    decimals: int
    signed: bool
    columns: tuple[str, ...] = ()  # headings of estimate, interval, people


def panel(rows: Sequence[tuple[str, Row]], words: Words, *, people: Sequence[str] = (), strong: str = "") -> Panel:
    """(label, row of estimates) -> Panel; suppressed rows keep their label and lose everything else.

    `strong` is the label of the whole, printed in bold; `people` are the classes of contributors, row by row.
    """
    first = Shown(rows[0][1], words)
    lines = []
    for (label, row), size_text in zip(rows, people or [""] * len(rows), strict=True):
        shown = Shown(row, words)
        text = shown.bare if shown.value("estimate") is not None else shown.verdict.lower()
        # The whole is a claim of its own, fixed in advance: it is not one among the rows.
        word = "" if label == strong else retained(row, words)
        lines.append(Line(label, shown.kind, shown.drawn, text, shown.interval, size_text, label == strong, word))
    axis = words.text(f"indicators.{first.indicator}.axis")
    limit = first.words.text("tile.threshold", threshold=first.threshold) if first.threshold else ""
    scale = first.scale
    return Panel(
        first.title,
        axis,
        tuple(lines),
        first.value("threshold"),
        limit,
        str(first.row["direction"]),
        0 if scale.decimals == 0 else 1,
        scale.signed,
        tuple(words.text(f"figure.{c}") for c in ("estimate", "interval", "agents")) if any(people) else (),
    )


def interval_bar(shown: Shown, frame: Frame) -> str:
    """The bar of a tile: estimate, interval, threshold, zone of the objective. « » without interval."""
    import altair as alt

    if shown.drawn is None:
        return ""
    estimate, low, high = shown.drawn
    threshold = shown.value("threshold")
    # Without a threshold a change is read against no change.
    zero = [0.0] if threshold is None and shown.scale.signed else []
    domain = domain_of([estimate, low, high, *zero] + ([] if threshold is None else [threshold]), pad=0.22)
    width = size("tile") - 6
    x = x_channel(domain, (0, width))
    line, fill, shape = MARKS[shown.kind]
    tone = colour(line)
    down, up = shown.bounds
    row = {"e": estimate, "l": low, "h": high}
    base = alt.Chart(data([row]))
    layers = [
        alt.Chart(data([{"a": domain[0], "b": domain[1]}]))
        .mark_rule(color=colour("rule"))
        .encode(x=x("a"), x2="b", y=alt.value(42))
    ]
    if zero:
        none = alt.Chart(data([{"z": 0.0}]))
        layers += [
            none.mark_rule(color=colour("grey-m"), size=1.4).encode(x=x("z"), y=alt.value(16), y2=alt.value(46)),
            none.mark_text(text="0", color=colour("ink2"), fontSize=12.5).encode(x=x("z"), y=alt.value(9)),
        ]
    if threshold is not None:
        zone = zone_of(threshold, domain, str(shown.row["direction"]))
        side = side_of(threshold, domain)
        limits = alt.Chart(data([{"t": threshold, "a": zone[0], "b": zone[1]}]))
        label = shown.words.text("tile.threshold", threshold=shown.threshold)
        layers[:0] = [
            limits.mark_rect(color=colour("blue-t")).encode(x=x("a"), x2="b", y=alt.value(20), y2=alt.value(42))
        ]
        layers += [
            limits.mark_rule(color=colour("ink"), size=1.4, strokeDash=[4, 3]).encode(
                x=x("t"), y=alt.value(16), y2=alt.value(46)
            ),
            limits.mark_text(text=label, align=side, color=colour("ink2"), fontSize=12.5).encode(
                x=x("t"), y=alt.value(9)
            ),
        ]
    middle = (position(low, domain, width) + position(high, domain, width)) / 2
    close = position(high, domain, width) - position(low, domain, width) < 56
    ends: list[tuple[str, str, Any]] = [
        ("l", down, "right" if close else "center"),
        ("h", up, "left" if close else "center"),
    ]
    layers += [
        base.mark_rule(color=tone, size=7, opacity=0.6).encode(x=x("l"), x2="h", y=alt.value(31)),
        base.mark_point(
            size=110, shape=shape, fill=colour(fill) if fill else "#fff", stroke=tone, strokeWidth=2.4, opacity=1
        ).encode(x=x("e"), y=alt.value(31)),
        *(
            base.mark_text(
                text=text, align=align, color=colour("ink2"), fontSize=12.5, dx={"right": -2, "left": 2}.get(align, 0)
            ).encode(x=alt.value(middle) if close else x(column), y=alt.value(57))
            for column, text, align in ends
        ),
    ]
    return drawn(layered(layers, width=width, height=62), frame, ident=frame.ident, css="tb")


def forest(panels: Sequence[Panel], frame: Frame, *, neutral: bool) -> str:
    """One drawing per width: the panels side by side when wide, one under the other when narrow.

    `neutral` draws every row but the strong one in grey, without verdict.
    """

    def build(narrow: bool) -> Spec:
        if narrow:
            width = size("narrow") - 8
            tall = _two_lines(panels, _room(width, 4, narrow=True))
            parts = [_panel(p, width=width, left=4, right=8, neutral=neutral, narrow=True, tall=tall) for p in panels]
            return joined("vconcat", parts, spacing=26)
        label = min(max(_label_px(panels), 120), 300)
        if len(panels) == 1:
            tall = _two_lines(panels, _room(0, label, narrow=False))
            return _panel(panels[0], width=size("wide") - 8, left=label, right=262, neutral=neutral, narrow=False,
                          tall=tall)  # fmt: skip
        label = min(label, 230)
        tall = _two_lines(panels[:1], _room(0, label, narrow=False))
        each = (size("wide") - 8 - label - 18 * (len(panels) - 1)) // len(panels)
        parts = [
            _panel(
                p,
                width=each + (label if n == 0 else 0),
                left=label if n == 0 else 2,
                right=64,
                neutral=neutral,
                narrow=False,
                tall=tall,
                labels=n == 0,
                columns=False,
            )
            for n, p in enumerate(panels)
        ]
        return joined("hconcat", parts, spacing=18)

    return drawn_twice(frame, build)


def _panel(
    p: Panel,
    *,
    width: int,
    left: int,
    right: int,
    neutral: bool,
    narrow: bool,
    tall: bool,
    labels: bool = True,
    columns: bool = True,
) -> Spec:
    """One panel as layers over a band of rows; texts sit at fixed pixels so that nothing depends on a font."""
    import altair as alt

    if narrow:
        high_row, shift, bar = (62, 19, 18) if tall else (46, 11, 18)
    else:
        high_row, shift, bar = (36 if tall else 28), 0, 24
    domain, limits_of = drawn_range(p)
    axis = alt.Axis(
        tickCount=4 if narrow else 6 if columns else 3,
        labelExpr=axis_labels(p.decimals, signed=p.signed),
        labelFontSize=size("text") - narrow,
        zindex=0,
        grid=not narrow,
    )
    x = x_channel(domain, (left, width - right), axis)
    y = alt.Y(
        "n:O",
        sort=None,
        axis=None,
        scale=alt.Scale(type="band", domain=list(range(len(p.lines))), paddingInner=0, paddingOuter=0),
    )
    rows = [_row(n, line, neutral=neutral, limits=limits_of) for n, line in enumerate(p.lines)]
    measured = [r for r in rows if "e" in r]
    layers: list[Chart] = []
    if p.signed and measured and not narrow:
        layers.append(alt.Chart(data([{"z": 0.0}])).mark_rule(color=colour("grey-m")).encode(x=x("z")))
    if p.threshold is not None and measured:
        zone = zone_of(p.threshold, domain, p.direction)
        limits = alt.Chart(data([{"n": r["n"], "t": p.threshold, "a": zone[0], "b": zone[1]} for r in measured]))
        layers += [
            limits.mark_bar(color=colour("blue-t"), opacity=0.75, height=bar, yOffset=shift).encode(
                x=x("a"), x2="b", y=y
            ),
            limits.mark_tick(color=colour("ink"), orient="vertical", size=bar - 8, thickness=1.4, yOffset=shift).encode(
                x=x("t"), y=y
            ),
            alt.Chart(data([{"t": p.threshold}]))
            .mark_text(text=p.threshold_text, align=side_of(p.threshold, domain), color=colour("ink2"), dx=0)
            .encode(x=x("t"), y=alt.value(-8)),
        ]
    tone = {"color": alt.Color("tone:N", scale=None)}
    if measured:
        base = alt.Chart(data(measured))
        layers += [
            base.mark_rule(size=2.2, yOffset=shift).encode(x=x("l"), x2="h", y=y, **tone),
            base.mark_point(size=95, strokeWidth=2, opacity=1, yOffset=shift).encode(
                x=x("e"),
                y=y,
                shape=alt.Shape("shape:N", scale=None),
                fill=alt.Fill("fill:N", scale=None),
                stroke=alt.Stroke("tone:N", scale=None),
            ),
        ]
    for column, shape in (("cut_l", "triangle-left"), ("cut_h", "triangle-right")):
        if cut := [{"n": r["n"], "at": r[column], "tone": r["tone"]} for r in measured if column in r]:
            arrow = alt.Chart(data(cut)).mark_point(
                shape=shape, size=70, filled=True, opacity=1, strokeWidth=0, yOffset=shift
            )
            layers.append(arrow.encode(x=x("at"), y=y, **tone))
    layers += _texts(rows, y, width=width, left=left, narrow=narrow, labels=labels, columns=columns)
    layers += _headings(p, width=width, left=left, narrow=narrow, columns=columns)
    resolve = {"scale": {"color": "independent"}}
    return layered(layers, width=width, height=high_row * len(rows), resolve=resolve)


def drawn_range(p: Panel) -> tuple[tuple[float, float], tuple[float, float]]:
    """(ends of the axis, bounds beyond which an interval is cut and ends in an arrow).

    One interval far wider than the others would flatten them all to points: it is cut at three usual half-widths.
    """
    values = [line.values for line in p.lines if line.values]
    marks = ([] if p.threshold is None else [p.threshold]) + ([0.0] if p.signed else [])
    if not values:  # nothing to draw: the rows still say why
        return domain_of([0.0, 1.0, *marks], pad=0.06), (-math.inf, math.inf)
    core = [v[0] for v in values] + marks
    reach = max(3 * statistics.median((v[2] - v[1]) / 2 for v in values), (max(core) - min(core)) / 2)
    low, high = min(core) - reach, max(core) + reach
    inside = [min(max(bound, low), high) for v in values for bound in v[1:]]
    return domain_of([*core, *inside], pad=0.06), (low, high)


def _two_lines(panels: Sequence[Panel], room: int) -> bool:
    """Some label needs two lines: then every row is taller."""
    return any(len(wrapped(line.label, room)) > 1 for p in panels for line in p.lines)


def _room(width: int, left: int, *, narrow: bool) -> int:
    return width - 124 if narrow else left - 8


def _label_px(panels: Sequence[Panel]) -> int:
    """Pixels the longest label needs, on two lines at most."""
    longest = max((len(line.label) for p in panels for line in p.lines), default=0)
    return round(PX_PER_LETTER * (longest if longest <= 44 else longest * 0.6)) + 16


def _row(n: int, line: Line, *, neutral: bool, limits: tuple[float, float]) -> dict[str, Any]:
    """One line as chart data: a line without values carries its label and its word, nothing else."""
    row: dict[str, Any] = {
        "n": n,
        "label": line.label,
        "strong": line.strong,
        "text": line.text,
        "interval": line.interval,
        "people": line.people,
    }
    if line.values is None:
        return row
    kind = "early" if neutral and not line.strong else line.kind
    tone, fill, shape = MARKS[kind]
    estimate, low, high = line.values
    row |= {"e": estimate, "l": max(low, limits[0]), "h": min(high, limits[1])}
    row |= ({"cut_l": limits[0]} if low < limits[0] else {}) | ({"cut_h": limits[1]} if high > limits[1] else {})
    return row | {"tone": colour(tone), "fill": colour(fill) if fill else "#fff", "shape": shape}


def _texts(
    rows: list[dict[str, Any]], y: Any, *, width: int, left: int, narrow: bool, labels: bool, columns: bool
) -> list[Chart]:
    """Labels and values at fixed pixels; bold for the whole, italic for what is not published."""
    import altair as alt

    made: list[Chart] = []
    room = _room(width, left, narrow=narrow)
    cut = {r["n"]: wrapped(r["label"], room) for r in rows}
    up = (-15 if any(len(lines) > 1 for lines in cut.values()) else -11) if narrow else 0
    text_size = size("text_narrow") if narrow else size("text")
    for strong in (False, True):
        weight: Any = 600 if strong else 400
        some = [r for r in rows if r["strong"] == strong]
        if some and (labels or narrow):
            made.append(
                alt.Chart(data([{"n": r["n"], "s": "\n".join(cut[r["n"]])} for r in some]))
                .mark_text(align="left", fontWeight=weight, fontSize=text_size, yOffset=up, limit=room, lineBreak="\n")
                .encode(y=y, x=alt.value(0), text="s:N")
            )
        shown = [r for r in some if "e" in r]
        places: list[tuple[int, str, Any]] = (
            [(width, "text", 400)]
            if narrow or not columns
            else [(width - 186, "text", 600), (width - 78, "interval", weight), (width, "people", weight)]
        )
        for place, column, value_weight in places:
            texts = [{"n": r["n"], "s": f"{r['text']} {r['interval']}" if narrow else r[column]} for r in shown]
            if texts:
                made.append(
                    alt.Chart(data(texts))
                    .mark_text(align="right", fontWeight=value_weight, fontSize=text_size, yOffset=up)
                    .encode(y=y, x=alt.value(place), text="s:N")
                )
    hidden = [{"n": r["n"], "s": r["text"]} for r in rows if "e" not in r]
    if hidden:  # in the column of the values, where no line of the grid crosses the words
        made.append(
            alt.Chart(data(hidden))
            .mark_text(align="right", fontStyle="italic", color=colour("ink3"), fontSize=text_size, yOffset=up)
            .encode(y=y, x=alt.value(width), text="s:N")
        )
    return made


def _headings(p: Panel, *, width: int, left: int, narrow: bool, columns: bool) -> list[Chart]:
    """Title and unit of a panel among several; names of the columns when there is one."""
    import altair as alt

    one = data([{"n": 0}])
    if p.title and (narrow or not columns):
        at = 0 if narrow else left
        return [
            alt.Chart(one)
            .mark_text(text=p.title, align="left", fontWeight=600, fontSize=14)
            .encode(x=alt.value(at), y=alt.value(-46)),
            alt.Chart(one)
            .mark_text(text=p.sub, align="left", color=colour("ink2"), fontSize=12)
            .encode(x=alt.value(at), y=alt.value(-28)),
        ]
    if narrow:
        return []
    places = zip(p.columns, (width - 186, width - 78, width), strict=False)
    return [
        alt.Chart(one)
        .mark_text(text=name, align="right", color=colour("ink2"), fontSize=12)
        .encode(x=alt.value(at), y=alt.value(-8))
        for name, at in places
    ]
