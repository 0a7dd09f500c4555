"""Where things go in a drawing: axis, zone of the objective, labels on one line or two. Knows no estimate."""

import textwrap
from typing import Any

PX_PER_LETTER = 6.7  # of the text of a chart, on average: fonts differ, so a little more than measured


def wrapped(label: str, room: int) -> list[str]:
    """A label on two lines at most of `room` pixels; a longer one loses its middle, since labels that begin alike are
    told apart by their end. The table under the figure has it whole."""
    letters = max(int(room / PX_PER_LETTER), 8)
    lines = textwrap.wrap(label, letters)
    return lines if len(lines) < 3 else [lines[0], f"…{label[1 - letters :].lstrip()}"]


def x_channel(domain: tuple[float, float], pixels: tuple[int, int], axis: Any = None) -> Any:
    """Maker of x channels that all share one linear scale, drawn between two pixels."""
    import altair as alt

    scale = alt.Scale(domain=list(domain), range=list(pixels), nice=False, zero=False)
    return lambda column: alt.X(f"{column}:Q", scale=scale, axis=axis, title=None)


def domain_of(values: list[float], *, pad: float) -> tuple[float, float]:
    """The ends of an axis that shows `values`, with room on both sides."""
    low, high = min(values), max(values)
    room = (high - low or 1.0) * pad
    return low - room, high + room


def zone_of(threshold: float, domain: tuple[float, float], direction: str) -> tuple[float, float]:
    """The favourable side of a threshold."""
    return (domain[0], threshold) if direction == "lower" else (threshold, domain[1])


def position(value: float, domain: tuple[float, float], width: float) -> float:
    """Pixels from the left end of the axis."""
    return (value - domain[0]) / (domain[1] - domain[0]) * width


def side_of(value: float, domain: tuple[float, float]) -> Any:
    """Alignment of a text at `value` that keeps it inside the drawing."""
    place = position(value, domain, 1)
    return "left" if place < 0.25 else "right" if place > 0.75 else "center"
