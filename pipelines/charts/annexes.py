"""Annexes: the same question asked of the data in other ways, the questions asked, how to make the bilan again."""

from collections.abc import Iterable

import polars as pl

from pipelines.charts.context import Page
from pipelines.charts.facts import measures_table, programme_rows
from pipelines.wording.display import Row, has_interval
from pipelines.wording.measures import Measure
from pipelines.wording.page import inline, paragraph, raw, table

# Each list starts with the row the tiles, or the tables above, print.
VARIANTS: dict[str, tuple[tuple[str, str], ...]] = {
    "time_per_task": (
        ("time_per_task", "time_per_task"), ("time_per_task", "two_way"), ("time_per_task", "log_two_way"),
        ("time_per_task", "trimmed"), ("time_per_task", "staggered"), ("time_per_task", "event_0"),
        ("time_per_task", "event_1"), ("time_per_task", "event_2"), ("time_per_task", "event_3"),
    ),
    "net_hours": (
        ("net_hours", "net_hours"), ("net_hours", "net_hours_amortised"),
        ("net_hours_as_treated", "net_hours_as_treated"), ("net_hours_as_treated", "logged_hours"),
    ),
    "errors": (
        ("errors", "rate_ratio"), ("errors", "cell_ratio"), ("errors", "cell_ratio_exact"),
        ("errors", "checked_difference"), ("errors", "checked_difference_stratified"),
    ),
    "wellbeing": (
        ("wellbeing", "change"), ("wellbeing", "change_paired"), ("wellbeing", "change_weighted"),
        ("wellbeing", "effect_size"), ("wellbeing", "tipping_point"),
    ),
    "satisfaction": (("satisfaction", "share_satisfied"), ("satisfaction", "share_satisfied_counted")),
}  # fmt: skip
# Variants of the same quantity: only these may be said to agree with it.
_SAME = {"time_per_task": VARIANTS["time_per_task"][:5]}
RELIABILITY = ("alpha", "omega", "floor", "ceiling")


def sensitivities(page: Page) -> str:
    """One table per success indicator; whether the variants of the time per task agree, in words."""
    words, made = page.words, []
    for indicator, keys in VARIANTS.items():
        rows = programme_rows(page, keys)
        if len([r for r in rows if r["estimate"] is not None]) > 1:
            caption = words.text("sensitivities.caption", title=words.text(f"indicators.{indicator}.title"))
            made.append(measures_table(page, caption, [(Measure(r, words).title, r) for r in rows]))
    if not made:
        return raw(paragraph(words.text("sensitivities.none")))
    said = [paragraph(words.text("sensitivities.intro"))]
    if agreement := _agree(page, programme_rows(page, _SAME["time_per_task"])):
        said.append(paragraph(agreement))
    return raw("".join(said + made))


def _agree(page: Page, rows: Iterable[Row]) -> str:
    """Whether every variant stands on the same side of no change as the first; « » with fewer than two."""
    known = [r for r in rows if has_interval(r)]
    if len(known) < 2:
        return ""
    first, others = known[0], known[1:]
    same = sum((r["estimate"] > 0) == (first["estimate"] > 0) for r in others)
    sizes = [Measure(r, page.words) for r in known]
    values = sorted(sizes, key=lambda m: m.value("estimate") or 0.0)
    path = "sensitivities.agree" if same == len(others) else "sensitivities.disagree"
    return page.words.text(path, n=page.words.number(len(others)), low=values[0].estimate, high=values[-1].estimate)


def instruments(page: Page) -> str:
    """The questions as asked, questionnaire by questionnaire, and how well each scale holds together."""
    words, asked = page.words, page.frame("asked").sort("rank")
    parts = []
    for title in asked["title"].unique(maintain_order=True).to_list():
        own = asked.filter(pl.col("title") == title)
        lines = [[f"<code>{inline(r['item'])}</code>", inline(page.question(r["text"])),
                  inline(words.print(r["answers"] or ""))] for r in own.iter_rows(named=True)]  # fmt: skip
        heads = [words.text(f"instruments.{c}") for c in ("item", "text", "answers")]
        summary = words.text("instruments.form", title=words.print(title), questions=words.count(
            "instruments.questions", own.height))  # fmt: skip
        made = table(words.text("instruments.caption", title=words.print(title)), heads, lines, html=True)
        parts.append(f"<details><summary>{inline(summary)}</summary>{made}</details>")
    if parts:
        parts.insert(0, paragraph(words.text("instruments.intro")))
    elif texts := sorted((k.removesuffix(".text"), v) for k, v in page.under("item").items() if k.endswith(".text")):
        lines = [[f"<code>{inline(code)}</code>", inline(page.question(text))] for code, text in texts]
        heads = [words.text("instruments.item"), words.text("instruments.text")]
        parts.append(table(words.text("instruments.printed"), heads, lines, html=True))
    return raw("".join(parts) + _reliability(page) or paragraph(words.text("instruments.none")))


def _reliability(page: Page) -> str:
    """Internal consistency of each scale, and how many answers stand at its ends."""
    words, lines = page.words, []
    scales = list(dict.fromkeys(i for i, e in page.programme if e == "alpha"))
    for scale in scales:
        own = [page.programme.get((scale, e)) for e in RELIABILITY]
        if any(r is not None and r["estimate"] is not None for r in own):
            label = page.setting(f"scale.{scale}.label", scale)
            lines.append([words.print(label), *(_value(page, r) for r in own)])
    if not lines:
        return ""
    heads = [words.text("instruments.scale"), *(words.text(f"instruments.{e}") for e in RELIABILITY)]
    made = table(words.text("instruments.reliability"), heads, lines, numeric=range(1, len(heads)))
    return made + paragraph(words.text("instruments.reliability_note"), "small")


def _value(page: Page, row: Row | None) -> str:
    if row is None:
        return ""
    if row["disclosure_status"] != "published":
        return page.words.text("suppressed")
    return Measure(row, page.words).estimate or page.words.text("not_estimated")


def rerun(page: Page) -> str:
    """The command that makes the bilan again, and what to hold it against."""
    words, study = page.words, page.setting("study")
    command = f"<p><code>bilan run data/raw/{inline(study)}</code></p>"
    method = f'<p><a href="methode.html#dictionnaire">{inline(words.text("rerun.codebook"))}</a></p>'
    said = [paragraph(words.text("rerun.intro")), command, paragraph(words.text("rerun.same")), method]
    return raw("".join(said))
