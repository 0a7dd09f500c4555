"""Why a row or a file is refused: one catalogue of rules, used by the readers, the console and the bilan."""

from dataclasses import dataclass
from typing import Literal, get_args

# What becomes of a row that breaks a rule: refused and kept aside, counted once, or accepted and counted.
Treatment = Literal["set_aside", "duplicate", "keep"]


@dataclass(frozen=True)
class Rule:
    """`label_fr` is printed in the bilan; `message` and `action` tell the analyst what happened and what to do.

    `treatments`: what a study may decide under `treatments:`, the house's choice first. `consent`: rows under this rule
    are only accepted by the run within `quarantine:`.
    """

    label_fr: str
    message: str
    action: str
    treatments: tuple[Treatment, ...] = ("set_aside",)
    consent: bool = True

    @property
    def treatment(self) -> Treatment:
        """What the house does."""
        return self.treatments[0]


# What a problem does, the worst first. It stops the run: a file or a column that cannot be used; a label nobody knows;
# more rows than study.yaml accepts. It does not: rows left out as study.yaml accepts; rows used all the same.
Level = Literal["file", "label", "beyond", "within", "flag"]
LEVELS: tuple[Level, ...] = get_args(Level)


LONGEST_TEXT = 700  # characters of a message


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: what, where, what to do. Never holds a name, a code or free text of a person.

    `file`: where; of a problem of several rows, their files and lines, and `rows` is their number.
    """

    rule: str
    file: str
    message: str
    action: str
    line: int | None = None
    column: str | None = None
    level: Level = "file"
    rows: int = 0

    def __post_init__(self) -> None:
        for said in ("message", "action"):  # a cell quoted or a code listed may be of any length
            if len(text := getattr(self, said)) > LONGEST_TEXT:
                object.__setattr__(self, said, f"{text[:LONGEST_TEXT]}...")
        if self.level == "file" and self.rule.startswith("unmapped_"):
            object.__setattr__(self, "level", "label")

    @property
    def stops(self) -> bool:
        """Nothing is published while it stands."""
        return self.level in ("file", "label", "beyond")

    @property
    def where(self) -> str:
        """File, line and column, or those of its rows."""
        return self.file + (f", line {self.line}" if self.line else "") + (f", column {self.column!r}" if self.column else "")

    def __str__(self) -> str:
        return f"{self.where}: {self.message} {self.action}"


class DataProblems(Exception):
    """The input cannot be used as it is. `problems` says all that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


# Rules that set a row aside (status set_aside) or count it as a repeat (status duplicate).
RULES: dict[str, Rule] = {
    "malformed_row": Rule("Ligne illisible", "The row does not have the number of columns of the header, or a quotation mark stands where no cell starts or ends.", "Export the file again, or repair this line."),
    "bad_date": Rule("Date illisible", "The date cannot be read.", "Write it as YYYY-MM-DD, or declare `date_order:` in study.yaml."),
    "bad_number": Rule("Nombre illisible", "A number cannot be read.", "Write digits, with a comma or a dot for decimals."),
    "bad_duration": Rule("Durée illisible", "The duration cannot be read.", "Write minutes, H:MM or HH:MM:SS."),
    "missing_value": Rule("Valeur obligatoire absente", "A mandatory value is empty.", "Fill it in, or delete the row in the source and export again."),
    "running_entry": Rule("Chronomètre resté ouvert", "The timer was still running when the file was exported.", "Stop it in the tracker and export again."),
    "zero_duration": Rule("Durée nulle ou négative", "The duration is zero or negative.", "Correct it in the tracker and export again."),
    "over_12_hours": Rule("Durée de plus de 12 heures", "The entry lasts over 12 hours: a timer was probably forgotten.", "Correct it in the tracker and export again, or use such entries: `treatments: {over_12_hours: keep}`.", ("set_aside", "keep")),
    "past_midnight": Rule("Saisie qui passe minuit", "The entry ends on another day than it starts; it counts on the day it starts.", "Nothing to do if people work at night; else correct it in the tracker and export again.", ("keep", "set_aside")),
    "clock_change": Rule("Saisie pendant un changement d'heure", "The entry spans a change of the clocks: its start and end are an hour off its duration, which counts.", "Nothing to do: the duration is the tracker's own.", ("keep", "set_aside")),
    "duration_differs": Rule("Durée différente de l'écart entre début et fin", "The duration is not the time between start and end; the duration counts.", "Nothing to do if pauses were deducted; else correct it in the tracker and export again.", ("keep", "set_aside")),
    "overlap": Rule("Saisies d'une même personne qui se chevauchent", "The entry overlaps another one of the same person; both count.", "Check that the person did two things at once; else correct one of the two in the tracker and export again.", ("keep", "set_aside")),
    "summed_entries": Rule("Total d’un jour sans nombre de fois", "The row adds up the entries of a day and does not say how many they were.", "Export the detailed report; or count each row as one time: `treatments: {summed_entries: keep}`.", ("set_aside", "keep")),
    "not_work": Rule("Pause ou absence", "The tracker marks the entry as a break or an absence: it is not work.", "Nothing to do.", consent=False),
    "repeated_header": Rule("En-tête répété", "The row repeats the headings.", "Nothing to do.", consent=False),
    "total_row": Rule("Ligne de total", "The row says it is a total, or names neither a day, nor a person, nor a process.", "Nothing to do: totals are computed again.", consent=False),
    "outside_study": Rule("Date hors de la période de mesure", "The date is outside the study's calendar.", "Check the date, or the calendar in study.yaml."),
    "outside_roster": Rule("Personne hors de l'équipe à cette date", "The person was not on the roster on that day.", "Check from_date and to_date in the register of people."),
    "unknown_person": Rule("Personne absente du registre", "The register of people does not know this person.", "Add the identifier to the register, or remove the row from the source."),
    "unknown_team": Rule("Équipe inconnue", "The register of teams does not know this team.", "Correct the team, or add it to the register of teams."),
    "unknown_code": Rule("Code inconnu d'un registre", "A code is not in its register.", "Correct the code, or add it to its register."),
    "no_code": Rule("Réponse sans code personnel", "The response carries no personal code.", "Nothing to do if the person left it empty; it cannot be linked."),
    "ambiguous_code": Rule("Code proche de celui d'un autre", "The personal code is nobody's, and it is near a known one of the same team; whose it is cannot be told.", "Correct the code in the survey and export again, if its owner can be told."),
    "missing_project": Rule("Saisie sans processus", "The entry names no process.", "Choose the project or activity in the tracker and export again."),
    "errors_over_items": Rule("Plus d'erreurs que d'éléments", "More errors than items handled.", "Correct the two numbers at the source."),
    "parts_over_total": Rule("Parties plus longues que le total", "The « dont » parts exceed the total.", "Correct the line at the source."),
    "bad_value": Rule("Valeur non admise", "The value is not one of those allowed.", "Use one of the values listed in the template."),
    "contract": Rule("Règle du contrat non respectée", "The row breaks a rule of the table's contract.", "See restricted/data_docs for the rule."),
    "duplicate_row": Rule("Ligne répétée", "The same row was already read.", "Remove the file or the lines that repeat it.", ("duplicate",)),
    "reexported_row": Rule("Ligne déjà reçue dans un autre export", "Another export of the same source holds this row too; it counts once.", "Nothing to do; the older export may be removed.", ("duplicate",), consent=False),
    "superseded_row": Rule("Ligne remplacée par un export plus récent", "A later export of the same source gives this row other values; the later ones count.", "Check that the later export is the right one; remove the older one to say so.", ("duplicate",), consent=False),
    "vanished_row": Rule("Ligne absente d'un export plus récent", "A later export of the same source covers this day and no longer has this row; it still counts.", "If it was deleted on purpose, remove the older export; if the later one was cut short, export again.", ("keep", "set_aside"), consent=False),
    "conflicting_row": Rule("Lignes contradictoires", "Another row says something else of the same person, team or code.", "Keep one of the two rows. Someone who changes team is not followed in both: keep the team of the measurement."),
    "test_response": Rule("Réponse d'essai", "The questionnaire was filled in as a test, by who made it.", "Nothing to do; delete such responses in the form tool before the export if there are many."),
    "duplicate_response": Rule("Réponse répétée, la dernière complète est gardée", "The same person answered this wave more than once; the last complete response is kept.", "Check that two people do not share a code.", ("duplicate",)),
}  # fmt: skip

# Faults of a whole file, column or label, the worst first: they always stop the run.
FILE_RULES: dict[str, str] = {
    "missing_file": "No file matches.",
    "empty_file": "The file has no data row.",
    "unrecognised_file": "The file does not look like the declared format.",
    "wrong_delimiter": "The columns are not where they should be: the separator looks wrong.",
    "missing_column": "A mandatory column is absent.",
    "ambiguous_dates": "Day and month cannot be told apart.",
    "contradicting_exports": "Two exports contradict each other and nothing says which is later.",
    "stale_correction": "A correction does not find the cell it expects.",
    "silent_team": "A team that is expected to record time recorded nothing.",
    "empty_wave": "Nobody answered this wave.",
    "unmapped_column": "A column is mapped to nothing.",
    "unmapped_process": "A process label is not mapped to a code.",
    "unmapped_tool": "A tool label is not mapped to a code.",
    "unmapped_label": "An answer label is not known to the instrument.",
}
