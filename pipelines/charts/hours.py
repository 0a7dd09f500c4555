"""Where the time went: gross to net, what agents do with the freed time, declared against measured, who gains."""

from pipelines.charts.bars import Bar, bars
from pipelines.charts.context import Page
from pipelines.charts.facts import card, cards, is_known, measure, missing
from pipelines.charts.results import source
from pipelines.wording import numbers
from pipelines.wording.companions import as_treated, calibrated
from pipelines.wording.display import PARTS, is_published
from pipelines.wording.measures import Measure
from pipelines.wording.page import figure, inline, notes, paragraph, raw, table
from pipelines.wording.sentences import span

DESTINATIONS = ("usagers", "attente", "qualite", "formation", "entraide", "rythme", "demandes", "aucun")
NOT_USEFUL = ("demandes", "aucun")
# The three readings of time per task: all tasks, users corrected for their choice, tasks with the tool.
READINGS = (("time_per_task", "time_per_task"), ("time_for_users", "time_for_users"),
            ("time_with_tool", "time_with_tool"))  # fmt: skip
CARDS = (("calibration", "calibrated_saving"), ("distribution_of_gains", "share_slower"),
         ("payback_weeks", "payback_weeks"), ("rework_share", "rework_share"),
         ("net_hours", "net_hours_amortised"), ("witness", "witness"), ("redeployment", "useful_hours"),
         ("new_tasks", "share_new"), ("new_tasks", "share_new_useful"))  # fmt: skip


def hours(page: Page) -> str:
    """The waterfall, the use of the freed time, then the figures beside, and what this study does not measure."""
    made = [waterfall(page), redeployment(page), cards(_card(page, *key) for key in CARDS), readings(page)]
    asked = [*CARDS, ("redeployment", "share_useful")]
    return raw("".join(made) + missing(page, asked))


def _card(page: Page, indicator: str, estimand: str) -> str:
    shown = measure(page, indicator, estimand)
    if shown is None or not is_known(shown):
        return ""
    if indicator == "calibration":
        return card(page, shown, _calibrated(page, shown))
    low, high = span(shown)
    values = {"estimate": shown.estimate, "bare": shown.bare, "low": low, "high": high}
    return card(page, shown, page.words.text(f"hours.said.{estimand}", **values))


def _calibrated(page: Page, shown: Measure) -> str:
    """« Déclaré 25 min, calé 14 min [9 ; 20]. Une minute déclarée en vaut… »"""
    words = page.words
    declared, factor = (measure(page, "calibration", e) for e in ("declared_saving", "calibration"))
    said = calibrated(declared.row, shown.row, words) if declared is not None else ""
    if factor is None or not is_known(factor):
        return f"{said}." if said else ""
    share = words.text("hours.factor", share=words.percent(factor.row["estimate"]))
    return " ".join(filter(None, [f"{said}." if said else "", share]))


def readings(page: Page) -> str:
    """Time per task read three ways, T2 never without its warning."""
    words, lines = page.words, []
    for key in READINGS:
        shown = measure(page, *key)
        if shown is not None and is_known(shown):
            lines.append([shown.title, shown.estimate, shown.interval, shown.evidence,
                          words.text(f"hours.readings.{key[0]}")])  # fmt: skip
    if len(lines) < 2:
        return ""
    heads = [words.text("hours.reading"), words.text("figure.estimate"), words.text("figure.interval"),
             words.text("figure.evidence"), words.text("hours.says")]  # fmt: skip
    made = table(words.text("hours.caption"), heads, lines, numeric=[1, 2])
    treated = page.programme.get(("time_with_tool", "time_with_tool"))
    warning = as_treated(treated, words) if treated is not None else ""
    title = f"<h3>{inline(words.text('hours.readings_title'))}</h3>"
    return title + made + (paragraph(warning, "small") if warning else "")


def redeployment(page: Page) -> str:
    """What agents say of the freed time, destination by destination, in the order they were asked."""
    words, made, lines = page.words, [], []
    for name in DESTINATIONS:
        row = page.programme.get(("redeployment", f"share_{name}"))
        if row is None or (row["estimate"] is None and is_published(row)):
            continue
        shown, label = Measure(row, words), words.text(f"hours.destinations.{name}")
        if not is_published(row):
            made.append(Bar(label, 0.0, None, words.text("suppressed")))
            lines.append([label, words.text("suppressed"), ""])
            continue
        value = round(shown.value("estimate") or 0.0, shown.scale.decimals)
        made.append(Bar(label, 0.0, value, shown.estimate, "grey-m" if name in NOT_USEFUL else "blue-m"))
        lines.append([label, shown.estimate, shown.interval])
    if not any(bar.end is not None for bar in made):
        return ""
    useful = measure(page, "redeployment", "share_useful")
    title = words.text("hours.used_plain")
    if useful is not None and is_known(useful):
        title = words.text("hours.used", share=useful.estimate)
    sub, number = words.text("hours.used_sub"), page.number()
    desc = words.print(" ; ".join(f"{line[0]} {line[1]}" for line in lines) + ".")
    known = next(r for n in DESTINATIONS if (r := page.programme.get(("redeployment", f"share_{n}"))) is not None)
    note = notes([
        (words.raw("figure.reading"), words.text("hours.used_read")),
        (words.raw("figure.source"), source(page, known)),
        (words.raw("figure.evidence"), Measure(known, words).evidence),
    ], words)  # fmt: skip
    heads = [words.text("hours.destination"), words.text("voices.share"), words.text("figure.interval")]
    return figure(f"figure-{number}", title, words.text("figure.number", n=number, what=sub),
                  bars(made, page.drawing(title, desc)), note, words.text("figure.data"),
                  table(f"{sub} (figure {number})", heads, lines, numeric=[1, 2]))  # fmt: skip


def balance(page: Page) -> str:
    """« Sur 1 637 h de gain brut, 807 h restent une fois tout déduit », from the same parts as the waterfall; « » when
    one of them is hidden or nothing is known."""
    words = page.words
    rows = {part: page.programme.get(("net_hours", part)) for part in PARTS}
    gross = rows["gross"]
    if gross is None or any(r is not None and not is_published(r) for r in rows.values()) or gross["estimate"] is None:
        return ""
    spent = sum(float(r["estimate"]) for part, r in rows.items() if part != "gross" and r and r["estimate"] is not None)
    level = float(gross["estimate"]) - spent
    told = {"gross": words.number(gross["estimate"]), "net": words.number(level)}
    path = "waterfall.title" if level > 0 else "waterfall.title_loss"
    return words.text(path, **{k: f"{v}{numbers.NBSP}h" for k, v in told.items()})


def waterfall(page: Page) -> str:
    """Where the time went: gross gain, what each part takes back, what is left."""
    words = page.words
    rows = {part: page.programme.get(("net_hours", part)) for part in PARTS}
    gross = rows["gross"]
    if gross is None or not is_published(gross) or gross["estimate"] is None:
        hidden = gross is not None and not is_published(gross)
        return paragraph(words.text("waterfall.hidden" if hidden else "waterfall.none"))
    level, hours = float(gross["estimate"]), f"{{}}{numbers.NBSP}h"
    made = [Bar(words.text("waterfall.gross"), 0.0, level, hours.format(words.number(level)), "blue-m")]
    for part in PARTS[1:]:
        row = rows[part]
        label = words.text(f"waterfall.{part}")
        if row is None or not is_published(row) or row["estimate"] is None:
            hidden = row is not None and not is_published(row)
            if hidden:  # what is left would give the hidden part by difference
                return paragraph(words.text("waterfall.hidden"))
            made.append(Bar(label, level, None, words.text("not_measured"), "grey-m"))
            continue
        spent = float(row["estimate"])
        made.append(Bar(label, level, level - spent, hours.format(words.number(-spent, signed=True)), "rust-m"))
        level -= spent
    net = hours.format(words.number(level, signed=True))
    made.append(Bar(words.text("waterfall.net"), 0.0, level, net, "blue" if level > 0 else "rust", True))
    lines, title = [[bar.label, bar.text] for bar in made], balance(page)
    sub, number = words.text("waterfall.sub"), page.number()
    drawing = bars(made, page.drawing(title, words.print(" ; ".join(f"{a} {b}" for a, b in lines) + ".")))
    note = notes([
        (words.raw("figure.reading"), words.text("waterfall.reading")),
        (words.raw("figure.source"), source(page, page.headline("net_hours"))),
    ], words)  # fmt: skip
    head = [words.text("waterfall.step"), words.text("waterfall.hours")]
    return figure(f"figure-{number}", title, words.text("figure.number", n=number, what=sub), drawing, note,
                  words.text("figure.data"), table(sub, head, lines, numeric=[1], total=True))  # fmt: skip
