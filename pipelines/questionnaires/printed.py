"""A questionnaire -> a page to print on A4: one self-contained HTML file, no script, nothing fetched, in French."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace

from pipelines.questionnaires.build import ALWAYS, Question, Survey
from pipelines.study.instruments import TO_PASTE

BOX = '<span class="box" aria-hidden="true"></span>'
BLANK = '<span class="blank" aria-hidden="true"></span>'
CHARACTERS_PER_LINE, MOST_LINES = 100, 4
_BEFORE_SIGN, _AFTER_QUOTE = re.compile(" (?=[?!:;»])"), re.compile("« ")
STYLE = """
@page { size: A4; margin: 16mm 14mm; }
* { box-sizing: border-box; }
body { margin: 0; color: #111; background: #fff;
  font: 10.5pt/1.35 system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
main { max-width: 182mm; margin: 0 auto; padding: 6mm 0; }
h1 { font-size: 18pt; margin: 0 0 2mm; }
h2 { font-size: 13pt; margin: 6mm 0 2.5mm; padding-bottom: 1mm; border-bottom: 1.5pt solid #111; break-after: avoid; }
h3 { font-size: 10.5pt; margin: 0 0 1.5mm; break-after: avoid; }
p { margin: 0 0 2mm; }
.organisation, .note { color: #444; }
.note { font-size: 10pt; }
.informed, .warning { border: 1pt solid #111; padding: 2.5mm 3mm; margin: 3mm 0; }
.warning, mark { background: #fff3c4; color: #111; }
.question { margin: 0 0 4mm; break-inside: avoid; }
ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 1mm 6mm; }
li { display: flex; align-items: baseline; gap: 2mm; }
.box { display: inline-block; width: 3.6mm; height: 3.6mm; border: 1pt solid #111; flex: none; }
.blank { display: inline-block; min-width: 28mm; border-bottom: 1pt solid #111; height: 1.1em; }
.line { display: block; border-bottom: 1pt solid #555; height: 7mm; }
table { width: 100%; border-collapse: collapse; }
th, td { border: .5pt solid #777; padding: 1.2mm 1.5mm; vertical-align: middle; }
thead th { font-weight: normal; font-size: 9.5pt; text-align: center; overflow-wrap: break-word; }
tbody th { font-weight: normal; text-align: left; width: 38%; }
td { text-align: center; }
tr { break-inside: avoid; }
@media print { main { padding: 0; } }
@media screen and (max-width: 700px) { main { padding: 4mm; } .scroll { overflow-x: auto; } }
""".strip()


def as_html(survey: Survey) -> bytes:
    """The page of one questionnaire, with the estimated minutes beside their budget."""
    head = "\n".join((
        '<!doctype html>', '<html lang="fr">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(survey.form.title)} - {_text(survey.organisation)}</title>",
        f"<style>\n{STYLE}\n</style>", "</head>",
    ))  # fmt: skip
    return f"{head}\n<body>\n<main>\n{chr(10).join(_body(survey))}\n</main>\n</body>\n</html>\n".encode()


def how_long(survey: Survey) -> str:
    """« Durée estimée : 4 min (prévu : 8 min au plus). 29 questions, et 4 facultatives. »"""
    form, minutes = survey.form, max(1, round(survey.minutes))
    planned = "" if form.budget_minutes is None else f" (prévu : {form.budget_minutes:g} min au plus)"
    said = f"Durée estimée : {minutes} min{planned}. {survey.questions} question{'s' if survey.questions > 1 else ''}"
    said += "" if form.budget_questions is None else f" (prévu : {form.budget_questions} au plus)"
    said += f", puis {survey.follow_ups} selon vos réponses" if survey.follow_ups else ""
    said += f", et {survey.optional} facultative{'s' if survey.optional > 1 else ''}" if survey.optional else ""
    return f"{said}."


def _body(survey: Survey) -> Iterator[str]:
    yield f'<header>\n<p class="organisation">{_text(survey.organisation)}</p>'
    yield f"<h1>{_text(survey.form.title)}</h1>"
    if survey.form.intro:
        yield f"<p>{_text(survey.form.intro)}</p>"
    yield f"<p>{_text(how_long(survey))}</p>"
    if survey.informed:
        confirmed = f"En remplissant cette feuille, je confirme : « {survey.informed} »"
        yield f'<p class="informed">{_text(confirmed)}</p>'
    if survey.to_paste:
        missing = f"Ne pas diffuser en l’état : il manque le libellé officiel de {', '.join(survey.to_paste)}."
        yield f'<p class="warning">{_text(missing)}</p>'
    yield "</header>"
    every = [q for _, questions in survey.pages for q in questions]
    numbers = {item.item: n for n, q in enumerate(every, start=1) for item in q.items}
    for title, questions in survey.pages:
        yield f"<section>\n<h2>{_text(title)}</h2>"
        for question in questions:
            yield from _question(question, numbers, survey.process_chosen)
        yield "</section>"


def _question(q: Question, numbers: dict[str, int], process_chosen: str | None) -> Iterator[str]:
    number = numbers[q.first.item]
    optional = ' <span class="note">(facultatif)</span>' if all(i.optional for i in q.items) else ""
    yield f'<div class="question">\n<h3 id="q{number}">{number}. {_text(q.text)}{optional}</h3>'
    notes = [q.help] if q.help else []
    if q.only_if is not None:
        code, answers = q.only_if
        said = " ou ".join(f"« {a} »" for a in answers)
        notes.append(f"Seulement si vous avez répondu {said} à la question {numbers[code]}.")
    if q.first.per == "tool" and any(r.shown_if != ALWAYS for r in q.rows):
        notes.append("Répondez seulement pour les outils de votre équipe.")
    if q.first.per == "process" and process_chosen and q.first.item != process_chosen:
        notes.append(f"Pour le processus choisi à la question {numbers[process_chosen]}.")
        # One process, one answer: no need of a row for each on paper.
        q = replace(q, rows=(), shape="choice" if q.shape == "table" else "number")
    if q.shape == "boxes" and q.first.max_choices:
        most = q.first.max_choices
        notes.append("Une seule réponse." if most == 1 else f"{most} réponses au plus.")
    if notes:
        yield f'<p class="note">{_text(" ".join(n if n[-1] in ".!?" else f"{n}." for n in notes))}</p>'
    yield from _answer(q, number)
    yield "</div>"


def _answer(q: Question, number: int) -> Iterator[str]:
    """Where the respondent writes."""
    lines = 1 if q.first.kind != "text" else min(MOST_LINES, 1 + int((q.first.maximum or 0) // CHARACTERS_PER_LINE))
    room = '<span class="line"></span>' * lines
    if q.shape in ("choice", "boxes"):
        options = q.answers if q.shape == "choice" else q.rows
        yield "<ul>" + "".join(f"<li>{BOX} {_text(o.label)}</li>" for o in options) + "</ul>"
    elif q.shape == "table":
        head = "".join(f'<th scope="col">{_text(a.label)}</th>' for a in q.answers)
        cells = f"<td>{BOX}</td>" * len(q.answers)
        named = f'aria-labelledby="q{number}"'  # wider than a phone, it scrolls: with the keyboard too
        yield f'<div class="scroll" role="region" tabindex="0" {named}>\n<table {named}>'
        yield f"<thead><tr><td></td>{head}</tr></thead>\n<tbody>"
        yield from (f'<tr><th scope="row">{_text(r.label)}</th>{cells}</tr>' for r in q.rows)
        yield "</tbody>\n</table></div>"
    elif q.shape in ("numbers", "points"):
        yield f'<table aria-labelledby="q{number}">\n<tbody>'
        yield from (f'<tr><th scope="row">{_text(r.label)}</th><td>{BLANK}</td></tr>' for r in q.rows)
        yield '<tr><th scope="row">Total</th><td>100</td></tr>' if q.shape == "points" else ""
        yield "</tbody>\n</table>"
    elif q.shape == "texts":
        yield from (f"<p>{_text(f'{r.label} :')}{room}</p>" for r in q.rows)
    elif q.shape == "text":
        yield f"<p>{room}</p>"
    else:
        yield f"<p>{BLANK}{' (jj/mm/aaaa)' if q.shape == 'date' else ''}</p>"


def _text(text: str) -> str:
    """Escaped, with no-break spaces before the signs that French sets apart; a missing wording is marked."""
    safe = html.escape(_AFTER_QUOTE.sub("«\u00a0", _BEFORE_SIGN.sub("\u00a0", text)))
    return f"<mark>{safe}</mark>" if TO_PASTE in text else safe
