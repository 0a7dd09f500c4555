"""`bilan run`: the whole way, from the exports to the pages."""

import gc
import logging
from pathlib import Path

import click

from pipelines.cli._shared import OUT, STUDY_DIR, refusals


@click.command()
@STUDY_DIR
@OUT
def command(study_dir: Path, out: Path | None) -> None:
    """Read a study, compute its indicators and publish the bilan."""
    from pipelines.defs.run import run_study
    from pipelines.wording import summary_line

    logging.disable(logging.INFO)  # libraries talk; the steps below are what the analyst needs
    gc.set_threshold(200_000, 50, 50)  # a short run that imports much: collecting often is a tenth of its time
    afterwards = "Nothing was published: the last published state is untouched. `bilan check` says all that is wrong."
    with refusals(afterwards):
        summary = run_study(study_dir, out, progress=click.echo)
    click.echo()
    click.echo(
        f"Rows: {summary.received} received = {summary.accepted} accepted"
        f" + {summary.set_aside} set aside + {summary.duplicates} duplicates"
    )
    for row in summary.indicators.iter_rows(named=True):
        click.echo(f"  {summary_line(row)}")
    click.echo(f"Bilan: {summary.page}")
