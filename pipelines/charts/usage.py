"""Sections on tools as they are used, and on working conditions: what agents do with them, say of them, live with."""

from collections.abc import Sequence

from pipelines.charts.context import Page
from pipelines.charts.facts import described, is_known, measure, measure_panel, measures_table, missing
from pipelines.charts.intervals import forest
from pipelines.charts.people import compliance_card
from pipelines.charts.results import field, people_class, source
from pipelines.wording.display import Row, Shown, is_published
from pipelines.wording.measures import Measure, side
from pipelines.wording.page import figure, notes, paragraph, raw, table
from pipelines.wording.words import small_first

# Indicator, estimand: what people do with a tool; what they say of it.
USES = (("adoption", "weekly_users"), ("adoption", "share_of_tasks"))
LEVELS = (("umux_lite", "mean"), ("wish_to_continue", "share_continue"), ("recommendation", "mean"))
STAYING = (("adoption", "adoption"), ("retention", "retention"), ("abandonment", "abandonment"))
MORE = (("wish_to_continue", "share_continue_unconditional"), ("verification", "share_checking"))
# Changes between two questionnaires, by the length of their scale.
CONDITIONS = {"hundred": ("wellbeing", "qvct", "workload"), "ten": ("job_satisfaction", "self_efficacy", "irritation")}


def usage(page: Page) -> str:
    """How often the tools are used, what their users say, and the card of each."""
    words = page.words
    if page.frame("tools").is_empty() and not any(is_known(measure(page, *key)) for key in (*USES, *LEVELS)):
        return raw(paragraph(words.text("usage.none")))
    parts = [_registered(page)]
    if is_known(measure(page, *USES[0])):
        parts.append(_by_tool(page, USES, _used_title(page), words.text("usage.use_sub"), words.text("usage.use_note")))
        parts.append(_staying(page))
    if any(is_known(measure(page, *key)) for key in LEVELS):
        title = _levels_title(page)
        parts.append(_by_tool(page, LEVELS, title, words.text("usage.levels_sub"), ""))
        more = [(Measure(row, words).title, row) for key in MORE if (row := page.programme.get(key)) is not None]
        parts.append(measures_table(page, words.text("usage.more"), more))
    parts.append(missing(page, (*USES, *LEVELS)))
    parts.append(compliance_card(page))
    return raw("".join(parts))


def _registered(page: Page) -> str:
    """The tools tried: provider, model, hosting."""
    words, registered = page.words, page.frame("tools").sort("tool")
    if registered.is_empty():
        return ""
    headings = [words.text("figure.tool"), *(words.text(f"tools.{c}") for c in ("provider", "model", "hosting"))]
    rows = [
        [words.print(str(r[c] or words.raw("not_filled"))) for c in ("label", "provider", "model", "hosting")]
        for r in registered.iter_rows(named=True)
    ]
    return table(words.text("tools.list_title"), headings, rows)


def _used_title(page: Page) -> str:
    """« Chaque semaine, 99 % des agents équipés utilisent un outil ; 76 % des tâches équipées passent par lui »."""
    words = page.words
    users, tasks = (measure(page, *key) for key in USES)
    if users is None or not is_known(users):
        return words.text("usage.use_plain")
    if tasks is None or not is_known(tasks):
        return words.text("usage.use_one", users=users.estimate)
    return words.text("usage.use", users=users.estimate, tasks=tasks.estimate)


def _levels_title(page: Page) -> str:
    wish = measure(page, "wish_to_continue", "share_continue")
    if wish is None or not is_known(wish):
        return page.words.text("usage.levels_plain")
    return page.words.text("usage.levels", share=wish.estimate)


def _by_tool(page: Page, keys: Sequence[tuple[str, str]], title: str, sub: str, note: str) -> str:
    """One panel per measure, one row per tool in the order of their codes, and the whole."""
    words, labels, whole = page.words, page.labels("tool"), page.words.text("programme")
    panels, tables = [], []
    for indicator, estimand in keys:
        programme = page.programme.get((indicator, estimand))
        if programme is None or not is_published(programme) or programme["estimate"] is None:
            continue
        own = {r["scope_key"]: r for r in page.rows("tool") if (r["indicator"], r["estimand"]) == (indicator, estimand)}
        rows: list[tuple[str, Row]] = [(label, own[code]) for code, label in labels.items() if code in own]
        rows.append((whole, programme))
        shown = Measure(programme, words)
        panels.append(measure_panel(page, words.text(f"{shown.path}_short"), words.text(f"{shown.path}_unit"), rows,
                                    strong=whole))  # fmt: skip
        tables.append((shown.title, rows))
    number = page.number()
    drawing = forest(panels, page.drawing(title, words.print(described(panels))), neutral=True)
    programme = page.programme.get(keys[0])
    note = notes([
        (words.raw("figure.reading"), _read(page, tables)),
        (words.raw("figure.note"), note),
        (words.raw("figure.source"), source(page, programme)),
        (words.raw("figure.evidence"), _levels(page, keys)),
    ], words)  # fmt: skip
    data = "".join(measures_table(page, f"{name} (figure {number})", rows, evidence=False) for name, rows in tables)
    return figure(f"figure-{number}", title, words.text("figure.number", n=number, what=sub), drawing, note,
                  words.text("figure.data"), data)  # fmt: skip


def _read(page: Page, tables: Sequence[tuple[str, Sequence[tuple[str, Row]]]]) -> str:
    """The first row with an interval, in words."""
    for name, rows in tables:
        for label, row in rows:
            shown = Measure(row, page.words)
            low, high = shown.bounds
            if low:
                end = shown.with_unit(high, shown.value("ci_high") or 0.0)
                return page.words.text("facts.read", label=label, name=small_first(name),
                                       estimate=shown.estimate, low=low, high=end)  # fmt: skip
    return ""


def _levels(page: Page, keys: Sequence[tuple[str, str]]) -> str:
    """Evidence of each measure of a figure, each level once."""
    said: dict[str, list[str]] = {}
    for key in keys:
        shown = measure(page, *key)
        if shown is not None and shown.evidence:
            said.setdefault(shown.evidence, []).append(shown.title)
    if len(said) == 1:
        return f"{next(iter(said))}."
    listed = (f"{page.words.listing(titles)}{page.words.raw('colon')}{level}" for level, titles in said.items())
    return page.words.print(page.words.raw("semicolon").join(listed))


def _staying(page: Page) -> str:
    """Who tried, who kept using, who stopped: by tool, as a table, since most are at an end of the scale."""
    words, labels = page.words, page.labels("tool")
    cells = {(r["indicator"], r["estimand"], r["scope_key"]): r for r in page.rows("tool")}
    lines = []
    for code, label in labels.items():
        own = [cells.get((*key, code)) for key in STAYING]
        if any(row is not None for row in own):
            lines.append([label, *(_cell(page, row) for row in own)])
    lines.append([words.text("programme"), *(_cell(page, page.programme.get(key)) for key in STAYING)])
    heads = [words.text("figure.tool"), *(words.text(f"measures.{i}.{e}") for i, e in STAYING)]
    made = table(words.text("usage.staying"), heads, lines, numeric=range(1, len(heads)), total=True)
    return made + paragraph(words.text("usage.staying_note"), "small")


def _cell(page: Page, row: Row | None) -> str:
    if row is None:
        return ""
    shown = Measure(row, page.words)
    if not is_published(row):
        return page.words.text("suppressed")
    return f"{shown.estimate} {shown.interval}".strip() or page.words.text("not_estimated")


def conditions(page: Page) -> str:
    """Working conditions: what changed between the two questionnaires, and in which direction the whole interval is."""
    words = page.words
    rows = {key: [(i, r) for i in names if (r := page.programme.get((i, "change"))) is not None]
            for key, names in CONDITIONS.items()}  # fmt: skip
    known = {key: [(i, r) for i, r in some if is_published(r) and r["estimate"] is not None]
             for key, some in rows.items()}  # fmt: skip
    asked = [(i, "change") for some in rows.values() for i, _ in some]
    if not any(known.values()):
        return raw(paragraph(words.text("conditions.none")) + missing(page, asked))
    parts = [paragraph(words.text("conditions.intro"))]
    drawn = [(key, some) for key, some in known.items() if some]
    title = _conditions_title(page, [r for _, some in drawn for r in some])
    for position, (key, some) in enumerate(drawn):
        head = title if position == 0 else words.text(f"conditions.{key}")
        parts.append(_changes(page, head, words.text(f"conditions.{key}_sub"), some))
    parts.append(_net_up(page))
    parts += [missing(page, asked), _processes(page), _tipping(page)]
    return raw("".join(parts))


def _conditions_title(page: Page, rows: Sequence[tuple[str, Row]]) -> str:
    """What moved, what did not: from where each whole interval stands against no change."""
    words, found = page.words, dict[str, list[str]]()
    for indicator, row in rows:
        if where := side(row):
            name = words.text(f"measures.{indicator}.change").split(" (")[0]
            found.setdefault(where, []).append(small_first(name))
    said = [words.capital(f"conditions.{where}", titles=words.listing(found[where]))
            for where in ("better", "worse", "open") if where in found]  # fmt: skip
    if not said:
        return words.text("conditions.plain")
    return words.print(words.raw("semicolon").join([said[0], *map(small_first, said[1:])]))


def _changes(page: Page, title: str, sub: str, rows: Sequence[tuple[str, Row]]) -> str:
    words = page.words
    named = [(words.text(f"measures.{indicator}.change"), row) for indicator, row in rows]
    made = measure_panel(page, "", sub, named, people=[people_class(page, row) for _, row in named])
    number = page.number()
    drawing = forest([made], page.drawing(title, words.print(described([made]).removeprefix(" : "))), neutral=True)
    note = notes([
        (words.raw("figure.reading"), _read(page, [(words.text("conditions.change"), named)])),
        (words.raw("figure.field"), field(page, rows[0][1])),
        (words.raw("figure.source"), source(page, rows[0][1])),
        (words.raw("figure.evidence"), _levels(page, [(i, "change") for i, _ in rows])),
    ], words)  # fmt: skip
    caption = f"{sub} (figure {number})"
    return figure(f"figure-{number}", title, words.text("figure.number", n=number, what=sub), drawing, note,
                  words.text("figure.data"), measures_table(page, caption, named, evidence=False))  # fmt: skip


def _net_up(page: Page) -> str:
    """Part of the people who rise less part who fall: an order says no more than a direction."""
    words = page.words
    rows = [(words.text(f"measures.{i}.change"), row) for names in CONDITIONS.values() for i in names
            if (row := page.programme.get((i, "net_up"))) is not None and row["estimate"] is not None]  # fmt: skip
    return measures_table(page, words.text("conditions.net_up"), rows) if rows else ""


def _processes(page: Page) -> str:
    """Irritation, process by process."""
    words, labels = page.words, page.labels("process")
    rows: list[tuple[str, Row]] = [
        (labels[r["scope_key"]], r)
        for r in page.rows("process")
        if (r["indicator"], r["estimand"]) == ("irritation", "change") and r["scope_key"] in labels
    ]
    return measures_table(page, words.text("conditions.irritation"), rows) if rows else ""


def _tipping(page: Page) -> str:
    """How far off those who did not answer again would have to be for the verdict to change."""
    shown = measure(page, "wellbeing", "tipping_point")
    verdict = page.headline("wellbeing")
    if shown is None or verdict is None or not is_known(shown) or verdict["verdict"] != "atteint":
        return ""
    word = Shown(verdict, page.words).verdict.lower()
    return paragraph(page.words.text("conditions.tipping", points=shown.estimate, verdict=word))

