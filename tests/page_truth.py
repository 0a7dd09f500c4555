"""Every number of a rendered page, held to the published tables: a parser that knows the tables and nothing of the
code that prints them. Rounding is done again here: half up for estimates, outwards for bounds.

`faults(page, tables)` gives the numbers that no table explains, each with its text. A figure with its interval must be
those of one row together; a number with a unit must be a value of that unit; a date, a date of the tables.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl
from lxml import html
from ruamel.yaml import YAML

from pipelines.contracts import all_tables
from pipelines.contracts.rules import RULES

WORDING = Path(__file__).parents[1] / "pipelines" / "wording"
BLOCKS = ("p", "li", "h1", "h2", "h3", "h4", "td", "th", "dt", "dd", "caption", "summary", "tr", "text", "desc",
          "title")  # fmt: skip
TICKS = "#5F6975"  # labels of an axis: ink3
MONTHS = ("janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|January|February|March|"
          "April|May|June|July|August|September|October|November|December")  # fmt: skip
NUMBER = r"[+\u2212-]?\d{1,3}(?:(?: \d{3})+(?![\d])|\d*)(?:[.,]\d+)?"
INTERVAL = re.compile(rf"\[({NUMBER}) ?[;,] ({NUMBER})\]")
TRIPLE = re.compile(rf"({NUMBER})(?: ?(?:%|[^\d\W][\w-]*))?(?: \|)? {INTERVAL.pattern}")
BETWEEN = re.compile(rf"(?:entre|between) ({NUMBER}) (?:et|and) ({NUMBER})")
LEVEL = re.compile(rf"(?:à|at) ({NUMBER}) ?%(?= \[)")  # « intervalle à 95 % [… »
THRESHOLD = re.compile(rf"(?:Seuil|Threshold)[^:]{{0,20}}: ({NUMBER})")
FIGURE = re.compile(r"\b[Ff]igure \d+")
CLASSES = {5, 9, 10, 19, 20}  # of people below the programme
UNITS = {
    "%": r"%", "h": r"h\b|heures?\b|hours?\b", "min": r"min\b", "points": r"points?\b",
    "weeks": r"semaines?\b|weeks?\b",
}  # fmt: skip
OF_UNIT = {"%": "%", "ratio": "%", "h": "h", "h/agent/week": "h", "min": "min", "points": "points", "weeks": "weeks"}


def rounded(value: float, decimals: int) -> float:
    """Half up, as on paper."""
    return float(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def outwards(low: float, high: float, decimals: int) -> tuple[float, float]:
    """Bounds that never claim more than was found."""
    step = 10**decimals
    return math.floor(low * step + 1e-9) / step, math.ceil(high * step - 1e-9) / step


def read(text: str) -> float:
    """« −1 234,5 » as a number."""
    plain = text.replace("\u2212", "-").replace(" ", "").replace("+", "")
    return float(plain.replace(",", "."))


@dataclass
class Known:
    """What the tables allow to be printed."""

    triples: set[tuple[float, float, float]] = field(default_factory=set)
    pairs: set[tuple[float, float]] = field(default_factory=set)
    values: dict[str, set[float]] = field(default_factory=lambda: {u: set() for u in (*UNITS, "")})
    counts: set[float] = field(default_factory=set)
    thresholds: set[float] = field(default_factory=set)
    dates: set[date] = field(default_factory=set)
    strings: list[str] = field(default_factory=list)

    def value(self, unit: str, number: float, decimals: Iterable[int] = (0, 1, 2)) -> None:
        """`number` may be printed with this unit, or alone in a column."""
        for d in decimals:
            for name in (unit, ""):
                self.values[name] |= {rounded(number, d), abs(rounded(number, d))}


def known(tables: Mapping[str, pl.DataFrame]) -> Known:
    """Everything that may be printed, from the published tables by name."""
    given, found = tables, Known()
    tables = {t.name: given.get(t.name, t.empty()) for t in all_tables().values() if t.layer == "published"}
    for row in tables["estimates"].iter_rows(named=True):
        if row["disclosure_status"] == "published" or row["threshold"] is not None:
            _estimate(found, row)
    _parts(found, tables["estimates"])
    for frame in tables.values():
        _cells(found, frame)
    _shares(found, tables)
    _settings(found, tables["study"], tables["proposals"]["reasons"].drop_nulls())
    _counts(found, tables)
    for figure in _evaluations():  # published elsewhere, kept with their source beside the words
        found.value("min", figure)
        found.counts.add(figure)
    found.strings += [t for rule in RULES.values() for t in (rule.label_fr, rule.message) if re.search(r"\d", t)]
    found.strings.sort(key=len, reverse=True)
    return found


def _evaluations() -> Iterator[float]:
    """Numbers of the evaluations others published, which the pages set beside ours."""

    for file in (WORDING / "fr" / "comparison.yaml", WORDING.parent / "study" / "evaluations.yaml"):
        for number in re.findall(r"(?<![\w.])\d[\d_]*(?:\.\d+)?", file.read_text(encoding="utf-8")):
            yield float(number.replace("_", ""))


def _estimate(found: Known, row: Mapping[str, Any]) -> None:
    unit = OF_UNIT.get(row["unit"], "")
    scales = [lambda v: v]
    if row["unit"] == "ratio":
        scales = [lambda v: 100 * (v - 1), lambda v: 100 * v, lambda v: v]
    if row["unit"] in ("h", "min"):  # a step of a waterfall is taken off
        scales.append(lambda v: -v)
    if (row["indicator"], row["unit"]) == ("net_hours", "h/agent/week"):  # in minutes a day, beside other evaluations
        scales.append(lambda v: 60 * v / 5)
        found.value("min", 60 * row["estimate"] / 5 if row["estimate"] is not None else 0.0)
    if row["indicator"] == "process_tool_gain":
        scales.append(lambda v: -v)
    for scale in scales:
        if row["threshold"] is not None:
            found.value(unit, scale(row["threshold"]))
            found.thresholds |= {rounded(scale(row["threshold"]), d) for d in (0, 1, 2)}
        if row["disclosure_status"] != "published":
            continue
        if row["estimate"] is not None:
            found.value(unit, scale(row["estimate"]))
        if (tau := row.get("tau")) is not None:  # the spread between teams; of a log ratio, in %
            ratio = row["indicator"] in ("errors", "time_per_task")
            found.value("%" if ratio else "points" if unit == "%" else unit, 100 * math.expm1(tau) if ratio else tau)
        if row.get("detectable") is not None:
            found.value(unit, row["detectable"])
        if row["ci_low"] is None or row["ci_high"] is None or row["estimate"] is None:
            continue
        low, high = sorted((scale(row["ci_low"]), scale(row["ci_high"])))
        for d in (0, 1, 2):
            pair = outwards(low, high, d)
            found.pairs.add(pair)
            found.triples |= {(rounded(scale(row["estimate"]), e), *pair) for e in (d, d + 1)}
            for bound in pair:
                found.values[unit].add(bound)
                found.values[""].add(bound)
    if row["level"] is not None:
        found.value("%", 100 * row["level"])


def _parts(found: Known, estimates: pl.DataFrame) -> None:
    """The net of the waterfall, and the share taken back: the only arithmetic a page does."""
    rows = estimates.filter(scope="programme", indicator="net_hours", unit="h", disclosure_status="published")
    hours = {r["estimand"]: r["estimate"] for r in rows.iter_rows(named=True) if r["estimate"] is not None}
    if "gross" in hours:
        found.value("h", hours["gross"] - sum(v for k, v in hours.items() if k != "gross"))
        back = sum(hours.get(k, 0.0) for k in ("verification", "rework", "failed"))
        if hours["gross"] > 0:
            found.value("%", 100 * back / hours["gross"])


def _cells(found: Known, frame: pl.DataFrame) -> None:
    for name in frame.columns:
        dtype, column = frame.schema[name], frame[name].drop_nulls()
        if dtype == pl.Int64:
            found.counts |= {float(v) for v in column}
        elif dtype == pl.Date:
            found.dates |= set(column.to_list())
        elif dtype == pl.String:
            found.strings += [s for s in column.unique().to_list() if re.search(r"\d", s) and len(s) > 1]
            found.counts |= {float(s) for s in column.unique().to_list() if s.isdigit()}


def _shares(found: Known, tables: Mapping[str, pl.DataFrame]) -> None:
    """Shares of published counts, and the inputs of the rule of proposals."""
    for row in tables["participation"].iter_rows(named=True):
        if row["n_persons"] is not None and row["n_reference"]:
            found.value("%", 100 * row["n_persons"] / row["n_reference"])
            found.counts.add(float(row["n_reference"] - row["n_persons"]))
    for name in ("distributions", "linking"):
        for column in ("share", "paired_share"):
            for share in tables[name][column].drop_nulls().to_list() if column in tables[name].columns else ():
                found.value("%", 100 * share)
    totals = tables["accounts"].select(pl.col(pl.Int64).sum()).row(0, named=True)
    found.counts |= {float(v) for v in totals.values() if v is not None}
    if totals.get("received"):
        found.value("%", 100 * totals["accepted"] / totals["received"])
    for column in tables["proposals"].select(pl.col(pl.Float64)).iter_columns():
        for value in column.drop_nulls().to_list():
            for unit in ("%", "points"):
                found.value(unit, value)
            found.value("%", 100 * (value - 1))


def _settings(found: Known, study: pl.DataFrame, reasons: Iterable[str]) -> None:
    """Dates, thresholds and limits of the study file, and those of the rule's conditions."""
    settings = dict(study.iter_rows())
    for text in (v for v in settings.values() if v):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            found.dates.add(date.fromisoformat(text))
        elif re.fullmatch(r"-?\d+(\.\d+)?", text):
            found.value("", float(text))
            found.counts.add(float(text))
    rule = f"{settings.get('proposals')} {' '.join(reasons)}"
    for words in re.findall(r"[<>]=? (-?\d+(?:\.\d+)?)", rule):
        for unit in ("%", "points"):
            found.value(unit, float(words))
        found.value("%", 100 * (float(words) - 1))
        found.counts.add(float(words))
    found.dates |= {d - timedelta(days=1) for d in found.dates}  # a window is half-open
    start, end = settings.get("calendar.measurement_start"), settings.get("calendar.measurement_end")
    if start and end:
        found.value("weeks", (date.fromisoformat(end) - date.fromisoformat(start)).days // 7)


def _counts(found: Known, tables: Mapping[str, pl.DataFrame]) -> None:
    """How many rows of each kind a table has: teams, tools, hidden results, questions."""
    for frame in tables.values():
        found.counts.add(float(frame.height))
        for name, dtype in frame.schema.items():
            if dtype in (pl.String, pl.Boolean, pl.Int64) and frame.height:
                per_value = frame.group_by(name).len()
                found.counts |= {float(frame[name].drop_nulls().n_unique()), *map(float, per_value["len"])}
            if dtype == pl.Int64:
                found.counts.add(float(frame[name].sum()))
    hidden = tables["estimates"].filter(pl.col("disclosure_status") == "suppressed")
    found.counts |= {float(n) for n in hidden.group_by("scope").len()["len"]}
    teams = tables["deployments"].group_by("process").agg(pl.col("team").n_unique())
    kept = tables["set_aside"].group_by("status").agg(pl.col("rows").sum())
    found.counts |= {float(n) for n in (*teams["team"], *kept["rows"])}
    by_tool = tables["incidents"].group_by("tool", "kind", "severity").agg(pl.col(pl.Int64).exclude("severity").sum())
    found.counts |= {float(v) for row in by_tool.select(pl.col(pl.Int64)).iter_rows() for v in row}


def texts(page: html.HtmlElement) -> Iterator[str]:
    """What a reader, or a screen reader, meets: block by block, rows of tables whole, what drawings say, aria-label."""
    body = page.find(".//body") if page.find(".//body") is not None else page
    for dropped in body.xpath(".//code|.//style|.//script|.//*[@class='renderer']"):
        dropped.drop_tree()
    for element in body.iter():
        if not isinstance(element.tag, str):
            continue
        if label := element.get("aria-label"):
            yield label
        inside = [e for e in element.iterdescendants() if isinstance(e.tag, str) and e.tag in BLOCKS]
        if element.tag == "tr":
            yield " | ".join("".join(cell.itertext()).strip() for cell in element)
        elif element.tag in ("td", "th") and element.getparent() is not None and element.getparent().tag == "tr":
            continue
        elif element.tag in BLOCKS and element.tag != "text" and not inside:
            yield "".join(element.itertext())
        elif element.tag == "span" and element.get("class") == "by":
            yield " ".join(element.itertext())


def _fragments(language: str) -> list[re.Pattern[str]]:
    """Numbers that the sentences themselves hold: « de 0 à 100 », « OMS-5 », as patterns of their literal text."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(inner)
        if isinstance(node, str):
            found.update(f.strip() for f in re.split(r"\{\w+\}|\*\*", node) if re.search(r"\d", f) and len(f) > 3)

    for file in sorted((WORDING / language).glob("*.yaml")):
        walk(YAML(typ="safe").load(file.read_text(encoding="utf-8")))
    return [_literal(f) for f in sorted(found, key=len, reverse=True)]


def _literal(text: str) -> re.Pattern[str]:
    said = plain(text)
    before, after = (r"(?<![\d,.])" if said[:1].isdigit() else ""), (r"(?![\d,.]*\d)" if said[-1:].isdigit() else "")
    return re.compile(before + re.escape(said) + after, flags=re.I)


def plain(text: str) -> str:
    """One kind of space, one apostrophe, U+2212 kept."""
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")).strip()


def faults(page: str, tables: Mapping[str, pl.DataFrame], *, allowed: Known | None = None) -> list[str]:
    """« number: text » for every number of the page that the tables do not explain."""
    allowed = allowed or known(tables)
    settings = dict(tables["study"].iter_rows())
    root = html.fromstring(page)
    own = [_literal(s) for s in allowed.strings if len(s) < 400] + _fragments(settings.get("language") or "fr")
    found = list(_drawings(root, own, allowed))
    for text in texts(root):
        said = plain(text)
        if not re.search(r"\d", said):
            continue
        left = said
        for pattern in own:
            left = pattern.sub(" ", left)
        found += [f"{number}: {said[:160]}" for number in _unexplained(left, allowed)]
    return found


def _drawings(root: html.HtmlElement, own: list[re.Pattern[str]], allowed: Known) -> Iterator[str]:
    """A number drawn is one that the description of the drawing says, a threshold, or a class of people."""
    for drawing in root.iter("svg"):
        desc = drawing.find("desc")
        if desc is None:
            continue
        told = {read(m[0]) for m in re.finditer(NUMBER, plain(desc.text or ""))}
        for element in drawing.iter("text"):
            said = plain("".join(element.itertext()))
            left = said
            for pattern in own:
                left = pattern.sub(" ", left)
            if element.get("fill") == TICKS or not re.search(r"\d", left):
                continue
            limit, row = THRESHOLD.search(left), TRIPLE.search(left)
            if limit and read(limit[1]) not in allowed.thresholds:
                yield f"{limit[0]} (drawing)"
            if row and (read(row[1]), read(row[2]), read(row[3])) not in allowed.triples:
                yield f"{row[0]} (drawing)"
            numbers = {read(m[0]) for m in re.finditer(NUMBER, left)}
            yield from (f"{n}: {said} (drawing)" for n in numbers - told - allowed.thresholds - CLASSES - {0.0})


def _unexplained(text: str, allowed: Known) -> Iterator[str]:
    text = _dates(text, allowed)
    if "\u0000" in text:
        yield "date"
        text = text.replace("\u0000", " ")
    text = LEVEL.sub(lambda m: " " if read(m[1]) in allowed.values["%"] else m[0], FIGURE.sub(" ", text))
    for m in THRESHOLD.finditer(text):
        if read(m[1]) not in allowed.thresholds:
            yield m[0]
    for m in TRIPLE.finditer(text):
        if (read(m[1]), read(m[2]), read(m[3])) not in allowed.triples:
            yield m[0]
    text = TRIPLE.sub(" ", text)
    for pattern in (INTERVAL, BETWEEN):
        for m in pattern.finditer(text):
            if (read(m[1]), read(m[2])) not in allowed.pairs:
                yield m[0]
        text = pattern.sub(" ", text)
    for unit, words in UNITS.items():
        pattern = re.compile(rf"({NUMBER}) ?(?:{words})")
        for m in pattern.finditer(text):
            if read(m[1]) not in allowed.values[unit]:
                yield m[0]
        text = pattern.sub(" ", text)
    for m in re.finditer(NUMBER, text):
        value = read(m[0])
        is_count = re.fullmatch(r"\d[\d ]*", m[0]) and (value in allowed.counts or value in CLASSES)
        if not is_count and value not in allowed.values[""]:
            yield m[0]


def _dates(text: str, allowed: Known) -> str:
    """`text` without its dates; a date that no table holds leaves a NUL."""
    names = MONTHS.split("|")

    def check(m: re.Match[str]) -> str:
        month = names.index(m[2]) % 12 + 1
        told = {(d.day, d.month, d.year) for d in allowed.dates}
        fits = any(d == int(m[1]) and mo == month and (m[3] is None or y == int(m[3])) for d, mo, y in told)
        return " " if fits else "\u0000"

    return re.sub(rf"(\d{{1,2}})(?:er)? ({MONTHS})(?: (\d{{4}}))?", check, text)
