"""Keyed pseudonyms in two domains that nothing joins (HMAC-SHA-256, one key per domain).

The keys live outside the repository and the lake: in the folder named by the environment variable BILAN_KEYS,
else in the user's configuration folder, one file per study, readable by its owner only.
"""

import hashlib
import hmac
import json
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.sources.values import normalise
from pipelines.study.load import LoadedStudy, StudyError


@dataclass(frozen=True)
class Keys:
    """One key per domain."""

    time: bytes
    survey: bytes

    def __repr__(self) -> str:
        return "Keys(hidden)"


def code_key(codes: pl.Series) -> pl.Series:
    """Personal codes in one spelling: without case, spaces, dashes and accents. A 0 is not taken for an O."""
    plain = codes.cast(pl.String).str.normalize("NFKD").str.replace_all(r"[\p{M}\p{Pd}\s\u{2212}]+", "")
    return plain.str.to_lowercase()


def pseudonymise(values: pl.Series, key: bytes) -> pl.Series:
    """Pseudonym (16 hexadecimal characters) of each identifier; null stays null. One HMAC per distinct value."""
    clean = normalise(values)
    distinct = clean.drop_nulls().unique(maintain_order=True)
    hashed = [hmac.new(key, v.encode("utf-8"), hashlib.sha256).hexdigest()[:16] for v in distinct]
    return clean.replace_strict(distinct, pl.Series(hashed, dtype=pl.String), default=None, return_dtype=pl.String)


def keys_path(study: str) -> Path:
    """Where the keys of a study are kept."""
    folder = os.environ.get("BILAN_KEYS")
    return (Path(folder) if folder else Path.home() / ".config" / "bilan" / "keys") / f"{study}.json"


def load_keys(loaded: LoadedStudy, *, create: bool = True) -> Keys:
    """The keys of a study, created on first use. With `create` false, unsaved keys are used when there are none
    (reading only, nothing is written). Raises StudyError when the key file cannot be read."""
    study = loaded.study
    if study.public_pseudonym_key:
        time, survey = (hashlib.sha256(f"public:{study.study}:{d}".encode()).digest() for d in ("time", "survey"))
        return Keys(time, survey)
    path = keys_path(study.study)
    if path.is_file():
        try:
            stored = json.loads(path.read_text("utf-8"))
            keys = Keys(bytes.fromhex(stored["time"]), bytes.fromhex(stored["survey"]))
        except (ValueError, KeyError, TypeError):
            raise StudyError([f"{path}: this key file is damaged. Restore it from your backup; without it the "
                              "earlier pseudonyms cannot be found again."]) from None  # fmt: skip
        if min(len(keys.time), len(keys.survey)) < 32 or keys.time == keys.survey:
            raise StudyError([f"{path}: the two keys must differ and have 64 hexadecimal digits each."])
        return keys
    keys = Keys(secrets.token_bytes(32), secrets.token_bytes(32))
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"time": keys.time.hex(), "survey": keys.survey.hex()}, file)
        sys.stderr.write(
            f"New pseudonym keys written to {path}. Keep a copy in a safe place: without them a later run\n"
            "cannot link the same people, and nobody can be found again to be erased.\n"
        )
    return keys
