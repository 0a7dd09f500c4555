"""What every drawing shares: the theme, the two widths, inline data, and the step from Altair to SVG.

Altair makes the marks; they are put over and beside each other as plain data, because its own operators copy every
channel of every layer several times over (three quarters of the time a page takes).
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipelines.charts.svg import svg
from pipelines.charts.tokens import colour, size
from pipelines.wording import Words

if TYPE_CHECKING:
    import altair as alt

# Altair imports jsonschema, which builds this grammar (2 s) for URIs that no chart holds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

Chart = Any  # Altair's chart classes share no useful common type
Spec = dict[str, Any]  # a Vega-Lite view


@dataclass(frozen=True)
class Frame:
    """Where a drawing goes: its language, the id that prefixes its own, and the mark of demonstration data."""

    words: Words
    ident: str
    title: str
    desc: str
    mark: str = ""


def data(rows: list[dict[str, Any]]) -> "alt.InlineData":
    """Rows written by us into the chart: nothing else reaches the specification."""
    import altair as alt

    return alt.InlineData(values=rows)


def layered(charts: Sequence[Chart], *, width: int, height: int, **more: Any) -> Spec:
    """The charts over each other, the first one below."""
    datasets: Spec = {}
    context = {"top_level": False, "datasets": datasets}
    views = [chart.to_dict(validate=False, context=context) for chart in charts]
    return {"layer": views, "width": width, "height": height, "datasets": datasets, **more}


def joined(how: Literal["hconcat", "vconcat"], parts: Sequence[Spec], *, spacing: int) -> Spec:
    """Layered views side by side or one under the other."""
    datasets = {name: rows for part in parts for name, rows in part["datasets"].items()}
    views = [{k: v for k, v in part.items() if k != "datasets"} for part in parts]
    return {how: views, "spacing": spacing, "datasets": datasets}


def themed(view: Spec) -> Spec:
    """The theme: transparent, no view stroke, no domain, no ticks, light grid on x only."""
    import altair as alt

    axis = {
        "domain": False,
        "ticks": False,
        "gridColor": colour("grid"),
        "labelColor": colour("ink3"),
        "labelFontSize": size("text"),
        "labelPadding": 6,
        "title": None,
    }
    config = {
        "background": "transparent",
        "padding": 2,
        "view": {"stroke": None},
        "text": {"color": colour("ink"), "fontSize": size("text")},
        "axis": axis,
    }
    return {"$schema": alt.SCHEMA_URL, "config": config, **view}


def drawn_twice(frame: Frame, build: Callable[[bool], Spec]) -> str:
    """The wide and the narrow drawing of one chart; the stylesheet shows one of them. `build` takes `narrow`."""
    wide = drawn(build(False), frame, ident=f"{frame.ident}w", css="wd")
    return wide + drawn(build(True), frame, ident=f"{frame.ident}n", css="nw")


def drawn(view: Spec, frame: Frame, *, ident: str, css: str) -> str:
    """One view, with the theme, as inline SVG."""
    return svg(
        themed(view), ident=ident, css=css, title=frame.title, desc=frame.desc, mark=frame.mark,
        language=frame.words.language,
    )  # fmt: skip


def axis_labels(decimals: int, *, signed: bool) -> str:
    """Vega expression for the labels of an axis: signed values keep their +, zero is « 0 »."""
    form = f"format(datum.value, '{'+' if signed else ''},.{decimals}f')"
    return f"datum.value == 0 ? '0' : {form}"
