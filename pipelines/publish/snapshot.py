"""Published tables -> the files handed over: read-only lake, Parquet, CSV, manifest. Prepared aside, then released."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from pipelines.charts.context import Page
from pipelines.lake import CURRENT, content_hash, point_to, publish_lake
from pipelines.publish.open_tables import FOLDER as OPEN
from pipelines.publish.open_tables import PACKAGE, data_package, inert, write_open

MANIFEST = "manifest.json"
TABLES = "tables"


def write_snapshot(folder: Path, frames: Mapping[str, pl.DataFrame]) -> str:
    """Write the published tables (qualified name -> frame) as a whole new folder. Returns the digest of their content.

    The manifest names no clock time and no absolute path, and hashes no table that is not published: counts under
    the threshold could be found again by trying.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / TABLES).mkdir(parents=True)
    own = {name: content_hash(frame) for name, frame in sorted(frames.items())}
    digest = hashlib.sha256(json.dumps(own).encode()).hexdigest()
    short = {name.removeprefix("published."): frame for name, frame in frames.items()}
    digests = {}
    for name, frame in short.items():
        frame.write_parquet(folder / TABLES / f"{name}.parquet", compression="zstd", metadata={})
        data = inert(frame).write_csv().encode()
        (folder / TABLES / f"{name}.csv").write_bytes(data)
        digests[name] = (len(data), hashlib.sha256(data).hexdigest())
    (folder / TABLES / PACKAGE).write_text(data_package(Page(short), digests), encoding="utf-8", newline="\n")
    write_open(folder / OPEN, short)
    lake = publish_lake(folder, frames, digest)
    manifest = {
        "content": digest,
        "lake": lake.name,
        "fingerprints": frames["published.provenance"].to_dicts(),
        "accounts": frames["published.accounts"].to_dicts(),
        "tables": {name: {"rows": frame.height, "content": own[name]} for name, frame in sorted(frames.items())},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    point_to(folder, lake, digest)
    return digest


def write_hashes(path: Path, hashes: Mapping[str, tuple[int, str]]) -> None:
    """(rows, content hash) of the tables that are not published, for whoever may see them: a second run is compared
    with the first on these."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {name: {"rows": rows, "content": content} for name, (rows, content) in sorted(hashes.items())}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def release(prepared: Path, pages: Sequence[Path], published: Path, site: Path) -> list[Path]:
    """Move a prepared snapshot and its pages to where readers look; the pointer last. Returns the pages' final paths.

    A run that dies before this leaves the last published state whole; readers of the older lake keep it.
    """
    published.mkdir(parents=True, exist_ok=True)
    site.mkdir(parents=True, exist_ok=True)
    pointer = json.loads((prepared / CURRENT).read_text("utf-8"))
    lake = published / pointer["lake"]
    if not lake.is_file():
        _replace(prepared / lake.name, lake)
    for part in (TABLES, OPEN):
        (published / part).mkdir(exist_ok=True)
        names = {p.name for p in (prepared / part).iterdir()}
        for old in (p for p in (published / part).iterdir() if p.name not in names):
            old.unlink()
        for path in sorted((prepared / part).iterdir()):
            _replace(path, published / part / path.name)
    _replace(prepared / MANIFEST, published / MANIFEST)
    for page in pages:
        _replace(page, site / page.name)
    point_to(published, lake, pointer["content"])
    return [site / page.name for page in pages]


def _replace(path: Path, target: Path) -> None:
    half = target.with_name(f".{target.name}.part")
    shutil.copyfile(path, half)
    half.replace(target)
