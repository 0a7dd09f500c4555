"""What every drawing shares: the theme, the two widths, inline data, and the step from Altair to SVG."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.charts.svg import svg
from pipelines.charts.tokens import colour, size
from pipelines.wording import Words

if TYPE_CHECKING:
    import altair as alt

Chart = Any  # Altair's chart classes share no useful common type


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


def themed(chart: Chart) -> Chart:
    """The theme: transparent, no view stroke, no domain, no ticks, light grid on x only."""
    return (
        chart.configure(background="transparent", padding=2)
        .configure_view(stroke=None)
        .configure_text(color=colour("ink"), fontSize=size("text"))
        .configure_axis(
            domain=False,
            ticks=False,
            gridColor=colour("grid"),
            labelColor=colour("ink3"),
            labelFontSize=size("text"),
            labelPadding=6,
            title=None,
        )
        .configure_concat(spacing=18)
    )


def drawn_twice(frame: Frame, build: Callable[[bool], Chart]) -> str:
    """The wide and the narrow drawing of one chart; the stylesheet shows one of them. `build` takes `narrow`."""
    return "".join(
        svg(
            themed(build(narrow)),
            ident=f"{frame.ident}{'n' if narrow else 'w'}",
            css="nw" if narrow else "wd",
            title=frame.title,
            desc=frame.desc,
            mark=frame.mark,
            language=frame.words.language,
        )
        for narrow in (False, True)
    )


def axis_labels(decimals: int, *, signed: bool) -> str:
    """Vega expression for the labels of an axis: signed values keep their +, zero is « 0 »."""
    form = f"format(datum.value, '{'+' if signed else ''},.{decimals}f')"
    return f"datum.value == 0 ? '0' : {form}"
