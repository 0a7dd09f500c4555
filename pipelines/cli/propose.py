"""`bilan propose`: the proposals made again."""

import sys
from pathlib import Path

import click

from pipelines.cli._shared import OUT, STUDY_DIR, refusals, show


@click.command()
@STUDY_DIR
@OUT
@click.option("--explain", is_flag=True, help="Every line of the rule, each input against its limit.")
def command(study_dir: Path, out: Path | None, explain: bool) -> None:
    """Make the proposals again from the published tables alone; exit 1 if they differ from what is published."""
    from pipelines.defs.propose import propose_again

    with refusals():
        found = propose_again(study_dir, out, explain=explain)
    for line in found.lines:
        click.echo(line)
    if found.different:
        show([f"{key}: what is published is not what the rule gives on the published tables. Run the study again."
               for key in found.different])  # fmt: skip
        sys.exit(1)
    click.echo("What is published is what the rule gives on the published tables.")
