"""The source of a report: a `.qmd` read into prose and cells, refused where it leaves the subset of both renderers.

Belongs here: reading, `{{< include >}}`, `{{< meta >}}`, cell options, refusals with file and line.
Does not belong here: running a cell, making HTML.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT_FILE = "_quarto.yml"
CELL_OPTIONS = {"echo", "output", "include", "label", "fig-cap", "fig-alt", "tbl-cap", "tags"}
# Keys by which a report would change how Quarto runs or renders it: the profile of _quarto.yml is the same for all.
PROFILE_KEYS = {
    "bibliography", "code-fold", "crossref", "csl", "engine", "execute", "filters", "format", "jupyter", "knitr",
    "number-sections", "theme",
}  # fmt: skip
CLASSES = re.compile(r"\{[^}]*\.(callout-\w+|panel-\w+|column-[\w-]+|content-(?:visible|hidden)|aside|fragment)\b")
SHORT_DIV = re.compile(r"^:{3,}\s*([\w-]+)\s*:*$")
LAYOUT = re.compile(r"\{[^}]*\blayout(?:-[a-z]+)?=")
FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(.*?)\s*$")
SHORTCODE = re.compile(r"\{\{<\s*(\S+)\s*(.*?)\s*>\}\}")
COMMENT = re.compile(r"<!--.*?-->")
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
REFERENCE = re.compile(r"(?<![\w.@\\/])(-?)@([A-Za-z][\w:.-]*\w)")
PREFIXED_REFERENCE = re.compile(r"\[(?!@(?:fig|tbl)-[\w-]+\])[^\]\[]*@(?:fig|tbl)-[^\]]*\]")
OUTSIDE = re.compile(
    r"<(?:script|iframe|object|embed|link|base)\b"
    r"|\bsrc(?:set)?\s*=\s*[\"']?\s*(?:https?:)?//"
    r"|!\[[^\]]*\]\(\s*(?:https?:)?//",
    re.I,
)
FLOAT_LABEL = re.compile(r"^(fig|tbl)-[\w-]+$")


class RenderError(Exception):
    """A report cannot be rendered, and no page was written. `problems` says what and where: `file:line: what`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Line:
    """One line of the source, with the file and line number it came from."""

    file: str
    number: int
    text: str

    def at(self, message: str) -> str:
        return f"{self.file}:{self.number}: {message}"


@dataclass(frozen=True)
class Cell:
    """One `{python}` cell: `head` is its opening fence, `first` the line number of the first line of `code`."""

    head: Line
    first: int
    options: dict[str, Any]
    code: str

    @property
    def label(self) -> str:
        return str(self.options.get("label") or "")


@dataclass(frozen=True)
class Report:
    """A report ready to render: prose (Markdown) and cells in order.

    `header` is its own front matter, `metadata` the same merged with the project's and the caller's, `body_at` the
    number of the line before its body. `references` gives the first line of each `@fig-x` and `@tbl-x` of the prose.
    """

    path: Path
    header: dict[str, Any]
    body_at: int
    metadata: dict[str, Any]
    profile: dict[str, Any]
    parts: list[str | Cell]
    references: dict[str, Line]

    @property
    def cells(self) -> list[Cell]:
        return [part for part in self.parts if isinstance(part, Cell)]


def read_report(path: Path, metadata: dict[str, Any] | None = None) -> Report:
    """Read a report and the project file beside it; `metadata` wins over both.

    Raises RenderError with every line that is outside the subset.
    """
    project_file = path.parent / PROJECT_FILE
    for needed in (path, project_file):
        if not needed.is_file():
            raise RenderError([f"{needed.name}: not found in {path.parent.name}/"])
    project = _mapping(project_file.name, 1, project_file.read_text(encoding="utf-8"))
    lines, problems = _lines(path, ()), list[str]()
    header, body = _split_header(lines)
    own = _mapping(path.name, 2, "\n".join(line.text for line in header))
    for key in PROFILE_KEYS & own.keys():
        problems.append(_header_line(header, key).at(f"`{key}:` belongs to {PROJECT_FILE}, not to a report"))
    if str(own.get("date", "")) in ("today", "now", "last-modified"):
        problems.append(_header_line(header, "date").at("a date read from the clock changes the page at each render"))
    shared = {k: v for k, v in project.items() if k not in ("project", "execute", "format")}
    merged = {**shared, **own, **(metadata or {})}
    reader = _Reader(merged)
    parts = list(reader.parts(body))
    problems += reader.problems
    if problems:
        raise RenderError(problems)
    html = (project.get("format") or {}).get("html") or {}
    profile = {**html, "execute": project.get("execute") or {}}
    return Report(path, own, len(lines) - len(body), merged, profile, parts, reader.references)


class _Reader:
    """One pass over the lines of the body; gathers problems instead of stopping at the first."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        self.metadata = metadata
        self.problems: list[str] = []
        self.references: dict[str, Line] = {}
        self.labels: set[str] = set()

    def parts(self, lines: list[Line]) -> Iterator[str | Cell]:
        prose: list[str] = []
        index = 0
        while index < len(lines):
            line = lines[index]
            fence = FENCE.match(line.text)
            if not fence:
                prose.append(self._prose(line))
                index += 1
                continue
            end = _closing(lines, index, fence[2])
            block = lines[index : end + 1]
            if end == len(lines):
                self.problems.append(line.at("this block is never closed"))
            if (info := fence[3]).startswith("{python"):
                yield "\n".join(prose)
                prose = []
                yield self._cell(block, info, fence[1])
            else:
                self._check_block(block, info)
                prose += [x.text for x in block]
            index = end + 1
        yield "\n".join(prose)

    def _check_block(self, block: list[Line], info: str) -> None:
        if re.match(r"\{\{?\w", info):
            self.problems.append(block[0].at(f"only {{python}} cells run here, not {info}"))
        elif info.replace(" ", "") == "{=html}":
            for line in block[1:-1]:
                self._refuse_outside(line, line.text)

    def _refuse_outside(self, line: Line, text: str) -> None:
        if found := OUTSIDE.search(text):
            self.problems.append(line.at(f"the page holds no script and asks no host for anything: {found[0]!r}"))

    def _prose(self, line: Line) -> str:
        bare = COMMENT.sub("", INLINE_CODE.sub("", line.text))
        self._refuse_outside(line, bare)
        if re.search(r"`\{?(python|r)\b\}? ", line.text):
            self.problems.append(line.at("code inside a line is outside the subset: use a cell, or {{< meta >}}"))
        for refused in CLASSES.findall(SHORT_DIV.sub(r"{.\1}", bare)):
            self.problems.append(line.at(f".{refused} is outside the subset: use a plain class of the stylesheet"))
        if LAYOUT.search(bare):
            self.problems.append(line.at("layout attributes are outside the subset"))
        for minus, key in REFERENCE.findall(bare):
            if minus or not FLOAT_LABEL.match(key):
                self.problems.append(line.at(f"@{key}: only @fig-… and @tbl-… are references (a plain @ is \\@)"))
            self.references.setdefault(key, line)
        if PREFIXED_REFERENCE.search(bare):
            self.problems.append(line.at("a reference stands alone in its brackets: write the words outside"))
        return SHORTCODE.sub(lambda found: self._shortcode(line, found[1], found[2]), line.text)

    def _shortcode(self, line: Line, name: str, argument: str) -> str:
        if name != "meta":
            why = "stands alone on its line" if name == "include" else "is outside the subset"
            self.problems.append(line.at(f"{{{{< {name} >}}}} {why}"))
            return ""
        value: Any = self.metadata
        for key in argument.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or isinstance(value, dict | list):
            self.problems.append(line.at(f"{{{{< meta {argument} >}}}}: no such text in the metadata"))
        return str(value)

    def _cell(self, block: list[Line], info: str, indent: str) -> Cell:
        head = block[0]
        if info != "{python}" or indent:
            self.problems.append(head.at("a cell opens with ```{python} at the start of its line, options in #| lines"))
        inside = block[1:-1] if len(block) > 1 else []
        written = 0
        while written < len(inside) and inside[written].text.startswith("#|"):
            written += 1
        try:
            options_yaml = "\n".join(x.text[2:].removeprefix(" ") for x in inside[:written])
            options = _mapping(head.file, head.number + 1, options_yaml)
        except RenderError as error:
            options = {}
            self.problems += error.problems
        code = inside[written:]
        cell = Cell(head, head.number + 1 + written, options, "\n".join(x.text for x in code))
        self.problems += [head.at(problem) for problem in self._faults(cell)]
        return cell

    def _faults(self, cell: Cell) -> Iterator[str]:
        for option in cell.options:
            if option not in CELL_OPTIONS:
                yield f"`#| {option}:` is outside the subset ({', '.join(sorted(CELL_OPTIONS))})"
        kind = cell.label[:3] if FLOAT_LABEL.match(cell.label) else ""
        if cell.options.get("output", True) not in (True, False, "asis"):
            yield "`#| output:` is true, false or asis"
        for prefix in ("fig", "tbl"):
            if f"{prefix}-cap" in cell.options and kind != prefix:
                yield f"`#| {prefix}-cap:` needs a label that starts with {prefix}-"
        if kind and not cell.options.get(f"{kind}-cap"):
            yield f"`#| label: {cell.label}` needs `#| {kind}-cap:`"
        if kind and cell.options.get("output") == "asis":
            # Quarto drops the label of a cell that prints its output.
            yield f"{cell.label} with `output: asis`: return Markdown, or print the ::: {{#{cell.label}}} block"
        if cell.label and cell.label in self.labels:
            yield f"the label {cell.label} is used twice"
        self.labels.add(cell.label)


def _closing(lines: list[Line], start: int, marks: str) -> int:
    """Index of the line that closes the block opened at `start`, or the number of lines."""
    closing = re.compile(rf"^\s*{re.escape(marks[0])}{{{len(marks)},}}\s*$")
    found = (i for i in range(start + 1, len(lines)) if closing.match(lines[i].text))
    return next(found, len(lines))


def _lines(path: Path, above: tuple[Path, ...]) -> list[Line]:
    """Lines of a file, each `{{< include x >}}` replaced by the lines of x (a path from the including file)."""
    found: list[Line] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        line = Line(path.name, number, text.rstrip("\r"))
        shortcode = SHORTCODE.fullmatch(line.text.strip())
        if not shortcode or shortcode[1] != "include":
            found.append(line)
            continue
        target = path.parent / shortcode[2]
        if not target.is_file():
            raise RenderError([line.at(f"{shortcode[2]} does not exist")])
        if target in (*above, path):
            raise RenderError([line.at(f"{shortcode[2]} includes itself")])
        included = _lines(target, (*above, path))
        if included[0].text.strip() == "---":
            raise RenderError([line.at(f"{shortcode[2]} is included: it has no front matter")])
        found += included
    return found


def _split_header(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    if lines[0].text.strip() != "---":
        return [], lines
    end = next((i for i in range(1, len(lines)) if lines[i].text.strip() in ("---", "...")), 0)
    if not end:
        raise RenderError([lines[0].at("the front matter is never closed")])
    return lines[1:end], lines[end + 1 :]


def _header_line(header: list[Line], key: str) -> Line:
    return next((line for line in header if re.match(rf"[\"']?{re.escape(key)}[\"']?\s*:", line.text)), header[0])


def _mapping(file: str, first_line: int, text: str) -> dict[str, Any]:
    """A YAML mapping, or RenderError with the line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    try:
        value = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise RenderError([f"{file}:{line}: not valid YAML ({error.problem})"]) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RenderError([f"{file}:{first_line}: `key: value` lines are expected here"])
    return {str(key): content for key, content in value.items()}
