"""Nothing new, nothing read: the raw and clean tables of the last run stand when everything they come from is the same.

Belongs here: what they come from, and the note that says what they were made of. Does not belong here: reading.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from pipelines.clean.ingest import files_of
from pipelines.clean.ingest_time import fingerprint as fingerprint_of
from pipelines.clean.pseudonyms import Keys
from pipelines.contracts.base import Table
from pipelines.defs.resources import StudyResource, key_of
from pipelines.lake import content_hash
from pipelines.publish.tables import code_fingerprint
from pipelines.study.load import LoadedStudy

NOTE = "inputs.json"


def fingerprint(loaded: LoadedStudy, keys: Keys) -> str:
    """sha256 of all that the raw and clean tables come from: the study file, the corrections beside it, the bytes of
    every file it names, the keys (through a hash that does not give them away), the code."""
    own = hmac.new(keys.time + keys.survey, b"inputs", hashlib.sha256).hexdigest()
    said = [loaded.sha256, str(loaded.corrections.sha256), own, code_fingerprint()]
    beside = [*loaded.study.registers.model_dump().values(), *(s.structure for s in loaded.study.sources)]
    files = {name: path for s in loaded.study.sources for name, path in files_of(loaded, s)[0]}
    files |= {name: loaded.root / name for name in beside if name is not None and (loaded.root / name).is_file()}
    said += [f"{name} {fingerprint_of(path)}" for name, path in sorted(files.items())]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def same(work: Path, inputs: str) -> bool:
    """The clean tables in `work` were made of these inputs."""
    note = work / NOTE
    return note.is_file() and json.loads(note.read_text("utf-8")) == {"inputs": inputs}


def forget(work: Path) -> None:
    """From now on the tables are in the making."""
    (work / NOTE).unlink(missing_ok=True)


def remember(work: Path, inputs: str) -> None:
    """The raw and clean tables are whole, and made of these inputs."""
    (work / NOTE).write_text(json.dumps({"inputs": inputs}) + "\n", encoding="utf-8")


def as_before(study: StudyResource, contracts: Sequence[Table]) -> Iterator[dg.MaterializeResult]:
    """One result per table that stands as it is."""
    for contract in contracts:
        name = contract.qualified_name
        version = study.places.parts.digest(name) if contract.in_parts else content_hash(study.lake.read(name))
        yield dg.MaterializeResult(
            asset_key=key_of(name), data_version=dg.DataVersion(version),
            metadata={"dagster/row_count": study.lake.count(name), "study_sha256": study.load().sha256},
        )  # fmt: skip
