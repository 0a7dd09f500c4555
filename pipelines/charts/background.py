"""Sections behind the figures: quality of the data, method and confidentiality, glossary and fingerprints, the end."""

import polars as pl

from pipelines.charts.context import Page
from pipelines.contracts.rules import RULES
from pipelines.wording.page import bullets, inline, pairs, paragraph, raw, table


def quality(page: Page) -> str:
    """received = accepted + set aside + duplicates, by source; why rows were set aside; what is not published."""
    words, accounts = page.words, page.frame("accounts").sort("source")
    if accounts.is_empty():
        return raw(paragraph(words.text("quality.none")))
    columns = ("files", "received", "accepted", "set_aside", "duplicates")
    totals = accounts.select(pl.col(columns).sum()).row(0, named=True)
    share = words.percent(totals["accepted"] / totals["received"], 1) if totals["received"] else words.text("none")
    figures = {c: words.number(totals[c]) for c in columns[1:]}
    parts = [paragraph(words.text("quality.intro", share=share, **figures))]
    logged, expected = page.step("temps_saisis")
    if logged is not None and expected is not None:
        parts.append(paragraph(words.text("quality.log", n=words.number(logged), reference=words.number(expected))))
    lines = [[r["source"], r["format"], *(words.number(r[c]) for c in columns)] for r in accounts.iter_rows(named=True)]
    lines.append([words.text("quality.total"), "", *(words.number(totals[c]) for c in columns)])
    heads = [words.text(f"quality.{c}") for c in ("source", "format", *columns)]
    if linking := _linking(page):
        parts.append(paragraph(linking))
    parts.append(table(words.text("quality.caption"), heads, lines, numeric=range(2, 7), total=True))
    return raw("".join(parts) + _set_aside(page) + _corrections(page) + _hidden(page))


def _set_aside(page: Page) -> str:
    words = page.words
    rows = page.frame("set_aside").sort("status", "rule", "source", descending=[True, False, False])
    if rows.is_empty():
        return paragraph(words.text("quality.why_none"))
    lines = [
        [rule_label(page, r["rule"]), r["source"], words.text(f"quality.status.{r['status']}"), words.number(r["rows"])]
        for r in rows.iter_rows(named=True)
    ]
    heads = [words.text(f"quality.{c}") for c in ("rule", "source", "outcome", "rows")]
    return table(words.text("quality.why"), heads, lines, numeric=[3])


def _corrections(page: Page) -> str:
    """What the analyst corrected in the exports; nothing when nothing was."""
    words, rows = page.words, page.frame("corrections").sort("date", "source", "source_file", "column", "reason")
    if rows.is_empty():
        return ""
    lines = [
        [words.day(r["date"]), words.print(r["reason"]), r["source_file"], r["column"], words.number(r["rows"])]
        for r in rows.iter_rows(named=True)
    ]
    heads = [words.text(f"quality.{c}") for c in ("date", "why_corrected", "file", "column", "cells")]
    return table(words.text("quality.corrections"), heads, lines, numeric=[4])


def _linking(page: Page) -> str:
    """How many responses were given their author, wave by wave, as one sentence; « » when no wave links anybody."""
    words, least = page.words, page.setting("privacy.min_persons", "5")
    said = []
    for row in page.frame("linking").sort("rank").iter_rows(named=True):
        figures = {c: words.number(row[c]) for c in ("linked", "responses", "mistyped") if row[c] is not None}
        if row["linked"] is not None:
            text = words.text("quality.linked", wave=page.wave(row["wave"]), **figures)
        elif row["all_but_few"]:
            text = words.text("quality.linked_but_few", wave=page.wave(row["wave"]), least=least, **figures)
        else:
            text = words.text("quality.linked_hidden", wave=page.wave(row["wave"]))
        more = [words.counted("quality.mistyped", row["mistyped"])] if row["mistyped"] else []
        if row["paired_share"] is not None:
            more.append(words.text("quality.paired", share=words.percent(row["paired_share"])))
        said.append(text + (f" ({words.raw('comma').join(more)})" if more else ""))
    return words.text("quality.linking", waves=words.raw("semicolon").join(said)) if said else ""


def rule_label(page: Page, rule: str) -> str:
    """The label of a rule as printed; its code when the catalogue does not know it."""
    known = RULES.get(rule)
    if known is None:
        return rule
    return page.words.print(known.label_fr if page.words.language == "fr" else known.message.rstrip("."))


def _hidden(page: Page) -> str:
    words, hidden = page.words, page.hidden()
    text = words.counted("unknowns.hidden", hidden) if hidden else words.text("quality.hidden_none")
    return f"<h3>{inline(words.text('quality.hidden_title'))}</h3>{paragraph(text)}"


def method(page: Page) -> str:
    """What a verdict means, what is never printed."""
    words = page.words
    parts = [paragraph(words.text("method.verdict"))]
    limits = {
        "min": page.setting("privacy.min_persons", "5"),
        "sensitive": page.setting("privacy.min_persons_sensitive", "10"),
        "distribution": page.setting("privacy.min_persons_distribution", "10"),
    }
    parts.append(f"<h3>{inline(words.text('method.privacy_title'))}</h3>")
    parts.append(paragraph(words.text("method.privacy", **limits)))
    if page.frame("teams").height:
        parts.append(paragraph(words.text("method.domains")))
    return raw("".join(parts))


def trace(page: Page) -> str:
    """Glossary, then the fingerprints of the files, the study file, the libraries and the code."""
    words = page.words
    glossary = [(words.print(term), words.print(text)) for term, text in words.raw("trace.glossary")]
    parts = [pairs(glossary, "gl"), f"<h3>{inline(words.text('trace.title'))}</h3>"]
    rows = page.frame("provenance").sort("kind", "name")
    kinds = [k for k in ("study", "lock", "code", "python") if (rows["kind"] == k).any()]
    told = [
        (words.text(f"trace.{kind}"),
         "<br>".join(f"<code>{inline(r['name'])}</code> <code>{inline(r['fingerprint'])}</code>"
                     for r in rows.filter(pl.col("kind") == kind).iter_rows(named=True)))
        for kind in kinds
    ]  # fmt: skip
    if attribution := page.setting("attribution"):
        told.append((words.text("trace.attribution"), inline(words.print(attribution))))
    parts.append(pairs(told, "gl", html=True))
    if files := [[f"<code>{inline(r['name'])}</code>", f"<code>{inline(r['fingerprint'])}</code>"]
                 for r in rows.filter(pl.col("kind") == "input").iter_rows(named=True)]:  # fmt: skip
        heads = [words.text("trace.name"), words.text("trace.fingerprint")]
        made = table(words.text("trace.caption"), heads, files, html=True)
        parts.append(f"<details><summary>{inline(words.text('trace.files'))}</summary>{made}</details>")
    return raw("".join(parts))


def charter(page: Page) -> str:
    """What the bilan brings to the working group and to the charter, and the last line of the page."""
    words = page.words
    names = {"compliance": words.text("sections.vigilance"), "unknowns": words.text("sections.unknowns")}
    said = [words.text("charter.group", **names)]
    if page.frame("tools").height:
        said.append(words.text("charter.charter", **names))
    if page.frame("teams").height:
        said.append(words.text("charter.dialogue"))
    end = words.text("trace.footer", organisation=page.setting("organisation", page.setting("study")))
    return raw(bullets(said) + paragraph(end, "end"))
