"""What `dg` loads: everything under pipelines/defs."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """The one graph of assets, with its checks, resources, job, schedule and sensor."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent / "defs")
