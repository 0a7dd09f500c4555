"""The first page: who took part, the answer in a few sentences, one tile per success indicator, the actions."""

from pipelines.charts.context import Page
from pipelines.charts.hours import balance
from pipelines.charts.intervals import interval_bar
from pipelines.charts.people import alerts
from pipelines.contracts.proposals import PROPOSALS
from pipelines.wording.display import PRIMARY, Row, Shown, has_interval
from pipelines.wording.page import chip, inline, pairs, paragraph, raw
from pipelines.wording.sentences import detectable, guardrail, lede, position
from pipelines.wording.together import objectives
from pipelines.wording.words import small_first

STEPS = ("governance.dpo_opinion", "governance.aipd", "governance.csa_information", "governance.notice_sent")


def opening(page: Page) -> str:
    """Bands, period and the figures of who took part."""
    words = page.words
    parts = []
    if page.fictional:
        parts.append(paragraph(words.text("demo.band"), "band"))
    # A study without teams watches nobody at work: these steps do not apply to it.
    elif page.frame("teams").height and (missing := [words.text(s) for s in STEPS if not page.setting(s)]):
        parts.append(paragraph(words.text("governance.band", steps=words.listing(missing)), "band"))
    organisation = ", ".join(filter(None, (page.setting("organisation"), page.setting("organisation_unit"))))
    if organisation:
        parts.append(paragraph(words.print(organisation), "eyebrow"))
    start, end, as_of = (page.setting(f"calendar.{c}") for c in ("measurement_start", "measurement_end", "as_of"))
    if start and end and as_of:
        period = words.text("header.period", range=words.days(start, day_before(end)), as_of=words.day(as_of))
        parts.append(paragraph(period, "meta"))
    if figures := _figures(page):
        parts.append(pairs(figures, "who"))
    return raw("".join(parts))


def day_before(day: str) -> str:
    """The last day of a half-open period."""
    from datetime import date, timedelta

    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _figures(page: Page) -> list[tuple[str, str]]:
    words = page.words
    found = []
    if teams := page.frame("teams").height:
        found.append((words.raw("header.teams")[teams > 1], words.number(teams)))
    if (people := page.step("effectif")[0]) is not None:
        found.append((words.text("header.effectif"), words.number(people)))
    for step in ("t0", "t1"):
        answered, reference = page.step(step)
        if answered is not None and reference:
            found.append((words.text(f"header.{step}"), words.percent(answered / reference)))
    if (paired := page.step("apparies")[0]) is not None:
        found.append((words.text("header.apparies"), words.number(paired)))
    row = page.headline("satisfaction")
    if not found and row is not None and row.get("n_persons"):
        found.append((words.text("header.respondents"), words.number(row["n_persons"])))
    return found


def essential(page: Page) -> str:
    """The answer, the four tiles, the actions proposed."""
    words = page.words
    tiles = [t for i in PRIMARY if (row := page.headline(i)) is not None and (t := tile(page, row))]
    said = filter(None, [*lede(page.programme, words), objectives(page.programme, words)])
    parts = [paragraph(" ".join(said), "lede")]
    if tiles:
        parts.append(f'<ul class="tiles">{"".join(tiles)}</ul>')
        drawn = [row for i in PRIMARY if (row := page.headline(i)) is not None and has_interval(row)]
        if drawn:  # how to read a bar, where there is one
            parts.append(paragraph(words.text("tile.how", level=Shown(drawn[0], words).level), "key"))
    if brief := _brief(page):
        parts.append(pairs(brief, "brief"))
    if actions := _actions(page):
        parts.append(f"<h3>{inline(words.text('tile.actions'))}</h3>{actions}")
    return raw("".join(parts))


def _brief(page: Page) -> list[tuple[str, str]]:
    """Proposals, time, alerts and open questions in a line each, counted from the sections that tell them whole."""
    words, told = page.words, list[tuple[str, str]]()
    proposed = page.frame("proposals")["proposal"].drop_nulls().to_list()
    if proposed:
        said = [f"{words.number(proposed.count(code))} × {words.text(f'brief.{code}')}" for code in PROPOSALS
                if code in proposed]  # fmt: skip
        told.append((words.text("brief.proposals"), words.raw("comma").join(said) + "."))
    if closed := balance(page):
        told.append((words.text("brief.time"), f"{closed}."))
    if page.frame("teams").height:
        raised = [words.text(f"brief.{level}", titles=words.listing([small_first(t) for t in titles]))
                  for level, titles in alerts(page).items() if titles]  # fmt: skip
        said_alerts = words.print(words.raw("semicolon").join(raised)) or words.text("vigilance.ok").lower()
        told.append((words.text("brief.alerts"), f"{said_alerts[:1].upper()}{said_alerts[1:]}."))
    if open_ones := [words.text(f"indicators.{i}.title").lower() for i in PRIMARY if _is_open(page.headline(i))]:
        told.append((words.text("brief.open"), f"{words.capital('brief.open_ones', titles=words.listing(open_ones))}."))
    return told


def _is_open(row: Row | None) -> bool:
    """A success indicator of the study on which no conclusion is given."""
    return row is not None and (row["estimate"] is None or row["verdict"] in (None, "non_concluant"))


def tile(page: Page, row: Row) -> str:
    """One indicator: verdict word, estimate, interval bar, objective, evidence, all from one row."""
    words, shown = page.words, Shown(row, page.words)
    head = f"<header><h3>{inline(shown.title)}</h3>{chip(shown.kind, shown.verdict)}</header>"
    if shown.value("estimate") is None:
        why = "" if shown.kind == "np" else paragraph(words.text("tile.no_estimate", reason=shown.why_missing), "k")
        return f'<li class="tile">{head}{why}</li>'
    big = f'<p class="big">{inline(shown.estimate)} <span>{inline(shown.phrase)}</span></p>'
    goal = words.text("tile.goal", goal=shown.goal) if shown.threshold else ""
    said = " ".join(filter(None, [goal, position(shown), detectable(shown), _guardrail(page, row)]))
    if not has_interval(row):
        said = " ".join(filter(None, [said, words.text("tile.no_interval", reason=shown.why_missing)]))
    evidence = ""
    if shown.evidence:
        reason = f"{words.print(words.raw('colon'))}{shown.evidence_reason}" if shown.evidence_reason else ""
        evidence = paragraph(f"**{shown.evidence}**{reason}.", "k")
    return f'<li class="tile">{head}{big}{_bar(page, shown)}{paragraph(said, "k")}{evidence}</li>'


def _bar(page: Page, shown: Shown) -> str:
    words = page.words
    desc = words.text(
        "tile.chart_desc", estimate=shown.estimate, level=shown.level, interval=shown.interval,
        threshold=shown.threshold or words.text("none"), verdict=shown.verdict.lower(),
    )  # fmt: skip
    return interval_bar(shown, page.drawing(words.text("tile.chart_title", title=shown.title), desc))


def _guardrail(page: Page, row: Row) -> str:
    if row["indicator"] != "errors":
        return ""
    return guardrail(page.programme.get(("errors", "rate_ratio_guardrail")), page.words)


def _actions(page: Page) -> str:
    items = [
        f"<li><p>{inline(page.words.print(r['action']))}</p>"
        f'<span class="by">{inline(page.words.print(r["owner"]))}<br>{inline(page.words.print(r["due"]))}</span></li>'
        for r in page.frame("recommendations").sort("recommendation").head(5).iter_rows(named=True)
    ]
    return f'<ol class="reco">{"".join(items)}</ol>' if items else ""
