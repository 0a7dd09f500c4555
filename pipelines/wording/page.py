"""Plain HTML blocks of a page: paragraphs, tables, chips, notes. Every text is escaped here, once.

Belongs here: markup without data logic. Does not belong here: which figure goes where, charts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from pipelines.wording.words import Words

_STRONG = re.compile(r"\*\*(.+?)\*\*")
# Shapes told apart without colour: tick, cross, ring with a wave, dashed ring, triangle.
_ICONS = {
    "ok": '<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.5 8.2 7 10.7 11.5 5.6" fill="none" '
    'stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>',
    "ko": '<rect x="1" y="1" width="14" height="14" rx="1.5" fill="currentColor"/><path d="M5 5 11 11M11 5 5 11" '
    'stroke="#fff" stroke-width="1.8" stroke-linecap="round"/>',
    "nc": '<circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.7"/>'
    '<path d="M5 6.6h6M5 9.4h6" stroke="currentColor" stroke-width="1.4" stroke-linecap="round"/>',
    "np": '<circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-dasharray="2.4 2"/>',
    "watch": '<path d="M8 .9 15.1 8 8 15.1 .9 8Z" fill="currentColor"/>',
}
CHIPS = {"ok": "ok", "ko": "ko", "nc": "nc", "np": "np", "none": "np", "early": "np", "watch": "watch"}


def metadata(settings: Mapping[str, str | None]) -> dict[str, str]:
    """What the renderer needs to know of a study: its language and the title of the page (from published.study)."""
    given = {"lang": settings.get("language"), "title": settings.get("title")}
    language = "en" if given["lang"] == "en" else "fr"
    return {"lang": language} | ({"title": Words(language).print(given["title"])} if given["title"] else {})


def method_metadata(settings: Mapping[str, str | None]) -> dict[str, str]:
    """The same for the method page: its own title, that of the study under it."""
    told = metadata(settings)
    under = {"subtitle": told["title"]} if "title" in told else {}
    return told | under | {"title": Words(told["lang"]).text("methode.title")}


def inline(text: str) -> str:
    """Text as HTML, `**x**` as strong."""
    return _STRONG.sub(r"<strong>\1</strong>", escape(text, quote=False))


def paragraph(text: str, css: str = "") -> str:
    """One paragraph."""
    return f"<p{_css(css)}>{inline(text)}</p>"


def bullets(items: Iterable[str], css: str = "txt") -> str:
    """A list of sentences."""
    return f"<ul{_css(css)}>" + "".join(f"<li>{inline(i)}</li>" for i in items) + "</ul>"


def raw(html: str) -> str:
    """`html` as a block that both renderers pass through untouched."""
    return f"\n```{{=html}}\n{html}\n```\n"


def heading(title: str, anchor: str) -> str:
    """A section heading in Markdown, so that it enters the table of contents. Its number comes from the stylesheet."""
    return f"\n## {title} {{#{anchor}}}\n"


def chip(kind: str, word: str) -> str:
    """A verdict word with its icon; `kind` as in display.Shown.kind, or watch."""
    icon = CHIPS[kind]
    svg = f'<svg class="ic" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{_ICONS[icon]}</svg>'
    return f'<span class="chip c-{icon}">{svg}{escape(word, quote=False)}</span>'


def table(
    caption: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: Iterable[int] = (),
    total: bool = False,
    html: bool = False,
) -> str:
    """A data table in its own scroll box: first column = row headings, `numeric` = right-aligned columns.

    `total` sets the last row apart. `html` says that the cells (not the headings) are HTML already.
    """
    right, body = set(numeric), list(rows)
    head = "".join(
        f'<th scope="col"{_css("num" if i in right else "")}>{inline(h)}</th>' for i, h in enumerate(headings)
    )
    lines = []
    for n, row in enumerate(body):
        cells = [c if html else inline(c) for c in row]
        line = f'<th scope="row">{cells[0]}</th>' + "".join(
            f"<td{_css('num' if i in right else '')}>{c}</td>" for i, c in enumerate(cells[1:], start=1)
        )
        lines.append(f"<tr{_css('tot' if total and n == len(body) - 1 else '')}>{line}</tr>")
    label = escape(re.sub(r"\*\*", "", caption))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
        f"<table><caption>{inline(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def pairs(items: Iterable[tuple[str, str]], css: str, *, html: bool = False) -> str:
    """A description list of (term, description)."""
    body = "".join(f"<div><dt>{inline(t)}</dt><dd>{d if html else inline(d)}</dd></div>" for t, d in items)
    return f"<dl{_css(css)}>{body}</dl>"


def notes(items: Iterable[tuple[str, str]], words: Words) -> str:
    """« Lecture : … », « Champ : … » under a figure; entries without text are left out."""
    lines = [f"<p><b>{inline(words.print(k + words.raw('colon')).strip())}</b> {inline(t)}</p>" for k, t in items if t]
    return f'<div class="note">{"".join(lines)}</div>' if lines else ""


def figure(number: str, title: str, sub: str, drawing: str, note: str, summary: str, data: str) -> str:
    """A figure: message as title, « Figure n. quantity », drawings, notes, and its data in a table."""
    details = f"<details><summary>{inline(summary)}</summary>{data}</details>" if data else ""
    return (
        f'<figure id="{number}"><figcaption><h3>{inline(title)}</h3><p class="sub">{inline(sub)}</p></figcaption>'
        f"{drawing}{note}{details}</figure>"
    )


def _css(name: str) -> str:
    return f' class="{name}"' if name else ""
