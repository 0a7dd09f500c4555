"""Disclosed tables, their files, the page, and the release that makes them the published state."""

from collections.abc import Iterator

import dagster as dg

from pipelines.contracts import all_tables
from pipelines.defs.resources import OWNERS, StudyResource, plural, say, spec_of, store
from pipelines.lake import ROOT, content_hash
from pipelines.publish.render import render_report
from pipelines.publish.snapshot import release, write_hashes, write_snapshot
from pipelines.publish.tables import INTERNAL, published_tables
from pipelines.wording.page import metadata, method_metadata

TABLES = [t for t in all_tables().values() if t.layer == "published"]
_FROM = {
    "estimates": ["indicators.decisions"], "distributions": ["indicators.distributions"],
    "participation": ["indicators.participation"],
    "set_aside": [n for n in INTERNAL if "rejected" in n or "flagged" in n],
    "teams": ["clean.teams", "clean.deployments"], "codebook": ["indicators.decisions"], "provenance": ["raw.files"],
    "proposals": ["indicators.decisions", *(f"clean.{n}" for n in ("tools", "processes", "deployments", "incidents",
                                                                   "actions"))],
}  # fmt: skip


def _upstream(name: str) -> list[str]:
    """What a published table is made from: what _FROM says, else the clean table of its name, if there is one."""
    own = f"clean.{name}"
    return _FROM.get(name, [own] if own in all_tables() else [])


@dg.multi_asset(specs=[spec_of(t, _upstream(t.name)) for t in TABLES])
def published(study: StudyResource) -> Iterator[dg.MaterializeResult]:
    """What may be printed: under the thresholds the row stays and every value and count in it is null."""
    frames = published_tables(study.load(), study.lake.read_all(INTERNAL), ROOT / "requirements.lock")
    yield from store(study, frames)
    hidden = (frames["published.estimates"]["disclosure_status"] == "suppressed").sum()
    say(f"Disclosed  {plural(frames['published.estimates'].height, 'estimate')}, {hidden} not published")


@dg.asset(key=["release", "snapshot"], deps=[t.qualified_name.split(".") for t in TABLES], owners=OWNERS,
          group_name="release", kinds={"duckdb", "parquet", "csv"})  # fmt: skip
def snapshot(study: StudyResource) -> dg.MaterializeResult:
    """The files handed over, prepared aside: read-only lake, Parquet and CSV tables, manifest."""
    everything = study.lake.read_all(study.lake.tables())
    frames = {t.qualified_name: everything.pop(t.qualified_name) for t in TABLES}
    hashes = {name: (frame.height, content_hash(frame)) for name, frame in everything.items()}
    hashes |= {t.qualified_name: (study.lake.count(t.qualified_name), study.places.parts.digest(t.qualified_name))
               for t in all_tables().values() if t.in_parts}  # fmt: skip
    write_hashes(study.places.restricted / "content_hashes.json", hashes)
    digest = write_snapshot(study.places.work / "next", frames)
    return dg.MaterializeResult(data_version=dg.DataVersion(digest), metadata={"content": digest})


def _render(study: StudyResource, name: str, **metadata: str) -> dg.MaterializeResult:
    """reports/<name>.qmd rendered on the prepared snapshot, aside; `metadata` wins over that of the study."""
    work = study.places.work
    page = work / "next_site" / f"{name}.html"
    renderer = render_report(
        ROOT / "reports" / f"{name}.qmd", page, env={"BILAN_LAKE": str((work / "next").resolve())}, metadata=metadata
    )
    say(f"Rendered   {page.name} ({renderer}, {page.stat().st_size / 1e6:.1f} MB)")
    return dg.MaterializeResult(metadata={"renderer": renderer, "bytes": page.stat().st_size})


def _settings(study: StudyResource) -> dict[str, str | None]:
    return dict(study.lake.read("published.study").iter_rows())


@dg.asset(key=["release", "bilan_page"], deps=[snapshot], owners=OWNERS, group_name="release", kinds={"quarto", "html"})
def bilan_page(study: StudyResource) -> dg.MaterializeResult:
    """reports/bilan.qmd rendered on the prepared snapshot: one self-contained HTML file."""
    return _render(study, "bilan", **metadata(_settings(study)))


@dg.asset(key=["release", "method_page"], deps=[snapshot], owners=OWNERS, group_name="release",
          kinds={"quarto", "html"})  # fmt: skip
def method_page(study: StudyResource) -> dg.MaterializeResult:
    """reports/methode.qmd rendered on the prepared snapshot: formulas, bench, dictionaries."""
    return _render(study, "methode", **method_metadata(_settings(study)))


@dg.asset(key=["release", "bilan"], deps=[bilan_page, method_page], owners=OWNERS, group_name="release", kinds={"html"})
def bilan(study: StudyResource) -> dg.MaterializeResult:
    """The published state: files and pages put where readers look, the pointer last."""
    where = study.places
    made = [where.work / "next_site" / name for name in ("bilan.html", "methode.html")]
    page, *_ = release(where.work / "next", made, where.published, where.site)
    say("Published")
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(page))})
