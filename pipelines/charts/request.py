"""Sections on what was asked and how it was to be measured: request, questions, protocol, thresholds, fingerprint."""

import polars as pl

from pipelines.charts.context import Page
from pipelines.charts.essential import STEPS
from pipelines.wording.display import PRIMARY, Shown, is_published
from pipelines.wording.page import bullets, inline, pairs, paragraph, raw, table


def request(page: Page) -> str:
    """What was asked, as one question per objective of the study; processes and tools followed."""
    words = page.words
    organisation = words.print(page.setting("organisation", page.setting("study")))
    questions = [
        words.text(f"request.questions.{i}", goal=Shown(row, words).goal)
        for i in PRIMARY
        if (row := page.headline(i)) is not None and row["threshold"] is not None and _asked(page, i)
    ]
    if page.frame("deployments").height:
        questions.append(words.text("request.questions.proposals"))
    if ("redeployment", "share_useful") in page.programme:
        questions.append(words.text("request.questions.redeployment"))
    parts = []
    teams = page.frame("teams").height
    if teams:
        parts.append(paragraph(words.text("request.teams", organisation=organisation,
                                          teams=words.count("header.teams", teams))))  # fmt: skip
    else:
        parts.append(paragraph(words.text("request.plain", organisation=organisation)))
    if questions:
        parts.append(paragraph(words.text("request.asked")) + bullets(questions))
    return raw("".join(parts) + _followed(page))


def _asked(page: Page, indicator: str) -> bool:
    """A study without teams asks nothing of what needs them."""
    row = page.headline(indicator)
    return indicator == "satisfaction" or (row is not None and row["reason"] != "sans_equipe")


def _followed(page: Page) -> str:
    """Processes with their family and the tools deployed on each."""
    words, processes = page.words, page.frame("processes").sort("process")
    if processes.is_empty():
        return ""
    tools, deployed = page.labels("tool"), page.frame("deployments")
    lines = []
    for row in processes.iter_rows(named=True):
        own = deployed.filter(pl.col("process") == row["process"])
        names = [label for code, label in tools.items() if (own["tool"] == code).any()]
        what = words.text("request.witness") if row["witness"] else words.raw("comma").join(names) or words.text("none")
        lines.append([words.print(row["label"]), words.print(row["family"] or ""), what,
                      "" if row["witness"] else words.number(own["team"].n_unique())])  # fmt: skip
    heads = [words.text("figure.process"), words.text("request.family"), words.text("request.tools"),
             words.text("request.equipped")]  # fmt: skip
    return table(words.text("request.caption"), heads, lines, numeric=[3])


def protocol(page: Page) -> str:
    """Design, waves, thresholds with the fingerprint of the file that fixes them, prior steps, deviations."""
    said = _design(page) + _surveys(page)
    parts = [bullets(said)] if said else []
    parts += [_thresholds(page), _steps(page), _deviations(page)]
    return raw("".join(parts))


def _thresholds(page: Page) -> str:
    words, lines = page.words, []
    for indicator in (*PRIMARY, "time_per_task"):
        row = page.headline(indicator)
        measured = row is not None and (row["estimate"] is not None or not is_published(row))
        if row is not None and measured and row["threshold"] is not None:
            shown = Shown(row, words)
            lines.append([shown.title, shown.goal])
    guard = page.programme.get(("errors", "rate_ratio_guardrail"))
    if lines and guard is not None and guard["threshold"] is not None:
        shown = Shown(guard, words)
        lines.append([words.text("protocol.guardrail"), words.text("protocol.margin", margin=shown.goal_value)])
    if not lines:
        return ""
    heads = [words.text("method.indicator"), words.text("method.threshold")]
    return table(words.text("method.thresholds_caption"), heads, lines) + _fingerprint(page)


def _fingerprint(page: Page) -> str:
    """Which file fixes the thresholds: its SHA-256, to be held against the one deposited at the opening."""
    rows = page.frame("provenance").filter(pl.col("kind") == "study").sort("name")
    if rows.is_empty():
        return ""
    told = [(page.words.text("protocol.file", name=r["name"]), f"<code>{inline(r['fingerprint'])}</code>")
            for r in rows.iter_rows(named=True)]  # fmt: skip
    return pairs(told, "gl", html=True) + paragraph(page.words.text("protocol.hash"), "small")


def _steps(page: Page) -> str:
    """Prior steps with their dates; only for a study that watches people at work."""
    words = page.words
    if page.frame("teams").is_empty():
        return ""
    lines = []
    for step in STEPS:
        day = page.setting(step)
        lines.append([words.capital(step), words.day(day) if day else words.text("not_filled")])
    return table(words.text("protocol.steps"), [words.text("protocol.step"), words.text("quality.date")], lines)


def _deviations(page: Page) -> str:
    """What departs from what was planned, as far as the published tables know it."""
    words, said = page.words, []
    cells = int(page.frame("corrections")["rows"].sum())
    said.append(words.counted("protocol.corrected", cells) if cells else words.text("protocol.no_correction"))
    kept = int(page.frame("set_aside").filter(pl.col("status") == "kept")["rows"].sum())
    if kept:
        said.append(words.counted("protocol.kept", kept))
    lost = [words.text(f"indicators.{i}.title").lower() for i in PRIMARY
            if (row := page.headline(i)) is not None and is_published(row) and row["estimate"] is None
            and row["reason"] == "non_mesure"]  # fmt: skip
    if lost:
        said.append(words.text("protocol.lost", titles=words.listing(lost)))
    said.append(words.text("protocol.history"))
    return f"<h3>{inline(words.text('protocol.deviations'))}</h3>{bullets(said)}"


def _design(page: Page) -> list[str]:
    """Teams, start groups, witness: only for a study with teams."""
    words, teams = page.words, page.frame("teams")
    if teams.is_empty():
        return []
    groups = teams["start_group"].drop_nulls().n_unique()
    said = [words.text("method.teams", teams=words.count("header.teams", teams.height),
                       groups=words.count("method.groups", groups))]  # fmt: skip
    drawn = page.setting("start_groups_drawn_by_lot") == "true"
    if groups > 1:
        said.append(words.text("method.lot" if drawn else "method.no_lot"))
    if starts := teams["go_live"].drop_nulls().unique().sort().to_list():
        said.append(words.text("method.starts", dates=words.listing([words.day(d) for d in starts])))
    if witnesses := page.frame("processes").filter("witness").sort("process")["label"].to_list():
        said.append(words.text("method.witness", labels=words.listing([words.print(w) for w in witnesses])))
    if page.frame("deployments").height:
        said.append(words.text("method.time"))
    return [*said, words.text("method.unit")]


def _surveys(page: Page) -> list[str]:
    words = page.words
    waves = sorted({k.split(".")[0] for k in page.under("waves") if k.endswith(".label")},
                   key=lambda w: (page.setting(f"waves.{w}.opens"), w))  # fmt: skip
    if not waves:
        return []
    pulses = [w for w in waves if page.setting(f"waves.{w}.role") == "pulse"]
    told = [_wave(page, w) for w in waves if w not in pulses]
    if pulses:
        said_pulses = words.count("protocol.pulses", len(pulses))
        opens, closes = page.setting(f"waves.{pulses[0]}.opens"), page.setting(f"waves.{pulses[-1]}.closes")
        span = words.days(opens, closes) if opens and closes else ""
        told.append(words.text("protocol.wave", label=said_pulses, range=span) if span else said_pulses)
    said = [words.text("method.survey", waves=words.listing(told))]
    item, start = page.setting("satisfaction.item"), page.setting("satisfaction.satisfied_from")
    if item and start and page.headline("satisfaction") is not None:
        said.append(words.text("method.satisfied", item=page.item(item), **{"from": words.number(float(start))}))
    return said


def _wave(page: Page, wave: str) -> str:
    """« Avant l'expérimentation (2 février – 20 février 2026) »."""
    opens, closes = (page.setting(f"waves.{wave}.{c}") for c in ("opens", "closes"))
    if not (opens and closes):
        return page.wave(wave)
    return page.words.text("protocol.wave", label=page.wave(wave), range=page.words.days(opens, closes))
