"""`make bench`: a questionnaire of 200,000 responses to 57 questions, from the LimeSurvey export to the clean answers.

Labels under quoted headings, as LimeSurvey writes them, then codes. Printed, never asserted.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

RESPONSES, QUESTIONS = 200_000, 57  # with number, date and code: 60 columns
LABELS = ["Pas du tout d'accord", "Plutôt pas d'accord", "Ni d'accord ni pas d'accord", "Plutôt d'accord",
          "Tout à fait d'accord"]  # fmt: skip
_STUDY = """\
study: banc
title: Banc d'essai
organisation: Université de démonstration
fictional: true
public_pseudonym_key: true
calendar: {measurement_start: 2026-02-02, measurement_end: 2026-06-29, as_of: 2026-07-03}
registers: {teams: teams.csv, people_survey: people.csv}
waves: [{wave: T0, label: T0, role: single, opens: 2026-02-02, closes: 2026-02-15}]
sources:
  - {id: enquete, format: limesurvey, files: [export.csv], wave: T0, person: CODE}
instruments: {items: [ITEMS]}
"""


def write_study(folder: Path, *, labels: bool, responses: int = RESPONSES) -> None:
    """A study whose one questionnaire has that many responses, answered in full text or in codes."""
    folder.mkdir(parents=True, exist_ok=True)
    answers = ", ".join(f'{{code: "{i + 1}", label: "{label}", value: {i + 1}}}' for i, label in enumerate(LABELS))
    items = ", ".join(f"{{item: Q{i:02}, text: Q{i:02}, answers: [{answers}]}}" for i in range(QUESTIONS))
    (folder / "study.yaml").write_text(_STUDY.replace("ITEMS", items), encoding="utf-8")
    (folder / "teams.csv").write_text(
        "team;label;service;family;headcount\n" + "".join(f"E{i};Équipe {i};s;f;9\n" for i in range(30)), "utf-8")
    (folder / "people.csv").write_text(
        "code;team;role\n" + "".join(f"C{i:06};E{i % 30};agent\n" for i in range(responses)), "utf-8")
    draw = np.random.default_rng(1)
    words = pl.Series(LABELS if labels else [str(i + 1) for i in range(len(LABELS))])
    export = pl.DataFrame({
        "id": np.arange(responses) + 1, "submitdate": ["2026-02-03 10:00:00"] * responses,
        "CODE": [f"C{i:06}" for i in range(responses)],
        **{f"Q{i:02}": words.gather(draw.integers(0, words.len(), responses)) for i in range(QUESTIONS)},
    })  # fmt: skip
    text = export.write_csv(quote_style="always", line_terminator="\r\n")
    (folder / "export.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())


def ingest(folder: Path) -> None:
    """From the export to clean.responses; `folder/said` tells the seconds this takes once the registers are read."""
    from pipelines.clean.ingest import read_surveys
    from pipelines.clean.pseudonyms import load_keys
    from pipelines.clean.registers import read_registers
    from pipelines.clean.responses import build_responses
    from pipelines.study.load import load_study

    loaded = load_study(folder)
    registers = read_registers(loaded, load_keys(loaded))
    started = time.perf_counter()
    raw = read_surveys(loaded, registers)
    read = time.perf_counter()
    clean = build_responses(raw.tables["limesurvey"], registers, loaded)
    done = time.perf_counter()
    assert not raw.problems and not clean.problems, [*raw.problems, *clean.problems][:3]
    said = f"{clean.responses.height:,} answers: read {read - started:.2f} s, cleaned {done - read:.2f} s"
    (folder / "said").write_text(f"{said}, {done - started:.2f} s in all (target: under 3)", encoding="utf-8")


def main() -> None:
    """Print seconds and peak memory, each way in a process of its own."""
    from tests.bench import run

    for what in ("labels", "codes"):
        with tempfile.TemporaryDirectory() as name:
            write_study(Path(name), labels=what == "labels")
            size = (Path(name) / "export.csv").stat().st_size / 1e6
            code = f"from pathlib import Path; from tests import bench_survey as b; b.ingest(Path({name!r}))"
            _, memory = run([sys.executable, "-c", code], watch=True)
            said = (Path(name) / "said").read_text("utf-8")
            print(f"{RESPONSES:,} responses in {what}, {size:,.0f} MB. {said}; peak {memory:,.0f} MB")


if __name__ == "__main__":
    main()
