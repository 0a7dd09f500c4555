"""Internal tables -> published tables that carry no person: settings, labels, accounts, incidents, fingerprints."""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import polars as pl

from pipelines.contracts import table
from pipelines.decisions.characteristics import of_rule
from pipelines.decisions.proposals import RULE, propose
from pipelines.disclosure import disclose_distributions, disclose_estimates, disclose_participation
from pipelines.disclosure.linking import disclose_linking
from pipelines.indicators.base import discover
from pipelines.study.corrections import CORRECTIONS_FILE
from pipelines.study.evaluations import evaluations
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Study

INTERNAL = ("clean.teams", "clean.tools", "clean.processes", "clean.deployments", "clean.recommendations",
            "clean.incidents", "clean.actions", "clean.decisions", "clean.accounts", "clean.corrections",
            "clean.linking", "clean.rejected_time", "clean.rejected_responses", "clean.rejected_registers",
            "clean.flagged", "raw.files", "indicators.decisions", "indicators.distributions",
            "indicators.participation")  # fmt: skip
# Parts of the study file that say how to read the exports; pages print none of them.
_NOT_PRINTED = ("sources", "registers", "instruments", "proposals")

_FORM_OF_ROLE = {"baseline": "T0", "pulse": "PULSE", "end": "T1"}  # the house's questionnaire for a wave of that role


def published_tables(loaded: LoadedStudy, tables: Mapping[str, pl.DataFrame], lock: Path) -> dict[str, pl.DataFrame]:
    """Every published table, by qualified name, from `tables` (those of INTERNAL)."""
    study = loaded.study
    frames = {
        "estimates": disclose_estimates(tables["indicators.decisions"], study),
        "distributions": disclose_distributions(tables["indicators.distributions"], study),
        "participation": disclose_participation(tables["indicators.participation"], study),
        "linking": disclose_linking(tables["clean.linking"], study),
        "teams": _teams(tables["clean.teams"], tables["clean.deployments"], study),
        "tools": tables["clean.tools"],
        "processes": tables["clean.processes"],
        "deployments": tables["clean.deployments"],
        "recommendations": tables["clean.recommendations"],
        "accounts": _accounts(tables["clean.accounts"]),
        "set_aside": _set_aside(tables),
        "corrections": _corrections(tables["clean.corrections"]),
        "incidents": _incidents(tables["clean.incidents"]),
        "actions": tables["clean.actions"],
        "decisions": tables["clean.decisions"],
        "codebook": _codebook(tables["indicators.decisions"]),
        "characteristics": of_rule(study.proposals),
        "asked": _asked(study),
        "study": pl.DataFrame(list(_settings(study)), schema=["setting", "value"], orient="row"),
        "evaluations": pl.DataFrame(evaluations(study.language), infer_schema_length=None),
        "provenance": _provenance(loaded, tables["raw.files"], lock),
    }
    done = {name: table(f"published.{name}").conform(frame) for name, frame in frames.items()}
    done["proposals"] = propose(done)
    return {f"published.{name}": frame for name, frame in done.items()}


def _codebook(estimates: pl.DataFrame) -> pl.DataFrame:
    """Every indicator of the code and every estimand of the study. Names only: no value of an estimate enters here."""
    said = [(name, module.INDICATOR.description) for name, module in discover().items()]
    described = pl.DataFrame(said, schema={"indicator": pl.String, "description": pl.String}, orient="row")

    def listed(column: str) -> pl.Expr:
        return pl.col(column).drop_nulls().unique().sort().str.join(", ")

    return estimates.group_by("indicator", "estimand", "unit", "direction").agg(
        listed("scope").alias("scopes"), listed("model_id").alias("models")
    ).join(described, on="indicator", how="full", coalesce=True)  # fmt: skip


def _teams(teams: pl.DataFrame, deployments: pl.DataFrame, study: Study) -> pl.DataFrame:
    live = deployments.group_by("team").agg(pl.col("go_live").min())
    label = pl.col("label") if study.privacy.publish_named else pl.col("family")
    return teams.join(live, on="team", how="left").select(
        "team", label.alias("label"), "family", "start_group", "go_live"
    )


def _accounts(accounts: pl.DataFrame) -> pl.DataFrame:
    counts = pl.col("received", "accepted", "set_aside", "duplicates").sum()
    return accounts.group_by("source").agg(pl.col("format").first(), pl.len().cast(pl.Int64).alias("files"), counts)


def _set_aside(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    kept = tables["clean.flagged"].with_columns(pl.lit("kept").alias("status"))
    rejected = [tables[f"clean.rejected_{kind}"] for kind in ("time", "responses", "registers")]
    told = pl.concat([rows.select("source", "rule", "status") for rows in (*rejected, kept)])
    return told.group_by("source", "rule", "status").agg(pl.len().cast(pl.Int64).alias("rows"))


def _corrections(corrections: pl.DataFrame) -> pl.DataFrame:
    return corrections.group_by("source", "source_file", "column", "reason", "date").agg(
        pl.len().cast(pl.Int64).alias("rows")
    )


def _incidents(incidents: pl.DataFrame) -> pl.DataFrame:
    return incidents.group_by("tool", "process", "kind", "severity").agg(
        pl.len().cast(pl.Int64).alias("incidents"),
        pl.col("confirmed").sum().cast(pl.Int64),
        pl.col("closed_on").is_null().sum().cast(pl.Int64).alias("open"),
        pl.col("left_service").sum().cast(pl.Int64),
        (pl.col("confirmed") & pl.col("left_service")).sum().cast(pl.Int64).alias("escaped"),
    )


def _settings(study: Study) -> Iterator[tuple[str, str | None]]:
    """(setting, value): the study file flattened, waves by their code; the rule of the proposals, as it is read again;
    the items and scales that are printed."""
    yield from _flat("", study.model_dump(mode="json", exclude=set(_NOT_PRINTED)))
    yield RULE, study.proposals.model_dump_json()
    printed = {study.satisfaction.item, *study.distributions}
    for item in study.instruments.items:
        if item.item in printed:
            yield f"item.{item.item}.text", item.text
    for scale in study.instruments.scales:
        yield f"scale.{scale.scale}.label", scale.label


def _asked(study: Study) -> pl.DataFrame:
    """The questionnaires that the waves of the study use, page by page: the questions, nothing anybody answered."""
    asks, rows = study.instruments, list[dict[str, str | None]]()
    arrays = {a.array: a.items for a in asks.arrays}
    used = {name for w in study.waves for name in (w.wave, _FORM_OF_ROLE.get(w.role))}
    for form in (f for f in asks.questionnaires if f.questionnaire in used):
        for page in form.pages:
            for code in (c for asked in page.asks for c in arrays.get(asked, (asked,))):
                if item := asks.item(code):
                    labels = " / ".join(a.label for a in item.answers)
                    rows.append({"questionnaire": form.questionnaire, "title": form.title, "page": page.title,
                                 "item": code, "text": item.text, "answers": labels or item.help or None})  # fmt: skip
    empty = {c.name: pl.String() for c in table("published.asked").columns if c.name != "rank"}
    return pl.DataFrame(rows, schema=empty).with_row_index("rank", 1).with_columns(pl.col("rank").cast(pl.Int64))


def _flat(prefix: str, value: object) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for rank, inner in enumerate(value, start=1):
            code = inner.get("wave", str(rank))
            yield from _flat(f"{prefix}.{code}", {k: v for k, v in inner.items() if k != "wave"})
    elif isinstance(value, list):
        yield prefix, ", ".join(str(v) for v in value)
    elif isinstance(value, bool):
        yield prefix, str(value).lower()
    else:
        yield prefix, None if value is None else str(value)


def _provenance(loaded: LoadedStudy, files: pl.DataFrame, lock: Path) -> pl.DataFrame:
    rows = [("input", name, digest) for name, digest in files.select("source_file", "sha256").unique().iter_rows()]
    rows.append(("study", "study.yaml", loaded.sha256))
    if loaded.corrections.sha256 is not None:
        rows.append(("study", CORRECTIONS_FILE, loaded.corrections.sha256))
    rows.append(("lock", lock.name, hashlib.sha256(lock.read_bytes()).hexdigest()))
    rows.append(("code", "pipelines", code_fingerprint()))
    rows.append(("code", "version", version("bilan")))
    rows.append(("python", "python", platform.python_version()))
    return pl.DataFrame(rows, schema=["kind", "name", "fingerprint"], orient="row")


def code_fingerprint() -> str:
    """sha256 of every file of the package that computes: the same code gives the same fingerprint on any machine."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".sql", ".yaml"):
            # A checkout on Windows may hold other line ends.
            digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()
