"""The tokens of the house (tokens.yaml): one file gives the charts their colours and the stylesheet its variables.

`python -m pipelines.charts.tokens` writes the generated block of reports/theme.css again; a test catches drift.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

BEGIN, END = "/* tokens: generated from pipelines/charts/tokens.yaml */", "/* end of tokens */"


@cache
def tokens() -> dict[str, Any]:
    """The whole token file."""
    from ruamel.yaml import YAML

    return YAML(typ="safe").load((Path(__file__).parent / "tokens.yaml").read_text(encoding="utf-8"))


def colour(name: str) -> str:
    """Hex code of a colour; KeyError if there is none of that name."""
    return tokens()["colours"][name]


def size(name: str) -> int:
    """A size of the charts, in pixels."""
    return tokens()["chart"][name]


def css_block() -> str:
    """The `:root` rule of the stylesheet, between its two marks."""
    groups = tokens()
    values = {**groups["colours"], **groups["fonts"], **groups["spaces"]}
    lines = "".join(f"  --{name}: {value};\n" for name, value in values.items())
    return f"{BEGIN}\n:root {{\n{lines}}}\n{END}"


def with_tokens(css: str) -> str:
    """`css` with its generated block brought up to date; ValueError when it has no such block."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), flags=re.S)
    if not pattern.search(css):
        raise ValueError("no generated block in the stylesheet")
    return pattern.sub(lambda _: css_block(), css)


if __name__ == "__main__":
    sheet = Path(__file__).parents[2] / "reports" / "theme.css"
    sheet.write_text(with_tokens(sheet.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
