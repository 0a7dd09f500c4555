"""Sections of results: by team, by tool and process, what people answered."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from pipelines.charts.bars import Bar, bars
from pipelines.charts.context import OTHER_INDICATORS, PROGRAMME, Page
from pipelines.charts.intervals import Panel, forest, panel
from pipelines.wording import numbers
from pipelines.wording.display import Row, Shown, has_interval, is_published
from pipelines.wording.page import figure, notes, paragraph, raw, table
from pipelines.wording.sentences import span
from pipelines.wording.together import FALSE_FINDINGS, spread
from pipelines.wording.words import small_first

# Indicators that come from the time log; the others come from questionnaires.
FROM_TIME = {"net_hours", "time_per_task", "errors", "adoption", "retention", "abandonment"}


def teams(page: Page) -> str:
    """Rows of teams in a fixed order and one neutral colour; never a verdict, never a ranking."""
    words = page.words
    shown = [i for i in ("net_hours", *OTHER_INDICATORS) if _any_published(page, "team", i)]
    if not shown:
        return raw(paragraph(words.text("teams.none")))
    parts = [paragraph(words.text("teams.intro"))]
    own = [page.rows("team", i) for i in shown]
    if said := spread([next((r for r in rows if r["tau"] is not None), {}) for rows in own], words):
        parts.append(paragraph(said))
    if hidden := page.hidden("team"):
        parts.append(paragraph(words.counted("teams.hidden", hidden)))
    if "net_hours" in shown:
        parts.append(_rows_figure(page, "team", ["net_hours"], words.text("teams.time_title"), ""))
    parts += _only_hidden(page, "team", shown)
    if others := [i for i in shown if i != "net_hours"]:
        title, sub = words.text("teams.other_title"), words.text("teams.other_sub")
        # Three panels side by side at most: a fourth would leave 90 px for its axis.
        for few in (others[:3], others[3:]):
            if few:
                parts.append(_rows_figure(page, "team", few, title, sub))
    if _any_published(page, "family", "wellbeing"):
        parts.append(_rows_figure(page, "family", ["wellbeing"], words.text("teams.families_title"), ""))
    return raw("".join(parts))


def tools(page: Page) -> str:
    """Rows of tools with their verdict, and time per process."""
    words = page.words
    shown = [i for i in ("net_hours", *OTHER_INDICATORS) if _any_published(page, "tool", i)]
    parts = [paragraph(words.text("tools.intro" if shown else "tools.none"))]
    for position, few in enumerate((shown[:3], shown[3:])):
        if few:
            title = _tools_title(page, few) if position == 0 else _plain_title(page, few)
            parts.append(_rows_figure(page, "tool", few, title, words.text("tools.sub")))
    parts += _only_hidden(page, "tool", shown)
    if _any_published(page, "process", "time_per_task"):
        parts.append(_rows_figure(page, "process", ["time_per_task"], words.text("tools.process_title"), ""))
    return raw("".join(parts))


def _any_published(page: Page, scope: str, indicator: str) -> bool:
    return any(r["estimate"] is not None and is_published(r) for r in page.rows(scope, indicator))


def _only_hidden(page: Page, scope: str, shown: Sequence[str]) -> list[str]:
    """One sentence per indicator whose rows exist at this level, none of them printable."""
    rows = {i: page.rows(scope, i) for i in ("net_hours", *OTHER_INDICATORS) if i not in shown}
    titles = [Shown(r[0], page.words).title for r in rows.values() if r]
    return [paragraph(page.words.text("figure.only_hidden", title=t)) for t in titles]


def _plain_title(page: Page, indicators: Sequence[str]) -> str:
    """« Bien-être et temps par tâche, outil par outil »."""
    first, *others = [Shown(page.rows("tool", i)[0], page.words).title for i in indicators]
    listed = page.words.listing([first, *map(small_first, others)])
    return page.words.text("tools.title_plain", indicators=listed)


def _tools_title(page: Page, indicators: Sequence[str]) -> str:
    rows = [r for r in page.rows("tool", "net_hours") if has_interval(r) and r["verdict"] is not None]
    reached = sum(r["verdict"] == "atteint" for r in rows)
    if not reached:
        return _plain_title(page, indicators)
    return page.words.counted("tools.title_reached", reached, total=page.words.number(len(rows)))


def _rows_figure(page: Page, scope: str, indicators: Sequence[str], title: str, sub: str) -> str:
    """One figure of rows (teams, tools, processes) for one or several indicators, with its notes and its table."""
    words = page.words
    labels = page.labels(scope)
    whole = words.text("programme")
    panels: list[Panel] = []
    for indicator in indicators:
        by_code = {r["scope_key"]: r for r in page.rows(scope, indicator)}
        rows: list[tuple[str, Row]] = [(label, by_code[code]) for code, label in labels.items() if code in by_code]
        people = [people_class(page, row) for _, row in rows]
        if (programme := page.headline(indicator)) is not None and is_published(programme):
            rows.append((whole, programme))
            people.append("")
        panels.append(panel(rows, words, people=people, strong=whole))
    first = Shown(page.rows(scope, indicators[0])[0], words)
    what = words.text(f"indicators.{first.indicator}.figure") if len(indicators) == 1 else sub
    number = page.number()
    said = [f"{p.title} : " + " ; ".join(f"{i.label} {i.text} {i.interval}".strip() for i in p.lines) for p in panels]
    drawing = forest(
        panels, page.drawing(title, words.print(". ".join(said) + ".")), neutral=scope in ("team", "family")
    )
    note = notes(
        [
            (words.raw("figure.reading"), _reading(page, scope, indicators)),
            (words.raw("figure.field"), field(page, page.headline(indicators[0])) if len(indicators) == 1 else ""),
            (words.raw("figure.note"), words.text("figure.stabilised") if _pooled(page, scope, indicators) else ""),
            (words.raw("figure.source"), source(page, page.headline(indicators[0]))),
            (words.raw("figure.evidence"), _evidence(page, indicators)),
            (words.raw("together.column"), _explored(page, panels)),
        ],
        words,
    )
    return figure(f"figure-{number}", title, words.text("figure.number", n=number, what=what), drawing, note,
                  words.text("figure.data"),
                  _rows_table(page, scope, panels, f"{title} (figure {number})"))  # fmt: skip


def _pooled(page: Page, scope: str, indicators: Sequence[str]) -> bool:
    """Some row was drawn toward the mean of the others."""
    models = [str(r["model_id"]) for i in indicators for r in page.rows(scope, i) if is_published(r)]
    return any(model.endswith(("_pooling", "_regle_t")) for model in models)


def people_class(page: Page, row: Row) -> str:
    """The class of people a row rests on; « » when it is not printed."""
    if not is_published(row) or row["n_persons"] is None:
        return ""
    return numbers.size_class(row["n_persons"], language=page.words.language)


def _reading(page: Page, scope: str, indicators: Sequence[str]) -> str:
    """The first published row in words: the reader learns the figure on it."""
    labels = page.labels(scope)
    for row in page.rows(scope, indicators[0]):
        if has_interval(row) and row["scope_key"] in labels:
            shown = Shown(row, page.words)
            low, high = span(shown)
            path = "figure.read_team" if scope == "team" else "figure.read_row"
            label = labels[row["scope_key"]]
            return page.words.text(path, label=label, estimate=shown.estimate, low=low, high=high)
    return ""


def source(page: Page, row: Row | None) -> str:
    """« feuilles et relevés de temps, 2 mars – 28 juin 2026. », from the window of a row."""
    if row is None or row["window_start"] is None or row["window_end"] is None:
        return ""
    start, end = row["window_start"], row["window_end"]
    last = end - timedelta(days=1) if isinstance(end, date) and end > start else end
    kind = "time_source" if row["indicator"] in FROM_TIME else "survey_source"
    return page.words.text(f"figure.{kind}", range=page.words.days(start, last))


def field(page: Page, row: Row | None) -> str:
    """How many people the whole rests on; numbers by row are classes."""
    if row is None or not is_published(row) or row["n_persons"] is None:
        return ""
    return page.words.text("figure.classes", people=page.words.count("figure.people", row["n_persons"]))


def _evidence(page: Page, indicators: Sequence[str]) -> str:
    """Level of the whole for each indicator, then that rows are read one by one."""
    words = page.words
    levels = []
    for indicator in indicators:
        row = page.headline(indicator)
        if row is not None and is_published(row) and row["evidence"]:
            short = words.text("evidence.short", level=row["evidence"], word=Shown(row, words).evidence_word)
            levels.append(f"{Shown(row, words).title} {short}" if len(indicators) > 1 else short)
    return words.text("figure.exploratory", levels=words.listing(levels)) if levels else ""


def _explored(page: Page, panels: Sequence[Panel]) -> str:
    """What « retenu » means, where a row says it."""
    if not any(line.retained for p in panels for line in p.lines):
        return ""
    return page.words.text("together.rows", share=page.words.percent(FALSE_FINDINGS))


def _rows_table(page: Page, scope: str, panels: Sequence[Panel], title: str) -> str:
    """What the drawing says, as a table: one line per row, estimate and interval of each indicator, and whether its
    verdict stands among the others."""
    words = page.words
    headings = [words.text(f"figure.{scope}")]
    cells, blank = dict[tuple[str, str], tuple[str, ...]](), dict[str, tuple[str, ...]]()
    for p in panels:
        columns = ["figure.estimate", "figure.interval", "together.column"][: 3 if _explored(page, [p]) else 2]
        said = [words.text(c) for c in columns]
        headings += [f"{p.title}, {text.lower()}" for text in said] if len(panels) > 1 else said
        cells |= {(p.title, i.label): (i.text, i.interval, i.retained)[: len(columns)] for i in p.lines}
        blank[p.title] = ("",) * len(columns)
    labels = list(dict.fromkeys(line.label for p in panels for line in p.lines if not line.strong))
    labels += list(dict.fromkeys(line.label for p in panels for line in p.lines if line.strong))
    rows = [[label, *(c for p in panels for c in cells.get((p.title, label), blank[p.title]))] for label in labels]
    return table(title, headings, rows, numeric=range(1, len(headings)), total=labels[-1:] == [words.text("programme")])


def voices(page: Page) -> str:
    """How answers are spread, item by item, the latest wave in colour and the earlier ones in grey."""
    words = page.words
    answers = page.frame("distributions").filter(pl.col("scope") == PROGRAMME).sort("item", "wave", "rank")
    parts, hidden = [], []
    for item in answers["item"].unique(maintain_order=True).to_list():
        # A suppressed answer keeps its label only: its share is nulled here whatever the table holds.
        seen = pl.col("disclosure_status") == "published"
        own = answers.filter(pl.col("item") == item).with_columns(pl.when(seen).then("share").alias("share"))
        if (own["share"] > 0).any():
            parts.append(_answers(page, item, own))
        else:
            hidden.append(paragraph(words.text("voices.hidden", item=page.item(item))))
    return raw("".join(parts + hidden) or paragraph(words.text("voices.none")))


def _answers(page: Page, item: str, seen: pl.DataFrame) -> str:
    """One item as bars; a null share is an answer that is not published."""
    words = page.words
    order = {w: page.setting(f"waves.{w}.opens", w) for w in seen["wave"].unique(maintain_order=True).to_list()}
    waves = sorted(order, key=lambda w: (order[w], w))
    last = seen.filter(pl.col("wave") == waves[-1]).sort("rank")
    made, lines = [], []
    asked = seen.sort("rank").unique(subset="value_code", keep="first", maintain_order=True)
    for code, label in asked.select("value_code", "label").iter_rows():
        texts = []
        for n, wave in enumerate(waves):
            row = seen.filter((pl.col("wave") == wave) & (pl.col("value_code") == code))
            share: float | None = row["share"].to_list()[0] if row.height else None
            text = words.percent(share) if share is not None else words.text("suppressed")
            texts.append(text)
            name = words.print(label) if n == 0 else ""
            tone = "blue-m" if wave == waves[-1] else "grey-m"
            made.append(Bar(name, 0.0, None if share is None else 100 * share, text, tone))
        lines.append([words.print(label), *texts])
    top = last.filter(pl.col("share") == pl.col("share").max())
    title = words.text("voices.title_plain", wave=page.wave(waves[-1]))
    # « The most frequent answer » only if no hidden answer could be more frequent.
    if top.height == 1 and top["share"].to_list()[0] > 1 - last["share"].sum():
        label = words.print(top["label"].to_list()[0])
        path = "voices.title_number" if label.isdigit() else "voices.title"
        title = words.text(path, label=label, wave=page.wave(waves[-1]))
    counts = {w: seen.filter(pl.col("wave") == w)["n_total"].drop_nulls().to_list()[:1] for w in waves}
    total = words.listing([words.text("voices.field", n=words.number(n), wave=page.wave(w))
                           for w, found in counts.items() for n in found])  # fmt: skip
    number, sub = page.number(), words.text("voices.sub", item=page.item(item))
    desc = words.print(" ; ".join(f"{line[0]} {', '.join(line[1:])}" for line in lines) + ".")
    drawing = bars(made, page.drawing(title, desc), row_px=22)
    colours = words.text("voices.colours", last=page.wave(waves[-1])) if len(waves) > 1 else ""
    source = [(words.raw("figure.reading"), colours), (words.raw("figure.field"), total)]
    heads = [words.text("voices.answer"), *(f"{words.text('voices.share')}, {page.wave(w)}" for w in waves)]
    return figure(f"figure-{number}", title, words.text("figure.number", n=number, what=sub), drawing,
                  notes(source, words), words.text("figure.data"),
                  table(sub, heads, lines, numeric=range(1, len(heads))))  # fmt: skip
