"""Quarto: found where it may be, asked for one page, and its words turned into problems.

Belongs here: the `quarto` command. Does not belong here: what is checked on every page (render.py).
"""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.publish.qmd import RenderError, Report

LOG = logging.getLogger(__name__)
OLDEST = (1, 8)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
NOT_SOURCES = shutil.ignore_patterns("_site", "_build", ".quarto", "*_files")


def find_quarto(env: Mapping[str, str]) -> tuple[str, str] | None:
    """Command and version of Quarto: QUARTO_PATH, the PATH, or the environment `make quarto` installed it in.

    One that does not run or is too old counts as none, except in QUARTO_PATH: somebody chose it, so RenderError.
    """
    chosen = env.get("QUARTO_PATH")
    beside_python = str(Path(sys.executable).parent)
    command = chosen or shutil.which("quarto", path=f"{env.get('PATH', '')}{os.pathsep}{beside_python}")
    if not command:
        return None
    try:
        done = subprocess.run([command, "--version"], env=dict(env), capture_output=True, encoding="utf-8", check=False)
        version = done.stdout.strip()
    except OSError:
        version = ""
    if tuple(int(number) for number in re.findall(r"\d+", version)[:2]) >= OLDEST:
        return command, version
    why = f"{command} is version {version or 'unknown'}, and {'.'.join(map(str, OLDEST))} or later is needed"
    if chosen:
        raise RenderError([f"QUARTO_PATH: {why}"])
    LOG.warning("Quarto is left aside: %s", why)
    return None


def render_quarto(
    command: str,
    report: Report,
    out_html: Path,
    work: Path,
    *,
    env: Mapping[str, str],
    params: Mapping[str, Any],
    metadata: Mapping[str, Any],
) -> None:
    """Have Quarto render `report` into `out_html`. `env` is the whole environment of the cells.

    Raises RenderError with what Quarto said.
    """
    # Quarto writes beside the source: it is given a copy.
    project = work / "project"
    shutil.copytree(report.path.parent, project, ignore=NOT_SOURCES)
    if metadata:
        _write_header(project / report.path.name, report, metadata)
    asked = [command, "render", report.path.name, "--to", "html", "--output", "page.html", "--output-dir", "_out"]
    if params:
        (work / "params.yml").write_text(json.dumps(dict(params)), encoding="utf-8")
        asked += ["--execute-params", str(work / "params.yml")]
    environment = {**env, "QUARTO_PYTHON": sys.executable}
    done = subprocess.run(asked, cwd=project, env=environment, capture_output=True, encoding="utf-8", check=False)
    page = project / "_out" / "page.html"
    if done.returncode or not page.is_file():
        raise RenderError([_failure(report, ANSI.sub("", done.stdout + done.stderr))])
    shutil.move(page, out_html)


def _write_header(copy: Path, report: Report, metadata: Mapping[str, Any]) -> None:
    """The caller's metadata, put in the front matter of the copy: JSON is YAML."""
    header = json.dumps({**report.header, **metadata}, default=str, ensure_ascii=False)
    body = copy.read_text(encoding="utf-8").split("\n")[report.body_at :]
    copy.write_text("\n".join(["---", header, "---", *body]), encoding="utf-8")


def _failure(report: Report, said: str) -> str:
    """The last line of the exception, at the line of the report the traceback points to if there is one only."""
    lines = [line for line in said.splitlines() if line.strip()]
    exceptions = [line for line in lines if re.match(r"\w*(Error|Exception|Interrupt|Warning)\b", line)]
    message = (exceptions or lines or ["Quarto wrote no page"])[-1].strip()
    arrows = re.findall(r"^-+> *\d+ (.+)$", said, flags=re.M)
    for arrow in reversed(arrows):
        places = [
            f"{cell.head.file}:{cell.first + offset}"
            for cell in report.cells
            for offset, line in enumerate(cell.code.splitlines())
            if line.strip() == arrow.strip()
        ]
        if len(places) == 1:
            return f"{places[0]}: {message}"
    return f"{report.path.name}: Quarto: {message}"
