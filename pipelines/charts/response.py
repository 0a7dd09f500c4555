"""Who answered the last questionnaire among those who answered the first: by size of team, by first well-being."""

from pipelines.charts.context import Page
from pipelines.wording.display import is_published
from pipelines.wording.measures import Measure
from pipelines.wording.page import paragraph, table


def answered_again(page: Page) -> str:
    """A table of the groups that may be shown; a sentence when none may; « » when nothing was asked twice."""
    words = page.words
    rows = [page.programme.get(("answered_again", group)) for group in words.raw("response.groups")]
    known = [row for row in rows if row is not None and is_published(row) and row["estimate"] is not None]
    if not known:
        hidden = any(row is not None and not is_published(row) for row in rows)
        return paragraph(words.text("response.hidden"), "small") if hidden else ""
    lines = [
        [words.text(f"response.groups.{row['estimand']}"), Measure(row, words).estimate, Measure(row, words).interval]
        for row in known
    ]
    heads = [words.text("response.group"), words.text("figure.estimate"), words.text("figure.interval")]
    return paragraph(words.text("response.intro")) + table(words.text("response.caption"), heads, lines, numeric=[1, 2])
