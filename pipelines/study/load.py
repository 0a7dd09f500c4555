"""Reads `study.yaml` and `corrections.yaml` and says what is wrong, on which line, and what to write instead."""

import difflib
import hashlib
import importlib.resources
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from pipelines.study.corrections import CORRECTIONS_FILE, Correction, Corrections, Declared
from pipelines.study.instruments import Instruments
from pipelines.study.models import Study

STUDY_FILE = "study.yaml"
# Parts of the instruments that a study may replace one by one -> what names them.
_CODED = {"items": "item", "scales": "scale", "arrays": "array", "questionnaires": "questionnaire"}


class StudyError(Exception):
    """The study file, or the corrections beside it, cannot be used: `problems` holds one message per fault, each with
    its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class LoadedStudy:
    """A parsed study with where it was read, the sha256 of the file, and the corrections beside it."""

    study: Study
    root: Path
    sha256: str
    corrections: Corrections = field(default_factory=Corrections)


@cache
def house_instruments() -> Instruments:
    """The house's items and scales (instruments.yaml), with the parts of boxes and points."""
    text = importlib.resources.files("pipelines.study").joinpath("instruments.yaml").read_text("utf-8")
    return Instruments.model_validate(_yaml(text)[0]).with_parts()


def load_study(root: Path) -> LoadedStudy:
    """Read `root/study.yaml`, and `root/corrections.yaml` if there is one. Raises StudyError, one line per fault:
    `study.yaml, line 12: ...`."""
    path = root / STUDY_FILE
    if not path.is_file():
        advice = f"Give the folder that holds {STUDY_FILE}, for instance data/raw/demo."
        raise StudyError([f"{path}: no such file. {advice}"])
    data = path.read_bytes()
    plain, marks = _yaml(_decode(data, STUDY_FILE))
    if not isinstance(plain, dict):
        raise StudyError([f"{STUDY_FILE}, line 1: expected `key: value` lines. Start from data/raw/demo/study.yaml."])
    try:
        study = Study.model_validate(plain)
    except ValidationError as error:
        raise StudyError(_explained(error, marks, STUDY_FILE, Study)) from None
    merged = _merge(house_instruments(), study.instruments)
    study = study.model_copy(update={"instruments": merged})
    if faults := _unknown_items(study, marks) or _mixed_arrays(study, marks) or _unlinked(study, marks):
        raise StudyError(faults)
    return LoadedStudy(study, root, hashlib.sha256(data).hexdigest(), _corrections(root / CORRECTIONS_FILE))


def _corrections(path: Path) -> Corrections:
    """What the analyst corrects; nothing when there is no such file."""
    if not path.is_file():
        return Corrections()
    data = path.read_bytes()
    plain, marks = _yaml(_decode(data, CORRECTIONS_FILE), CORRECTIONS_FILE, as_written=True)
    if plain is not None and not isinstance(plain, list):
        advice = "Write each as `- file: ...`, then `line:`, `column:`, `from:`, `to:`, `reason:`, `who:` and `date:`."
        raise StudyError([f"{CORRECTIONS_FILE}, line 1: expected a list of corrections. {advice}"])
    try:
        read = TypeAdapter(tuple[Correction, ...]).validate_python(plain or [])
    except ValidationError as error:
        raise StudyError(_explained(error, marks, CORRECTIONS_FILE, Correction)) from None
    declared = tuple(Declared(c, _line(marks, (rank,))) for rank, c in enumerate(read))
    return Corrections(declared, hashlib.sha256(data).hexdigest())


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise StudyError([f"{file}, line {line}: not UTF-8. Save the file again as UTF-8."]) from None


def _unlinked(study: Study, marks: Any) -> list[str]:
    """Codes that are handed out, and no register of them."""
    if study.linking == "self_made" or study.registers.people_survey is not None:
        return []
    linked = [rank for rank, s in enumerate(study.sources) if s.is_survey and s.person is not None]
    said = (f"people are linked by a code that is handed out (`linking: {study.linking}`), and no register holds them. "
            "Add `people_survey: ...` under `registers:`, or write `linking: self_made`.")  # fmt: skip
    return [f"{STUDY_FILE}, line {_line(marks, ('sources', rank, 'person'))}: {said}" for rank in linked[:1]]


def _unknown_items(study: Study, marks: Any) -> list[str]:
    """Items that the study names and no instrument holds."""
    known = [i.item for i in study.instruments.items]
    arrays = {a.array for a in study.instruments.arrays}
    named: list[tuple[tuple[int | str, ...], str]] = [(("satisfaction", "item"), study.satisfaction.item)]
    named += [(("distributions", rank), code) for rank, code in enumerate(study.distributions)]
    forms, tables = ("instruments", "questionnaires"), ("instruments", "arrays")
    pages = [p for q in study.instruments.questionnaires for p in q.pages]
    named += [(forms, c) for p in pages for c in p.asks if c not in arrays]
    named += [(tables, c) for a in study.instruments.arrays for c in a.items]
    found = []
    for location, code in named:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else "Add it under `instruments: items:`."
            found.append(f"{STUDY_FILE}, line {_line(marks, location)}: no instrument holds the item `{code}`. {hint}")
    return found


def _mixed_arrays(study: Study, marks: Any) -> list[str]:
    """Tables whose items cannot share their columns."""
    faults = []
    for array in study.instruments.arrays:
        items = [i for i in study.instruments.items if i.item in array.items]
        if {(i.kind, i.per) for i in items} != {("choice", "person")} or len({i.answers for i in items}) != 1:
            line = _line(marks, ("instruments", "arrays"))
            fault = f"the items of the array `{array.array}` must be choices of one person with the same answers."
            advice = "Ask them one by one, or give them the same answers."
            faults.append(f"{STUDY_FILE}, line {line}: {fault} {advice}")
    return faults


def _merge(house: Instruments, own: Instruments) -> Instruments:
    """The house's instruments with the study's: of the same code, only the fields that the study gives change."""
    parts = {name: _overlaid(getattr(house, name), getattr(own, name), key) for name, key in _CODED.items()}
    rest = {name: getattr(own, name) for name in own.model_fields_set - set(_CODED)}
    return house.model_copy(update=parts | rest).with_parts()


def _overlaid(house: tuple[Any, ...], own: tuple[Any, ...], key: str) -> tuple[Any, ...]:
    merged = {getattr(part, key): part for part in house}
    for part in own:
        code = getattr(part, key)
        given = {field: getattr(part, field) for field in part.model_fields_set}
        merged[code] = merged[code].model_copy(update=given) if code in merged else part
    return tuple(merged.values())


def _yaml(text: str, file: str = STUDY_FILE, *, as_written: bool = False) -> tuple[Any, Any]:
    """Plain data, and the same tree with line marks. `as_written`: every value is the text of the file, `1.50` or
    `26:30` included."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.resolver import VersionedResolver

    class AsWritten(VersionedResolver):
        versioned_resolver: ClassVar[dict[str, Any]] = {}  # no spelling of a plain value means anything but text

    yaml = YAML(typ="rt", pure=True)
    if as_written:
        yaml.Resolver = AsWritten
    try:
        marked = yaml.load(text)
    except ValueError:  # ruamel reads a date that the calendar does not have
        raise StudyError([_impossible_date(text)]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line + 1) if mark else 1
        advice = "Check the indentation, the quotes and the colons of this line and the one above."
        raise StudyError([f"{file}, line {line}: not valid YAML ({error.problem}). {advice}"]) from None
    return _plain(marked), marked


def _impossible_date(text: str) -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        for found in re.findall(r"\b\d{4}-\d{1,2}-\d{1,2}\b", line):
            try:
                date(*map(int, found.split("-")))
            except ValueError:
                return f"{STUDY_FILE}, line {number}: the calendar has no {found}. Write a day that exists."
    return f"{STUDY_FILE}: a value cannot be read. Put it between quotes."


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(k): _plain(v) for k, v in node.items()}
    if isinstance(node, list):
        return [_plain(v) for v in node]
    if isinstance(node, str):
        return str(node)
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node)
    return node


def _line(marks: Any, location: tuple[int | str, ...]) -> int:
    """Line of the deepest node of `location` that the file holds."""
    line, node = 1, marks
    for step in location:
        lc = getattr(node, "lc", None)
        if lc is None:
            break
        try:
            line = (lc.key(step)[0] if isinstance(node, dict) else lc.item(step)[0]) + 1
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
    return line


def _explained(error: ValidationError, marks: Any, file: str, model: Any) -> list[str]:
    """One message per fault: a mandatory key that is misspelt is not said to be missing too."""
    errors = error.errors()
    meant = {(*e["loc"][:-1], _meant(e, model)) for e in errors if e["type"] == "extra_forbidden"}
    return [_explain(e, marks, file, model) for e in errors if e["type"] != "missing" or e["loc"] not in meant]


def _meant(error: Any, model: Any) -> str | None:
    """The known key nearest to an unknown one."""
    near = difflib.get_close_matches(str(error["loc"][-1]), _known_keys(model, error["loc"][:-1]), n=1)
    return near[0] if near else None


def _explain(error: Any, marks: Any, file: str, model: Any) -> str:
    location = tuple(error["loc"])
    where = ".".join(str(p + 1) if isinstance(p, int) else p for p in location) or "the file"
    head = f"{file}, line {_line(marks, location)}: "
    kind = error["type"]
    if kind == "extra_forbidden":
        near, known = _meant(error, model), ", ".join(_known_keys(model, location[:-1]))
        hint = f"Did you mean `{near}`?" if near else f"Known keys here: {known}."
        return f"{head}`{where}` is not a known key. {hint}"
    if kind == "missing":
        return f"{head}`{where}` is missing. Add `{location[-1]}: ...` there."
    if kind == "literal_error":
        return f"{head}`{where}` is {error['input']!r}; write one of {error['ctx']['expected']}."
    message = error["msg"].removeprefix("Value error, ")
    given = f" (found {error['input']!r})" if isinstance(error["input"], str | int | float | bool) else ""
    return f"{head}`{where}`: {message}{given}."


def _known_keys(model: Any, location: tuple[int | str, ...]) -> list[str]:
    for step in location:
        if isinstance(step, int):
            continue
        field = model.model_fields.get(step)
        if field is None:
            return []
        annotation = field.annotation
        for candidate in (annotation, *getattr(annotation, "__args__", ())):
            if hasattr(candidate, "model_fields"):
                model = candidate
                break
        else:
            return []
    return sorted(field.alias or name for name, field in model.model_fields.items())
