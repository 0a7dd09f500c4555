"""Sections about people and risks: who took part, points of vigilance, recommendations, what is not known."""

from datetime import date

import polars as pl

from pipelines.charts.bars import Bar, bars
from pipelines.charts.context import PROGRAMME, Page
from pipelines.charts.response import answered_again
from pipelines.wording.display import PARTS, Row, Shown, has_interval, headline, is_published
from pipelines.wording.page import bullets, chip, figure, inline, notes, paragraph, raw, table
from pipelines.wording.sentences import guardrail, span
from pipelines.wording.sentences import unknowns as open_questions

CRITERIA = ("compliance_transfers", "compliance_training", "compliance_processor", "compliance_sensitive")
# Blocking criteria: not assessed counts as not compliant (indicators.md, section 7).
BLOCKING = ("non_conforme", "non_evalue")


def participation(page: Page) -> str:
    """The flow of people, and the same by team where it may be printed."""
    words = page.words
    seen = (pl.col("disclosure_status") == "published") & pl.col("n_persons").is_not_null()
    steps = page.frame("participation").filter(seen & (pl.col("scope") == PROGRAMME)).sort("rank")
    if steps.is_empty():
        hidden = not page.frame("participation").is_empty()
        return raw(paragraph(words.text("participation.hidden" if hidden else "participation.none")))
    made, lines = [], []
    for row in steps.iter_rows(named=True):
        label, n = _step(page, row["step"]), row["n_persons"]
        share = words.percent(n / row["n_reference"]) if row["n_reference"] else ""
        made.append(Bar(label, 0.0, float(n), words.number(n) + (f" ({share})" if share else "")))
        lines.append([label, words.number(n), share])
    invited, paired = page.step("effectif")[0], page.step("apparies")[0]
    title = words.text("participation.title_plain")
    if invited is not None and paired is not None:
        title = words.text("participation.title", reference=words.number(invited), n=words.number(paired))
    number, sub = page.number(), words.text("participation.sub")
    told = (f"{label} {n}" + (f" ({share})" if share else "") for label, n, share in lines)
    desc = words.print(" ; ".join(told) + ".")
    heads = [words.text(f"participation.{c}") for c in ("step", "people", "share")]
    drawn = figure(f"figure-{number}", title, words.text("figure.number", n=number, what=sub),
                   bars(made, page.drawing(title, desc)), notes([(words.raw("figure.reading"), _absent(page))], words),
                   words.text("figure.data"), table(sub, heads, lines, numeric=[1, 2]))  # fmt: skip
    return raw(drawn + _by_team(page, steps["step"].to_list()) + answered_again(page))


def _absent(page: Page) -> str:
    """How many did not answer, where both counts are published; reasons for absence are never given."""
    words, said = page.words, []
    for step in ("t0", "t1", "apparies"):
        n, reference = page.step(step)
        if n is not None and reference is not None and reference > n:
            said.append(words.counted(f"participation.absent.{step}", reference - n))
    return words.print(f"{words.raw('semicolon').join(said)}.") if said else ""


def _step(page: Page, code: str) -> str:
    path = f"participation.{code}"
    return page.words.text(path) if page.words.has(path) else code


def _by_team(page: Page, steps: list[str]) -> str:
    words = page.words
    rows = page.frame("participation").filter(pl.col("scope") == "team")
    if rows.is_empty():
        return ""
    steps = [s for s in steps if (rows["step"] == s).any()]
    cells = {(r["scope_key"], r["step"]): r for r in rows.iter_rows(named=True)}
    lines = []
    for code, label in page.team_labels().items():
        line = [label]
        for step in steps:
            row = cells.get((code, step))
            hidden = row is None or not is_published(row) or row["n_persons"] is None
            line.append(words.text("suppressed") if row is None or hidden else words.number(row["n_persons"]))
        lines.append(line)
    heads = [words.text("figure.team"), *(_step(page, s) for s in steps)]
    caption = words.text("participation.teams_caption")
    made = table(caption, heads, lines, numeric=range(1, len(heads)))
    return made + paragraph(words.text("participation.teams_note"), "small")


def _blocks(page: Page) -> list[tuple[str, str, str] | None]:
    return [_errors(page), _rework(page), _wellbeing(page), _incidents(page), _compliance(page)]


def alerts(page: Page) -> dict[str, list[str]]:
    """Titles of the points of vigilance to correct (fix) and to watch."""
    found = [(title, status) for title, status, _ in filter(None, _blocks(page))]
    return {level: [t for t, status in found if status == _status(page, level)] for level in ("fix", "watch")}


def vigilance(page: Page) -> str:
    """Guard-rails, incidents and compliance: each with its status and a sentence."""
    blocks = _blocks(page)
    made = "".join(
        f"<div><div><h3>{inline(title)}</h3>{status}</div><div>{text}</div></div>"
        for title, status, text in filter(None, blocks)
    )
    return raw(f'<div class="watch">{made}</div>' + _incidents_table(page))


def _status(page: Page, level: str) -> str:
    kinds = {"ok": "ok", "watch": "watch", "fix": "ko", "unknown": "np"}
    return chip(kinds[level], page.words.text(f"vigilance.{level}"))


def _errors(page: Page) -> tuple[str, str, str]:
    """The guard-rail: an increase beyond the margin is excluded, not excluded, or found."""
    words = page.words
    row = page.programme.get(("errors", "rate_ratio_guardrail"))
    title = words.text("vigilance.errors")
    if row is None or not has_interval(row):
        reason = _why(page, row)
        return title, _status(page, "unknown"), paragraph(words.text("vigilance.errors_none", reason=reason))
    shown = Shown(row, words)
    low, high = span(shown)
    level = {"atteint": "ok", "non_atteint": "fix", "non_concluant": "watch"}.get(row["verdict"] or "", "unknown")
    text = words.text("vigilance.errors_text", estimate=shown.estimate, low=low, high=high,
                      guardrail=guardrail(row, words) or shown.verdict + ".")  # fmt: skip
    return title, _status(page, level), paragraph(text)


def _rework(page: Page) -> tuple[str, str, str] | None:
    """Share of the gross gain taken back by checking: a description, so no status."""
    words, row = page.words, page.programme.get(("rework_share", "rework_share"))
    if row is not None and is_published(row) and row["estimate"] is not None:
        text = words.text("vigilance.rework_text", share=words.percent(row["estimate"] / 100))
        return words.text("vigilance.rework"), "", paragraph(text)
    rows = [page.programme.get(("net_hours", part)) for part in PARTS[:5]]
    values = {p: r["estimate"] for p, r in zip(PARTS, rows, strict=False) if r is not None and is_published(r)}
    taken = [values[p] for p in ("verification", "rework", "failed") if values.get(p) is not None]
    if not taken or not values.get("gross") or values["gross"] <= 0:
        return None
    text = words.text("vigilance.rework_text", share=words.percent(sum(taken) / values["gross"]))
    return words.text("vigilance.rework"), "", paragraph(text)


def _wellbeing(page: Page) -> tuple[str, str, str]:
    words, row = page.words, page.headline("wellbeing")
    title = words.text("vigilance.wellbeing")
    if row is None or not has_interval(row):
        text = words.text("vigilance.wellbeing_none", reason=_why(page, row))
        return title, _status(page, "unknown"), paragraph(text)
    shown = Shown(row, words)
    low, high = span(shown)
    level = {"ok": "ok", "ko": "fix", "nc": "watch"}.get(shown.kind, "unknown")
    text = words.text("vigilance.wellbeing_text", word=shown.verdict, estimate=shown.estimate, low=low, high=high)
    return title, _status(page, level), paragraph(text)


def _why(page: Page, row: Row | None) -> str:
    if row is None:
        return page.words.text("not_measured")
    return page.words.text("suppressed") if not is_published(row) else Shown(row, page.words).why_missing


def _incidents(page: Page) -> tuple[str, str, str]:
    """Confirmed and still open = to correct; declared or confirmed = to watch."""
    words, incidents = page.words, page.frame("incidents")
    title = words.text("vigilance.incidents")
    if incidents.is_empty():
        return title, _status(page, "ok"), paragraph(words.text("vigilance.incidents_none"))
    totals = incidents.select(pl.col("incidents", "confirmed", "open", "left_service").sum()).row(0, named=True)
    names = {"declared": "incidents", "confirmed": "confirmed", "open": "open", "left": "left_service"}
    parts = {k: words.count(f"vigilance.incidents_{k}", totals[column]) for k, column in names.items()}
    level = "fix" if totals["confirmed"] and totals["open"] else "watch"
    return title, _status(page, level), paragraph(words.text("vigilance.incidents_text", **parts))


def _incidents_table(page: Page) -> str:
    words, incidents = page.words, page.frame("incidents")
    if incidents.is_empty():
        return ""
    labels = page.labels("tool")
    columns = ("severity", "incidents", "confirmed", "open", "left_service")
    incidents = incidents.group_by("tool", "kind", "severity").agg(pl.col(columns[1:]).sum())
    lines = [
        [labels.get(r["tool"], words.text("common_tool")), words.text(f"incident_kinds.{r['kind']}"),
         *(words.number(r[c]) for c in columns)]
        for r in incidents.sort("tool", "kind", "severity", nulls_last=True).iter_rows(named=True)
    ]  # fmt: skip
    counted = ("kind", "severity", "declared", "confirmed", "open", "left")
    heads = [words.text("figure.tool"), *(words.text(f"vigilance.{c}") for c in counted)]
    return table(words.text("vigilance.incidents_caption"), heads, lines, numeric=range(2, len(heads)))


def _compliance(page: Page) -> tuple[str, str, str]:
    words, tools = page.words, page.frame("tools")
    title = words.text("vigilance.compliance")
    if tools.is_empty():
        return title, _status(page, "unknown"), paragraph(words.text("vigilance.compliance_none"))
    opinions = [opinion(r) for r in tools.iter_rows(named=True)]
    fix, watch = opinions.count("fix"), opinions.count("watch")
    if not fix and not watch:
        return title, _status(page, "ok"), paragraph(words.text("vigilance.compliance_text_ok"))
    text = words.text("vigilance.compliance_text", fix=words.count("vigilance.tool", fix),
                      total=words.number(len(opinions)), watch=words.count("vigilance.tool", watch))  # fmt: skip
    return title, _status(page, "fix" if fix else "watch"), paragraph(text)


def opinion(tool: Row) -> str:
    """Status of a tool on the blocking criteria: fix, watch or ok."""
    values = [tool[c] for c in CRITERIA]
    if any(v in BLOCKING for v in values):
        return "fix"
    return "watch" if "reserve" in values else "ok"


def compliance_card(page: Page) -> str:
    """The blocking criteria, tool by tool."""
    words, tools = page.words, page.frame("tools")
    if tools.is_empty():
        return ""
    kinds = {"conforme": "ok", "reserve": "watch", "non_conforme": "ko", "non_evalue": "np"}
    lines = [
        [inline(words.print(r["label"])), *(chip(kinds[r[c]], words.text(f"compliance.{r[c]}")) for c in CRITERIA),
         _status(page, opinion(r))]
        for r in tools.sort("tool").iter_rows(named=True)
    ]  # fmt: skip
    heads = [
        words.text("figure.tool"),
        *(words.text(f"compliance.{c}") for c in CRITERIA),
        words.text("compliance.opinion"),
    ]
    made = table(words.text("vigilance.compliance_caption"), heads, lines, html=True)
    return made + paragraph(words.text("vigilance.compliance_note"), "small")


def recommendations(page: Page) -> str:
    """The recommendations as written, each beside what the measure says today."""
    words, frame = page.words, page.frame("recommendations").sort("recommendation")
    if frame.is_empty():
        return raw(paragraph(words.text("recommendations.none")))
    columns = ("finding", "action", "owner", "due")
    lines = [
        [words.number(r["recommendation"]), *(words.print(r[c]) for c in columns),
         basis(page, r["indicator"], r["scope"], r["scope_key"])]
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    heads = [
        "N°" if words.language == "fr" else "No.",
        *(words.text(f"recommendations.{c}") for c in (*columns, "basis")),
    ]
    caption = words.text("recommendations.caption")
    made = f'<div class="nums">{table(caption, heads, lines)}</div>'
    return raw(paragraph(words.text("recommendations.intro")) + made)


def basis(page: Page, indicator: str | None, scope: str | None = None, key: str | None = None) -> str:
    """What the row a recommendation rests on says: title, estimate, interval, verdict; « » when there is none.

    The row of the programme, unless a tool or a process is named.
    """
    row: Row | None = page.headline(indicator) if indicator else None
    if indicator and scope not in (None, "programme"):
        row = next((r for r in page.rows(str(scope), indicator) if r["scope_key"] == key), None)
    if row is None:
        return ""
    shown = Shown(row, page.words)
    if shown.value("estimate") is None:
        return f"{shown.title}{page.words.raw('comma')}{shown.verdict.lower()}"
    said = page.words.print(f"{shown.title} : {shown.estimate} {shown.interval}".strip())
    return f"{said}{page.words.raw('comma')}{shown.verdict.lower()}"


def unknowns(page: Page) -> str:
    """What the measure leaves open, computed from the rows, then what its design leaves open."""
    words = page.words
    said = open_questions(page.programme, words)
    if hidden := page.hidden():
        said.append(words.counted("unknowns.hidden", hidden))
    if page.frame("teams").height:
        said.append(words.text("unknowns.volunteers"))
    elif any(r["indicator"] == "satisfaction" for r in page.rows(PROGRAMME)):
        said.append(words.text("unknowns.respondents"))
    start, end = page.setting("calendar.measurement_start"), page.setting("calendar.measurement_end")
    timed = page.programme.get(("net_hours", headline("net_hours")))
    if start and end and timed is not None and timed["estimate"] is not None:
        weeks = (date.fromisoformat(end) - date.fromisoformat(start)).days // 7
        said.append(words.text("unknowns.duration", weeks=words.number(weeks)))
    return raw(bullets(said))
