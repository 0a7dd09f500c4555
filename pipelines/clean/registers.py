"""The registers of a study -> clean tables, each row accounted for; people are known by pseudonym from here on.

What a row must hold is read from the contracts (types, allowed values, bounds, references, keys); only people and
training need code of their own, because their files name people and their tables do not.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import polars as pl

from pipelines.clean import corrections
from pipelines.clean.pseudonyms import Keys, code_key, normalise, pseudonymise
from pipelines.contracts import table
from pipelines.contracts.base import Column
from pipelines.contracts.proposals import PAIR
from pipelines.contracts.rules import Problem
from pipelines.sources.base import SourceError
from pipelines.sources.choices import SHOWN_CHARACTERS
from pipelines.sources.registers import read_register
from pipelines.sources.text import SOURCE_ROW, TextTable
from pipelines.sources.time_rows import Rules, first_rule
from pipelines.sources.values import number, text, to_date, yes_no
from pipelines.study.load import LoadedStudy

# In this order: a register only refers to those before it.
NAMES = ("teams", "tools", "processes", "people_time", "people_survey", "deployments", "training",
         "checked_samples", "incidents", "recommendations", "actions", "decisions")  # fmt: skip
# Columns that name a person; the first one filled in is what the pseudonym is made from.
IDENTIFIERS: dict[str, tuple[str, ...]] = {
    "people_time": ("email", "sheet_code", "tracker_user", "name"),
    "people_survey": ("code",),
    "training": ("email", "sheet_code", "tracker_user", "name"),
}
_PERSON = {"people_time": "person_time", "people_survey": "person_survey"}
_SPELLING = {"people_time": normalise, "people_survey": code_key}
# Columns of the table that its file does not have.
_DERIVED = {"person_time", "person_survey", "week", "source_file", "source_row"}
_ADDRESS = re.compile(r"\S@\S|\b\d{1,3}(?:\.\d{1,3}){3}\b")  # of a person, of a machine
_TELLING = 5  # characters of an identifier that names somebody wherever it stands
_ACCEPTED_SCHEMA: dict[str, pl.DataType] = {"source": pl.String(), "source_file": pl.String(), "rows": pl.Int64()}


@dataclass(frozen=True)
class Registers:
    """The registers as read.

    `tables`: teams, people_time, people_survey, tools, processes, deployments, training, checked_samples, incidents,
    recommendations, actions, decisions, each honours clean.<name>, empty when the study has none. `rejected`: rows set
    aside, as raw.rejected.
    `received`: [source, source_file, format, sha256, received]; `accepted`: [source, source_file, rows]; the source is
    the register's name. `problems`: faults of a whole file, identifiers that two people claim, corrections that fail.
    `unread`: registers that could not be read. `survey_key`: for respondents whose code no register holds.
    `time_identities` [identifier, person_time] and `survey_identities` [identifier, person_survey]: normalised
    identifiers, unique. They are the only frames that hold identities and must never be stored.
    """

    tables: dict[str, pl.DataFrame]
    rejected: pl.DataFrame
    received: pl.DataFrame
    accepted: pl.DataFrame
    problems: list[Problem]
    time_identities: pl.DataFrame
    survey_identities: pl.DataFrame
    unread: frozenset[str] = frozenset()
    survey_key: bytes = field(default=b"", repr=False)

    def shown(self, text: str) -> str:
        """How a message may quote a cell of the exports: its first characters, or « ... » when it says who somebody is
        (an identifier of the registers stands in it, or an address)."""
        cell = pl.Series([text])
        said, code = normalise(cell).item(), code_key(cell).item()
        known = any(name in said for name in self._names) or any(name in code for name in self._codes)
        return "« ... »" if known or _ADDRESS.search(said) else repr(text[:SHOWN_CHARACTERS])

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(n for n in self.time_identities["identifier"] if len(n) >= _TELLING)

    @cached_property
    def _codes(self) -> tuple[str, ...]:
        return tuple(n for n in self.survey_identities["identifier"] if len(n) >= _TELLING)


def read_registers(loaded: LoadedStudy, keys: Keys) -> Registers:
    """Read every register that study.yaml names. Faults become rejected rows or problems, never exceptions."""
    tables = {name: table(f"clean.{name}").empty() for name in NAMES}
    identities = {name: _no_identities(person) for name, person in _PERSON.items()}
    rejected = [table("raw.rejected").empty()]
    received: list[dict[str, object]] = []
    problems: list[Problem] = []
    unread: set[str] = set()
    gates = [line.line for line in loaded.study.proposals.lines if line.gate]
    for name in NAMES:
        file = getattr(loaded.study.registers, name)
        if file is None:
            continue
        data = _bytes(loaded.root / file)
        found, faults = _open(data, file, name)
        problems += faults
        if data is None or found is None:
            unread.add(name)
            continue
        corrected, outcomes = corrections.apply(
            found.frame, loaded.corrections.of(file), barred=IDENTIFIERS.get(name, ()))  # fmt: skip
        found = replace(found, frame=corrected)
        problems += corrections.problems(outcomes)
        typed, wrong = _typed(found.frame, name)
        if name in _PERSON:
            typed = _pseudonyms(typed, name, keys)
        elif name == "training":
            typed = _attendance(typed, identities["people_time"], tables["people_time"])
        known = {n: frame for n, frame in tables.items() if n not in unread}
        rows = _judged(typed, wrong, name, known, gates)
        kept = rows.filter(pl.col("rule").is_null()).with_columns(pl.lit(file).alias("source_file"))
        if name in _PERSON:
            identities[name], claims = _identities(kept, name, file)
            problems += claims
        contract = table(f"clean.{name}")
        tables[name] = contract.conform(kept.select(c.name for c in contract.columns if c.name in kept.columns))
        rejected.append(_rejected(rows, found, name, file))
        received.append({
            "source": name, "source_file": file, "format": "xlsx" if found.encoding == "xlsx" else "csv",
            "sha256": hashlib.sha256(data).hexdigest(), "received": found.received,
        })  # fmt: skip
    accepted = [(str(r["source"]), str(r["source_file"]), tables[str(r["source"])].height) for r in received]
    return Registers(
        tables=tables,
        rejected=table("raw.rejected").conform(pl.concat(rejected)),
        received=pl.DataFrame(received, schema=table("raw.files").polars_schema),
        accepted=pl.DataFrame(accepted, schema=_ACCEPTED_SCHEMA, orient="row"),
        problems=problems,
        time_identities=identities["people_time"],
        survey_identities=identities["people_survey"],
        unread=frozenset(unread),
        survey_key=keys.survey,
    )


def _columns(name: str) -> list[Column]:
    """The contract's columns that the file itself holds."""
    derived = _DERIVED | ({"team"} if name == "training" else set())
    return [c for c in table(f"clean.{name}").columns if c.name not in derived]


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _open(data: bytes | None, file: str, name: str) -> tuple[TextTable | None, list[Problem]]:
    """The file's table, or None and what is wrong with it."""
    if data is None:
        return None, [Problem("missing_file", file, f"There is no such file (register {name}).",
                              "Put it there, or correct `registers:` in study.yaml.")]  # fmt: skip
    columns, people = _columns(name), IDENTIFIERS.get(name, ())
    known, needed = [c.name for c in columns], {c.name for c in columns if not c.nullable}
    dates = [c.name for c in columns if c.dtype == pl.Date]
    try:
        found = read_register(data, lambda names: needed <= names and (not people or bool(names & set(people))), dates)
    except SourceError as error:
        return None, [error.problem(file)]
    have = set(found.header)
    faults = [
        Problem("missing_column", file, f"The register lacks the column {c.name!r}: {c.description}.",
                "Add it, headed like that.", 1, c.name)
        for c in columns if not c.nullable and c.name not in have
    ]  # fmt: skip
    if people and not have & set(people):
        faults.append(Problem("missing_column", file, f"No column says who the person is: {', '.join(people)}.",
                              "Add one of them.", 1))  # fmt: skip
    for i, heading in enumerate(found.header):
        # A heading nobody knows may be a typo of one that matters, or, without a header, somebody's name: not quoted.
        if heading not in (*known, *people) or heading in found.header[:i]:
            faults.append(Problem(
                "unmapped_column", file, f"The heading of column {i + 1} is not one of this register, or is repeated.",
                f"Remove the column, or head it as one of: {', '.join((*people, *known))}.", 1))  # fmt: skip
    return (None if faults else found), faults


def _typed(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, Rules]:
    """Contract types from text, and the rules about values that are absent or cannot be read."""
    rules: list[tuple[str, str | pl.Expr | None, pl.Expr]] = []
    typed, kept = [], [c for c in IDENTIFIERS.get(name, ()) if c in frame.columns]
    for column in _columns(name):
        if column.name not in frame.columns:
            continue
        cell = text(column.name)
        value, rule = _value(cell, column)
        typed += [value.alias(column.name), cell.alias(f"{column.name} as written")]
        written, readable = pl.col(f"{column.name} as written"), pl.col(column.name).is_not_null()
        if not column.nullable:
            rules.append(("missing_value", column.name, written.is_null()))
        rules.append((rule, column.name, written.is_not_null() & ~readable))
    return frame.select(SOURCE_ROW, *(text(c).alias(c) for c in kept), *typed), rules


def _value(cell: pl.Expr, column: Column) -> tuple[pl.Expr, str]:
    """The cell in the column's type, null when it cannot be, and the rule that then applies."""
    if column.dtype == pl.Boolean:
        return yes_no(cell), "bad_value"
    if column.dtype == pl.Date:
        return to_date(cell, "dmy"), "bad_date"
    if column.dtype == pl.Float64:
        return number(cell), "bad_number"
    if column.dtype == pl.Int64:
        figure = number(cell)
        return pl.when(figure % 1 == 0).then(figure).cast(pl.Int64, strict=False), "bad_number"
    if column.allowed is not None:
        low = cell.str.to_lowercase()
        return pl.when(low.is_in(column.allowed)).then(low), "bad_value"
    return cell, "bad_value"


def _pseudonyms(rows: pl.DataFrame, name: str, keys: Keys) -> pl.DataFrame:
    people = [c for c in IDENTIFIERS[name] if c in rows.columns]
    first = _SPELLING[name](rows.select(pl.coalesce(people)).to_series())
    key = keys.time if name == "people_time" else keys.survey
    return rows.with_columns(pseudonymise(first, key).alias(_PERSON[name]), pl.lit(people[0]).alias("person column"))


def _attendance(rows: pl.DataFrame, identities: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Training rows with the person and the team instead of the identifiers."""
    given = [c for c in IDENTIFIERS["training"] if c in rows.columns]
    found = [
        normalise(rows[c]).replace_strict(
            identities["identifier"], identities["person_time"], default=None, return_dtype=pl.String)
        for c in given
    ]  # fmt: skip
    named = rows.select(pl.any_horizontal(pl.col(c).is_not_null() for c in given)).to_series()
    rows = rows.drop(given).with_columns(
        pl.select(pl.coalesce(*found)).to_series().alias("person_time"),
        named.alias("person given"),
        pl.lit(given[0]).alias("person column"),
        pl.col("date").dt.truncate("1w").alias("week"),
    )
    return rows.join(people.select("person_time", "team"), on="person_time", how="left", maintain_order="left")


def _judged(
    rows: pl.DataFrame, unreadable: Rules, name: str, known: dict[str, pl.DataFrame], gates: list[str]
) -> pl.DataFrame:
    """`rows` with `rule`, `column` and `status` of the first rule broken; later rows of one key repeat the first."""
    contract = table(f"clean.{name}")
    rules = list(unreadable)
    if name in IDENTIFIERS:
        person = pl.col(_PERSON.get(name, "person_time"))
        given = pl.col("person given") if name == "training" else person.is_not_null()
        rules.append(("missing_value", pl.col("person column"), ~given))
        if "people_time" in known:
            rules.append(("unknown_person", pl.col("person column"), person.is_null()))
    for column in _columns(name):
        value = pl.col(column.name)
        if column.name not in rows.columns:
            continue
        if column.references is not None:
            _, register, key = column.references.split(".")
            if register in known:
                rule = "unknown_team" if register == "teams" else "unknown_code"
                rules.append((rule, column.name, ~value.is_in(known[register][key].to_list())))
        rules += [("contract", column.name, value < column.minimum)] if column.minimum is not None else []
        rules += [("contract", column.name, value > column.maximum)] if column.maximum is not None else []
    if name == "deployments":  # weeks are the grain of every estimate: a tool goes live on a Monday
        rules.append(("bad_date", "go_live", pl.col("go_live").dt.weekday() != 1))
    if name == "actions":  # one that answers no gate would change nothing, and nobody would know
        rules.append(("unknown_code", "line", ~pl.col("line").is_in(gates)))
    if name == "decisions" and "deployments" in known:
        pairs = known["deployments"].select(pl.concat_str("process", "tool", separator=PAIR)).to_series().unique()
        rules.append(("unknown_code", "proposal_id", ~pl.col("proposal_id").is_in(pairs.to_list())))
    if name == "checked_samples":
        rules += [("errors_over_items", part, pl.col(part) > pl.col(whole))
                  for part, whole in (("checked", "handled"), ("wrong", "checked"))]  # fmt: skip
    rows = rows.with_columns(first_rule(rules))

    good = pl.col("rule").is_null()
    content = [c for c in rows.columns if c not in (SOURCE_ROW, "rule", "column") and not c.endswith(" as written")]
    again = good & ~pl.struct(contract.key).is_first_distinct().over(good)
    same = ~pl.struct(content).is_first_distinct().over(good)
    # The same key with other content is a contradiction: it is set aside, not counted as a repeat.
    status = pl.when(again & same).then(pl.lit("duplicate")).otherwise(pl.lit("set_aside"))
    repeated = pl.when(same).then(pl.lit("duplicate_row")).otherwise(pl.lit("conflicting_row"))
    return rows.with_columns(pl.when(again).then(repeated).otherwise("rule").alias("rule"), status.alias("status"))


def _no_identities(person: str) -> pl.DataFrame:
    return pl.DataFrame(schema={"identifier": pl.String, person: pl.String})


def _identities(kept: pl.DataFrame, name: str, file: str) -> tuple[pl.DataFrame, list[Problem]]:
    """[identifier, pseudonym] of the accepted people, and one problem per identifier that two of them claim.

    Such an identifier is looked up by nobody: a row must not be counted for the wrong person.
    """
    person = _PERSON[name]
    parts = [
        kept.select(_SPELLING[name](kept[c]).alias("identifier"), person, SOURCE_ROW, pl.lit(c).alias("column"))
        for c in IDENTIFIERS[name] if c in kept.columns
    ]  # fmt: skip
    claims = pl.concat([_no_identities(person), *parts], how="diagonal").filter(pl.col("identifier") != "")
    disputed = pl.col(person).n_unique().over("identifier") > 1
    twice = claims.filter(disputed).sort(SOURCE_ROW, "column").unique("identifier", keep="last", maintain_order=True)
    problems = [
        Problem("contract", file, "An identifier on this line belongs to someone else too.",
                "Correct it, or leave it empty for both where another column tells them apart.", line, column)
        for line, column in twice.select(SOURCE_ROW, "column").iter_rows()
    ]  # fmt: skip
    return claims.filter(~disputed).select("identifier", person).unique().sort("identifier"), problems


def _rejected(rows: pl.DataFrame, found: TextTable, name: str, file: str) -> pl.DataFrame:
    unread = found.rejected.with_columns(pl.lit("set_aside").alias("status"))
    judged = rows.filter(pl.col("rule").is_not_null()).select(unread.columns)
    where = [pl.lit(name).alias("source"), pl.lit(file).alias("source_file")]
    return pl.concat([unread, judged]).select(*where, SOURCE_ROW, "rule", "column", "status")
