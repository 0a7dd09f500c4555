"""When it runs: a job, every Monday, and whenever a file of the study folder changes."""

import hashlib
from pathlib import Path

import dagster as dg

from pipelines.defs.resources import StudyResource

JOB = dg.define_asset_job("bilan", selection=dg.AssetSelection.all(), description="From the exports to the page.")


def fingerprint(folder: Path) -> str:
    """sha256 of every file of a folder, names included: a file saved again unchanged starts nothing."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith((".", "~$"))):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@dg.sensor(job=JOB, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.STOPPED)
def study_folder(context: dg.SensorEvaluationContext, study: StudyResource) -> dg.SensorResult | dg.SkipReason:
    """Run again when the content of the study folder changes."""
    found = fingerprint(study.folder)
    if found == context.cursor:
        return dg.SkipReason("The study folder has not changed.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=found)], cursor=found)


@dg.definitions
def defs() -> dg.Definitions:
    """The job, its weekly schedule (off until switched on in the UI) and the sensor."""
    weekly = dg.ScheduleDefinition(
        name="every_monday", job=JOB, cron_schedule="0 6 * * 1", execution_timezone="Europe/Paris",
        description="After the week's last exports.",
    )  # fmt: skip
    return dg.Definitions(jobs=[JOB], schedules=[weekly], sensors=[study_folder])
