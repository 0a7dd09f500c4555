"""`bilan check`: what is wrong with the files."""

import sys
from pathlib import Path

import click

from pipelines.cli._shared import STUDY_DIR, refusals


@click.command()
@STUDY_DIR
def command(study_dir: Path) -> None:
    """Read everything, write nothing, and say what is wrong, worst first; exit 1 if a run would stop."""
    from pipelines.defs.run import check_study
    from pipelines.wording.problems import problem_lines, verdict

    with refusals():
        problems = check_study(study_dir)
    for line in (*problem_lines(problems), *([""] if problems else []), verdict(problems)):
        click.echo(line)
    sys.exit(1 if any(p.stops for p in problems) else 0)
