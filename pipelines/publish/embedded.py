"""The embedded renderer: the cells run by nbclient in one fresh kernel, the document converted by pandoc.

The subset it renders (pipelines/publish/qmd.py refuses the rest, with file and line):

* front matter: title, subtitle, lang, date, params, toc and own metadata;
* headings, paragraphs, lists, tables, footnotes, fenced divs with classes, raw HTML blocks;
* `{{< include file.qmd >}}` alone on its line, `{{< meta x >}}`;
* `@fig-x`, `@tbl-x` and their targets: an image or a table with that identifier, a `::: {#fig-x}` block whose last
  paragraph is the caption, a cell with `label`, `fig-cap` or `tbl-cap`, and `fig-alt`;
* `{python}` cells with echo, output (true, false, asis), include, label, fig-cap, fig-alt, tbl-cap, tags; a cell tagged
  `parameters` is followed by the values given. A cell shows text, Markdown, SVG or PNG, never `text/html`.

The shapes of the HTML are those of Quarto, so that one stylesheet serves both (reports/partials/floats.lua).
"""

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.publish.qmd import Cell, RenderError, Report

CELL_TIMEOUT_SECONDS = 600
ANSI = re.compile(r"\x1b\[[0-9;]*m")
MONTHS = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
}  # fmt: skip
IMAGES = {"image/svg+xml": "svg", "image/png": "png"}


def render_embedded(
    report: Report, out_html: Path, work: Path, *, env: Mapping[str, str], params: Mapping[str, Any]
) -> str:
    """Write the page of `report` to `out_html`; return what made it. `env` is the whole environment of the cells.

    `work` is a folder for what lies between. Raises RenderError: a cell failed or shows what the subset excludes, or a
    reference refers to nothing.
    """
    outputs = _run_cells(report, work, env=env, params=params)
    pieces, number = [], 0
    for part in report.parts:
        if isinstance(part, Cell):
            number += 1
            pieces.append("\n".join(_cell_markdown(part, number, outputs[number - 1], report, work)))
        else:
            pieces.append(part)
    _pandoc(report, "\n\n".join(pieces), out_html, work)
    return f"pandoc {_pandoc_version()}"


def _run_cells(report: Report, work: Path, *, env: Mapping[str, str], params: Mapping[str, Any]) -> list[list[Any]]:
    """Outputs of each cell, all run in one kernel in the folder of the report."""
    if not report.cells:
        return []
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    # No folder to search: the kernel is the interpreter that runs the pipeline, whatever the user registered.
    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
        connection_file=str(work / "kernel.json"),
        transport="ipc" if os.name == "posix" else "tcp",
    )
    notebook = nbformat.v4.new_notebook()
    resources = {"metadata": {"path": str(report.path.parent)}}
    client = NotebookClient(
        notebook, km=manager, timeout=CELL_TIMEOUT_SECONDS, resources=resources, shutdown_kernel="immediate"
    )
    found: list[list[Any]] = []
    executed = 0
    with client.setup_kernel(env=dict(env), cleanup_kc=True):
        for cell in report.cells:
            sources = [cell.code]
            if params and "parameters" in (cell.options.get("tags") or []):
                sources.append("\n".join(f"{name} = {value!r}" for name, value in sorted(params.items())))
            for source in sources:
                notebook.cells.append(nbformat.v4.new_code_cell(source))
                executed += bool(source.strip())
                try:
                    client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1)
                except CellExecutionError as error:
                    raise RenderError([_cell_failure(cell, error, executed)]) from None
                except (CellTimeoutError, DeadKernelError) as error:
                    raise RenderError([cell.head.at(f"the cell did not end: {str(error).splitlines()[0]}")]) from None
            found.append(notebook.cells[-len(sources)].outputs)
    return found


def _cell_failure(cell: Cell, error: Any, execution: int) -> str:
    """The exception, at its line within the source of the report."""
    lines = re.findall(rf"Cell In\[{execution}\], line (\d+)", ANSI.sub("", error.traceback))
    number = cell.first + int(lines[-1]) - 1 if lines else cell.first
    # A syntax error names the file IPython made of the cell.
    message = re.sub(r" \(\d+\.py, line \d+\)$", "", " ".join(ANSI.sub("", error.evalue).split()))
    return f"{cell.head.file}:{number}: {error.ename}: {message}"


def _cell_markdown(cell: Cell, number: int, outputs: list[Any], report: Report, work: Path) -> Iterator[str]:
    """Markdown of one cell: its code if echoed, then its outputs, in the blocks Quarto puts around them."""
    defaults = report.profile["execute"]
    if cell.options.get("include", True) is False:
        return
    shows = cell.options.get("output", True)
    shown = list(_shown(cell, number, outputs, work)) if shows else []
    is_float = cell.label.startswith(("fig-", "tbl-"))
    if is_float and [kind for kind, _ in shown] != ["display"]:
        raise RenderError([cell.head.at(f"{cell.label} must show one figure or table, not {len(shown)} outputs")])
    echo = cell.options.get("echo", defaults.get("echo", True))
    if not echo and not shown:
        return
    if shows == "asis" and not echo:
        yield from (content for _, content in shown)
        return
    yield f"::: {{#cell-{cell.label} .cell}}" if cell.label else "::: {.cell}"
    if echo:
        yield _verbatim(cell.code, "{.python .cell-code}")
    for kind, content in shown:
        if shows == "asis":
            yield content
        elif is_float:
            alt = cell.options.get("fig-alt")
            attribute = f" fig-alt={_quoted(str(alt))}" if alt else ""
            caption = cell.options[f"{cell.label[:3]}-cap"]
            yield f"::: {{#{cell.label} .cell-output .cell-output-display{attribute}}}\n{content}\n\n{caption}\n:::\n"
        else:
            yield f"::: {{.cell-output .cell-output-{kind}}}\n{content}\n:::\n"
    yield ":::\n"


def _shown(cell: Cell, number: int, outputs: list[Any], work: Path) -> Iterator[tuple[str, str]]:
    """(stdout or display, Markdown) of each output. What a cell writes to stderr is for the log, not for the page."""
    printed = ""
    asis = cell.options.get("output") == "asis"
    # The kernel cuts one printed text into pieces of any size: join them first.
    for index, output in enumerate([*outputs, None], start=1):
        if output is not None and output["output_type"] == "stream":
            printed += output["text"] if output["name"] == "stdout" else ""
            continue
        if printed.strip():
            yield "stdout", printed if asis else _verbatim(printed)
        printed = ""
        if output is not None:
            yield "display", _display(cell, f"{cell.label or f'cell-{number}'}-output-{index}", output["data"], work)


def _display(cell: Cell, name: str, data: Mapping[str, Any], work: Path) -> str:
    if "text/html" in data and "text/markdown" not in data:
        # Quarto adds scripts from a CDN as soon as one cell shows text/html.
        raise RenderError([cell.head.at("a cell shows no text/html: return Markdown that holds a ```{=html} block")])
    if "text/markdown" in data:
        return str(data["text/markdown"])
    for kind, suffix in IMAGES.items():
        if kind in data:
            image = work / f"{name}.{suffix}"
            image.write_bytes(data[kind].encode() if suffix == "svg" else base64.b64decode(data[kind]))
            return f"![]({image.name})"
    if "text/plain" in data:
        return _verbatim(str(data["text/plain"]))
    raise RenderError([cell.head.at(f"a cell shows text, Markdown, SVG or PNG, not {', '.join(sorted(data))}")])


def _verbatim(text: str, info: str = "") -> str:
    marks = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 3)
    return f"{marks}{info}\n{text.rstrip()}\n{marks}\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{" ".join(escaped.split())}"'


def _pandoc(report: Report, markdown: str, out_html: Path, work: Path) -> None:
    folder, profile = report.path.parent, report.profile
    metadata = dict(report.metadata)
    if "date" in metadata:
        metadata["date"] = _long_date(metadata)
    (work / "metadata.json").write_text(json.dumps(metadata, default=str), encoding="utf-8")
    (work / "report.md").write_text(markdown, encoding="utf-8")
    command = [
        _pandoc_path(), str(work / "report.md"), "--from=markdown", "--to=html5", "--standalone", "--embed-resources",
        "--section-divs", "--mathml", "--wrap=none", "--syntax-highlighting=none", "--fail-if-warnings",
        f"--metadata-file={work / 'metadata.json'}", f"--template={folder / 'partials' / 'page.html'}",
        f"--lua-filter={folder / 'partials' / 'floats.lua'}", f"--resource-path={folder}{os.pathsep}{work}",
        f"--data-dir={work}", f"--output={out_html}",
    ]  # fmt: skip
    if report.metadata.get("toc", profile.get("toc", False)):
        command += ["--toc", f"--toc-depth={report.metadata.get('toc-depth', profile.get('toc-depth', 3))}"]
    for option in ("include-in-header", "include-before-body", "include-after-body"):
        command += [f"--{option}={folder / name}" for name in _as_list(profile.get(option))]
    styles = dict.fromkeys([*_as_list(profile.get("css")), *_as_list(report.metadata.get("css"))])
    command += [f"--css={name}" for name in styles]
    # A proxy that refuses every call: an address that slipped through fails here, it is not fetched into the page.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **nowhere}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RenderError(_pandoc_problems(report, done.stderr))


def _pandoc_problems(report: Report, stderr: str) -> list[str]:
    """What the filter or pandoc said; a reference is given the line it stands on."""
    problems = []
    for reference in re.findall(r"unresolved reference (\S+)", stderr):
        message = f"@{reference} refers to nothing"
        line = report.references.get(reference)
        problems.append(line.at(message) if line else f"{report.path.name}: {message} (written by a cell)")
    problems += [f"{report.path.name}: {found}" for found in re.findall(r"problem: (.+)", stderr)]
    return problems or [f"{report.path.name}: pandoc: {' '.join(stderr.split())}"]


def _long_date(metadata: Mapping[str, Any]) -> str:
    """A date as Quarto prints it in French and in English; anything else than YYYY-MM-DD as it was typed."""
    written, language = str(metadata["date"]), str(metadata.get("lang", "fr"))[:2]
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return written
    if language not in MONTHS:
        return written
    month = MONTHS[language][day.month - 1]
    return f"{month} {day.day}, {day.year}" if language == "en" else f"{day.day} {month} {day.year}"


def _as_list(value: Any) -> list[str]:
    return [] if value is None else [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _pandoc_path() -> str:
    import pypandoc

    return str(pypandoc.get_pandoc_path())


def _pandoc_version() -> str:
    import pypandoc

    return str(pypandoc.get_pandoc_version())
