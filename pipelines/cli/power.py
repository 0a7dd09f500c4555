"""`bilan power`: what more teams would detect."""

from pathlib import Path

import click

from pipelines.cli._shared import OUT, STUDY_DIR, refusals


@click.command()
@STUDY_DIR
@OUT
def command(study_dir: Path, out: Path | None) -> None:
    """What 10, 15, 20 or 30 teams can detect, with the variances of the last run of this study."""
    from pipelines.defs.power import power_of_study

    with refusals():
        found = power_of_study(study_dir, out)
    click.echo("Smallest effect detected four times out of five, and true value from which the objective is shown:")
    for line in (*found.lines, "", found.advice, "", f"Table: {found.table}", f"Chart: {found.chart}"):
        click.echo(line)
