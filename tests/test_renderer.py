"""The renderers of the reports: one sample page exercises the whole subset, the rest is what they refuse."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from pipelines.publish.qmd import read_report
from pipelines.publish.quarto import find_quarto
from pipelines.publish.render import RenderError, page_faults, render_report

REPORTS = Path(__file__).parents[1] / "reports"
STYLE = "body{margin:0}.note{color:#1b2530}\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 4"><rect id="bar" width="10" height="4"/></svg>'
FILES = ["_intro.qmd", "_quarto.yml", "carre.svg", "partials", "sample.qmd", "theme.css"]
SAMPLE = """\
---
title: Bilan d’essai
subtitle: « Sous-titre »
date: 2026-07-06
etablissement: Université de démonstration
---

{{< include _intro.qmd >}}

## Résultats {#resultats}

Voir @fig-barres, [@fig-carre] et @tbl-gains.[^note] Contact : dgs@univ.example, code `@media`.

[^note]: Une note de bas de page.

```{python}
#| tags: [parameters]
factor = 1
```

```{python}
#| label: fig-barres
#| fig-cap: "Temps gagné, en « heures »"
#| fig-alt: "Une barre de 10"
import os
from IPython.display import Markdown
SVG = os.environ["SAMPLE_SVG"]
Markdown("```{=html}\\n" + SVG + "\\n```")
```

::: {.note}
Un encadré.
:::

```{python}
#| label: tbl-gains
#| tbl-cap: Gains par équipe
Markdown(f"| Équipe | Heures |\\n|:--|--:|\\n| A | {2 * factor} |")
```

### Détail

```{python}
#| output: asis
print("```{=html}")
print('<table><caption>Brut</caption><tr><th scope="row">A</th><td>1</td></tr></table>')
print("```")
import sys
print("noise", file=sys.stderr)
```

![Un carré](carre.svg){#fig-carre fig-alt="Carré noir"}

```{python}
#| echo: true
print("dit par la cellule")
6 * 7
```

```{python}
#| include: false
print("jamais montré")
```
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of reports with the project's own profile and partials, and the sample in it."""
    folder = tmp_path / "reports"
    shutil.copytree(REPORTS / "partials", folder / "partials")
    shutil.copy(REPORTS / "_quarto.yml", folder)
    (folder / "theme.css").write_text(STYLE, encoding="utf-8")
    (folder / "carre.svg").write_text(SVG.replace('id="bar" ', ""), encoding="utf-8")
    (folder / "_intro.qmd").write_text("Pour {{< meta etablissement >}}.\n", encoding="utf-8")
    (folder / "sample.qmd").write_text(SAMPLE, encoding="utf-8")
    return folder


def embedded(qmd: Path, out: Path, **options: Any) -> html.HtmlElement:
    """The page the embedded renderer makes, parsed."""
    assert render_report(qmd, out, env={"SAMPLE_SVG": SVG}, renderer="embedded", **options) == "embedded"
    return html.fromstring(out.read_text(encoding="utf-8"))


def small(project: Path, body: str) -> Path:
    path = project / "small.qmd"
    path.write_text(f"---\ntitle: Petit\n---\n{body}", encoding="utf-8")
    return path


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_the_sample_page_holds_what_the_source_says(project: Path, tmp_path: Path):
    page = embedded(project / "sample.qmd", tmp_path / "site" / "sample.html")
    text = words(page)
    assert page.get("lang") == "fr"
    assert page.findtext(".//title") == page.findtext(".//h1") == "Bilan d’essai"
    assert "« Sous-titre »" in text and "6 juillet 2026" in text
    assert "Pour Université de démonstration." in text
    assert "Voir Figure 1, Figure 2 et Table 1.1 Contact : dgs@univ.example, code @media." in text
    assert [a.get("href") for a in page.find_class("quarto-xref")] == ["#fig-barres", "#fig-carre", "#tbl-gains"]
    assert [words(caption) for caption in page.iter("figcaption")] == [
        "Figure 1. Temps gagné, en « heures »", "Table 1. Gains par équipe", "Figure 2. Un carré",
    ]  # fmt: skip
    assert words(page.get_element_by_id("footnotes")).startswith("Une note de bas de page.")
    assert [words(output) for output in page.find_class("cell-output")] == ["dit par la cellule", "42"]
    assert 'print("dit par la cellule")' in words(page.find_class("cell-code")[0])
    assert "jamais montré" not in text and "noise" not in text and "Markdown(" not in text
    assert words(page.find_class("renderer")[0]).startswith("Page composée par le moteur intégré (pandoc ")


def test_the_html_has_the_shapes_of_quarto(project: Path, tmp_path: Path):
    page = embedded(project / "sample.qmd", tmp_path / "sample.html")
    (box,) = page.xpath("//div[@id='cell-fig-barres'][@class='cell']/div[@id='fig-barres']/figure/div")
    assert "quarto-float-fig" in box.getparent().get("class")
    caption = box.getnext()
    assert caption.tag == "figcaption" and box.get("aria-describedby") == caption.get("id")
    assert (box.get("role"), box.get("aria-label")) == ("img", "Une barre de 10")
    assert box.xpath("svg/rect[@id='bar']")
    (table,) = page.xpath("//div[@id='tbl-gains']/figure[contains(@class, 'quarto-float-tbl')]")
    assert [child.tag for child in table] == ["figcaption", "div"]
    assert [words(cell) for cell in table.iter("td")] == ["A", "2"]
    (image,) = page.get_element_by_id("fig-carre").iter("img")
    assert image.get("alt") == "Carré noir" and image.get("src").startswith("data:image/svg+xml")
    section = "//section[@id='resultats'][@class='level2']/section[@class='level3']"
    assert page.xpath(f"{section}/table/caption/text()") == ["Brut"]
    assert page.xpath("//main//nav[@id='TOC']//a/@href") == ["#resultats"]
    assert page.xpath("//main/a[@class='skip']/@href") == ["#contenu"] and page.xpath("//main/div[@id='contenu']")


def test_the_page_asks_for_nothing_and_is_the_same_each_time(project: Path, tmp_path: Path):
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    page = embedded(project / "sample.qmd", first)
    embedded(project / "sample.qmd", second)
    assert first.read_bytes() == second.read_bytes()
    assert page.xpath("//head/meta[@http-equiv='Content-Security-Policy']/@content") == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    ]
    assert page.findtext(".//style").strip() == STYLE.strip()
    assert not page.xpath("//script | //link")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["first.html", "reports", "second.html"]
    assert sorted(p.name for p in project.iterdir()) == FILES


def test_parameters_and_english_metadata(project: Path, tmp_path: Path):
    english = {"lang": "en", "title": "Trial", "etablissement": "Demo University"}
    page = embedded(project / "sample.qmd", tmp_path / "en.html", params={"factor": 21}, metadata=english)
    assert page.get("lang") == "en" and page.findtext(".//h1") == "Trial"
    text = words(page)
    assert "July 6, 2026" in text and "Pour Demo University." in text
    assert "Contents" in text and "Sommaire" not in text
    assert [words(cell) for cell in page.get_element_by_id("tbl-gains").iter("td")] == ["A", "42"]
    assert "Page made by the embedded renderer" in text
    with pytest.raises(RenderError, match=r"small\.qmd: .*no cell is tagged"):
        embedded(small(project, "Rien.\n"), tmp_path / "none.html", params={"factor": 1})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("a\n\n```{python}\n#| echo: false\nx = 1\nraise ValueError('deux\\nlignes')\n```\n",
         "small.qmd:9: ValueError: deux lignes"),
        ("```{python}\n\n```\n\n```{python}\ndef f():\n    return 1 / 0\n```\n\n```{python}\n1\nf()\n```\n",
         "small.qmd:15: ZeroDivisionError: division by zero"),
        ("```{python}\nx = (\n```\n", "small.qmd:5: SyntaxError: incomplete input"),
        ("{{< include _bad.qmd >}}\n", "_bad.qmd:2: NameError: name 'missing' is not defined"),
        ("```{python}\nfrom IPython.display import HTML\nHTML('<b>x</b>')\n```\n",
         "small.qmd:4: a cell shows no text/html"),
        ("```{python}\n#| label: fig-a\n#| fig-cap: Titre\nx = 1\n```\n", "small.qmd:4: fig-a must show one figure"),
        ("a\n\nVoir @fig-rien.\n", "small.qmd:6: @fig-rien refers to nothing"),
        ("```{python}\n#| output: asis\nprint('Voir @tbl-rien.')\n```\n", "small.qmd: @tbl-rien refers to nothing"),
        ("::: {#fig-seul}\n![](carre.svg)\n:::\n\n::: {#fig-vide}\n:::\n", "small.qmd: fig-vide needs a caption"),
        ("![a](carre.svg){#fig-a}\n\n![b](carre.svg){#fig-a}\n", "small.qmd: the label fig-a is used twice"),
        ("![a](absent.svg)\n", "absent.svg"),
        ("```{python}\n#| output: asis\nprint('<p>x<script>y</script></p>')\n```\n", "small.qmd: the page: <script>"),
        ("```{python}\n#| output: asis\nprint('<p onclick=\"x()\">x</p>')\n```\n", "<p onclick> is a script"),
        ("```{python}\n#| output: asis\nprint('<img src=\"http://127.0.0.1:9/x.png\" alt=\"\">')\n```\n", "x.png"),
    ],
)  # fmt: skip
def test_a_failure_names_its_place_and_leaves_the_page_there_was(project: Path, tmp_path: Path, body: str, said: str):
    (project / "_bad.qmd").write_text("```{python}\nmissing\n```\n", encoding="utf-8")
    out = tmp_path / "page.html"
    out.write_text("the page there was", encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        embedded(small(project, body), out)
    assert said in str(caught.value)
    assert out.read_text("utf-8") == "the page there was"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["page.html", "reports"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("```{r}\n1\n```\n", "4: only {python} cells run here, not {r}"),
        ("```{mermaid}\ngraph\n```\n", "4: only {python} cells"),
        ("- a\n\n  ```{python}\n  1\n  ```\n", "6: a cell opens with ```{python} at the start of its line"),
        ("```{python, echo=FALSE}\n1\n```\n", "4: a cell opens with"),
        ("```{python}\n#| code-fold: true\n1\n```\n", "4: `#| code-fold:` is outside the subset"),
        ("```{python}\n#| label: [\n1\n```\n", "5: not valid YAML"),
        ("```{python}\n#| output: maybe\n1\n```\n", "4: `#| output:` is true, false or asis"),
        ("```{python}\n#| fig-cap: Titre\n1\n```\n", "4: `#| fig-cap:` needs a label that starts with fig-"),
        ("```{python}\n#| label: tbl-a\n1\n```\n", "4: `#| label: tbl-a` needs `#| tbl-cap:`"),
        ("```{python}\n#| label: fig-a\n#| fig-cap: T\n#| output: asis\n1\n```\n", "4: fig-a with `output: asis`"),
        ("```{python}\n#| label: a\n```\n```{python}\n#| label: a\n```\n", "7: the label a is used twice"),
        ("```{python}\n1\n", "4: this block is never closed"),
        ("Total : `{python} total`.\n", "4: code inside a line"),
        ("a\n\n::: {.callout-note}\nb\n:::\n", "6: .callout-note is outside the subset"),
        ("::: panel-tabset\nb\n:::\n", "4: .panel-tabset is outside the subset"),
        ('::: {layout-ncol="2"}\nb\n:::\n', "4: layout attributes"),
        ("Voir @sec-methode.\n", "4: @sec-methode: only @fig-… and @tbl-…"),
        ("Voir -@fig-a.\n", "4: @fig-a: only"),
        ("[voir @fig-a]\n", "4: a reference stands alone in its brackets"),
        ("Voir {{< include a.qmd >}}\n", "4: {{< include >}} stands alone on its line"),
        ("{{< include a.qmd >}}\n", "4: a.qmd does not exist"),
        ("{{< include small.qmd >}}\n", "4: small.qmd includes itself"),
        ("{{< include sample.qmd >}}\n", "4: sample.qmd is included: it has no front matter"),
        ("{{< video a.mp4 >}}\n", "4: {{< video >}} is outside the subset"),
        ("{{< meta absent.cle >}}\n", "4: {{< meta absent.cle >}}: no such text"),
        ("![a](https://univ.example/a.png)\n", "4: the page holds no script and asks no host"),
        ("```{=html}\n<b>a</b>\n<script>1</script>\n```\n", "6: the page holds no script"),
    ],
)
def test_what_is_outside_the_subset_is_refused_with_its_line(project: Path, body: str, said: str):
    with pytest.raises(RenderError) as caught:
        read_report(small(project, body))
    assert any(problem.startswith(f"small.qmd:{said}") for problem in caught.value.problems), caught.value.problems


def test_the_subset_is_not_refused(project: Path):
    body = "`@x`, `{{`, a@b.fr, \\@x <!-- @todo -->\n\n```{.css .note}\n@media print {}\n```\n\n::: {.note}\n:::\n"
    assert read_report(small(project, body)).references == {}


def test_all_the_problems_of_a_report_are_said_at_once(project: Path):
    qmd = project / "small.qmd"
    qmd.write_text("---\ntitle: T\nformat: pdf\ndate: today\n---\n{{< pagebreak >}}\n```{r}\n```\n", encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        read_report(qmd)
    assert [p.split(":")[:2] for p in caught.value.problems] == [["small.qmd", n] for n in ("3", "4", "6", "7")]
    qmd.write_text("---\ntitle: T\nlang: [fr\n---\n", encoding="utf-8")
    with pytest.raises(RenderError, match=r"^small\.qmd:\d: not valid YAML"):
        read_report(qmd)


CLEAN = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<p id="a"><a href="https://x.example">x</a>
<svg><use href="#a"/><image href="data:,"/></svg><img src="data:," alt=""><style>p{fill:url(#a)}</style>"""


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ("", ""),
        ("<script>1</script>", "<script>"),
        ("<img src='https://x.example/a.png'>", "asks for a file"),
        ("<img srcset='a.png 2x'>", "asks for a file"),
        ("<link rel=stylesheet href='theme.css'>", "asks for a file"),
        ("<svg><use href='icons.svg#a'/></svg>", "asks for a file"),
        ("<style>@import 'a.css'</style>", "the style asks for a file"),
        ("<p style='background:url(//x.example/a)'>", "the style asks for a file"),
        ("<p onclick='x()'>", "is a script"),
        ("<a href='javascript:x()'>", "is a script"),
        ("<p id='a'>", "used twice"),
        ("<p>Voir ?@fig-a</p>", "unresolved ?@fig-a"),
        ("<p>?meta:titre</p>", "unresolved ?meta:titre"),
    ],
)
def test_page_faults(added: str, fault: str):
    faults = page_faults(CLEAN + added)
    assert len(faults) == (1 if fault else 0) and fault in "".join(faults)


def test_a_page_without_a_policy_is_refused():
    assert page_faults("<p>x</p>") == ["no Content-Security-Policy that starts from default-src 'none'"]


FAKE_QUARTO = """#!{python}
import json, os, pathlib, sys
if sys.argv[1:] == ["--version"]:
    print(os.environ.get("FAKE_VERSION", "1.10.3")); sys.exit()
source = pathlib.Path(sys.argv[2])
options = dict(zip(sys.argv[3::2], sys.argv[4::2]))
params = options.pop("--execute-params", None)
seen = dict(cwd=os.getcwd(), source=source.read_text(), options=options, env=dict(os.environ),
            params=params and json.loads(pathlib.Path(params).read_text()), files=sorted(os.listdir()))
pathlib.Path(os.environ["SEEN"]).write_text(json.dumps(seen))
if "FAKE_FAILURE" in os.environ:
    sys.stderr.write(os.environ["FAKE_FAILURE"]); sys.exit(1)
if "FAKE_PAGE" in os.environ:
    page = pathlib.Path(options["--output-dir"]) / options["--output"]
    page.parent.mkdir(); page.write_text(os.environ["FAKE_PAGE"])
"""
QUARTO_PAGE = (
    CLEAN
    + """<div id="0a1b2c3d" class="cell"></div><div id="ffff0000" class="cell x"></div>
<p class="renderer"></p><p>1 200&nbsp;h</p>"""
)


@pytest.fixture
def fake_quarto(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH starts with a stand-in for the quarto command."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "quarto"
    command.write_text(FAKE_QUARTO.replace("{python}", sys.executable), encoding="utf-8")
    command.chmod(0o755)
    return {"PATH": str(folder), "QUARTO_PATH": "", "SEEN": str(tmp_path / "seen.json"), "BILAN_LAKE": "somewhere"}


def test_quarto_on_the_path_makes_the_page(project: Path, tmp_path: Path, fake_quarto: dict[str, str]):
    env = fake_quarto | {"FAKE_PAGE": QUARTO_PAGE}
    out = tmp_path / "site" / "sample.html"
    given: dict[str, Any] = {"params": {"factor": 2}, "metadata": {"lang": "en"}}
    assert render_report(project / "sample.qmd", out, env=env, **given) == "quarto"
    seen = json.loads((tmp_path / "seen.json").read_text("utf-8"))
    assert seen["options"] == {"--to": "html", "--output": "page.html", "--output-dir": "_out"}
    assert seen["params"] == {"factor": 2}
    assert seen["files"] == FILES
    assert Path(seen["cwd"]) != project and not Path(seen["cwd"]).exists()
    assert (seen["env"]["BILAN_LAKE"], seen["env"]["QUARTO_PYTHON"]) == ("somewhere", sys.executable)
    head, body = seen["source"].removeprefix("---\n").split("\n---\n", 1)
    assert json.loads(head)["lang"] == "en" and json.loads(head)["toc-title"] == "Contents"
    assert json.loads(head)["title"] == "Bilan d’essai" and body == SAMPLE.split("\n---\n", 1)[1]
    first = out.read_bytes()
    assert b"Page made by Quarto (1.10.3)" in first and b"1 200&nbsp;h" in first
    env["FAKE_PAGE"] = QUARTO_PAGE.replace("0a1b2c3d", "deadbeef").replace("ffff0000", "00000000")
    render_report(project / "sample.qmd", out, env=env, **given)
    assert out.read_bytes() == first


TRACEBACK = """\x1b[31mCell In[4], line 2\x1b[0m
      1 import sys
----> 2 \x1b[33mprint\x1b[0m("noise", file=sys.stderr)
ValueError: lac absent
"""


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ({"FAKE_FAILURE": TRACEBACK}, "sample.qmd:49: ValueError: lac absent"),
        ({"FAKE_FAILURE": "ERROR: no Python"}, "sample.qmd: Quarto: ERROR: no Python"),
        ({}, "sample.qmd: Quarto: Quarto wrote no page"),
        ({"FAKE_PAGE": QUARTO_PAGE + "?@fig-rien"}, "sample.qmd: the page: unresolved ?@fig-rien"),
        ({"FAKE_PAGE": CLEAN}, 'no <p class="renderer"></p>'),
    ],
)
def test_what_quarto_gets_wrong_leaves_the_page_there_was(
    project: Path, tmp_path: Path, fake_quarto: dict[str, str], added: dict[str, str], said: str
):
    out = tmp_path / "page.html"
    out.write_text("the page there was", encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        render_report(project / "sample.qmd", out, env=fake_quarto | added)
    assert said in str(caught.value)
    assert out.read_text("utf-8") == "the page there was"


def test_which_quarto_is_taken(tmp_path: Path, fake_quarto: dict[str, str], caplog: pytest.LogCaptureFixture):
    command = str(tmp_path / "bin" / "quarto")
    assert find_quarto(fake_quarto) == (command, "1.10.3")
    assert find_quarto(fake_quarto | {"PATH": "", "QUARTO_PATH": command}) == (command, "1.10.3")
    assert find_quarto(fake_quarto | {"FAKE_VERSION": "1.7.34"}) is None
    assert "is version 1.7.34, and 1.8 or later is needed" in caplog.text
    with pytest.raises(RenderError, match=r"QUARTO_PATH: .* is version unknown"):
        find_quarto(fake_quarto | {"QUARTO_PATH": str(tmp_path / "absent")})


def test_quarto_asked_for_and_absent(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipelines.publish.render.find_quarto", lambda env: None)
    with pytest.raises(RenderError, match="Quarto was asked for"):
        render_report(project / "sample.qmd", tmp_path / "page.html", env={}, renderer="quarto")
