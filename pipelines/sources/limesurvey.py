"""LimeSurvey: the export of responses, CSV or workbook, headings as codes, as full text, or as `code. text`.

Quirks: subquestions are `code[sub]`; the same full text heads several columns; `,` or `;`; an empty submit date is a
questionnaire left unfinished, 1980-01-01 a finished one whose date is not recorded; files re-saved by a data frame
library gain an index column without heading.
"""

import re

from pipelines.sources.survey import SUBMITTED, Heading, SurveyTable, code_part
from pipelines.sources.text import SOURCE_ROW
from pipelines.sources.values import fold
from pipelines.sources.workbook import read_table
from pipelines.study.models import Source

FORMAT, DOMAIN, TABLES = "limesurvey", "survey", ("limesurvey",)
# Never kept, unless one of them is the column that links a person's waves.
IDENTIFIERS: tuple[str, ...] = ("ipaddr", "refurl", "token", "email", "firstname", "lastname")
FREE_TEXT: tuple[str, ...] = ()  # known item by item: keep_items() leaves out whatever is not a closed question

# Canonical heading -> the same in full text (English, French, German).
ADMIN: dict[str, tuple[str, ...]] = {
    "id": ("Response ID", "ID de la réponse", "Antwort ID"),
    "submitdate": ("Date submitted", "Date de soumission", "Datum Abgeschickt"),
    "lastpage": ("Last page", "Dernière page", "Letzte Seite"),
    "startlanguage": ("Start language", "Langue de départ", "Start-Sprache"),
    "seed": ("Seed", "Tête de série", "Zufallsgeneratorstartwert"),
    "startdate": ("Date started", "Date de lancement", "Datum gestartet"),
    "datestamp": ("Date last action", "Date de la dernière action", "Datum letzte Aktivität"),
    "ipaddr": ("IP address", "Adresse IP", "IP-Adresse"),
    "refurl": ("Referrer URL", "URL référente", "URL de référence", "Weiterleitungs-URL"),
    "token": ("Access code", "Code d'accès", "Invitation", "Zugangscode", "Zugangsschlüssel"),
    "email": ("Email address", "E-mail address", "Adresse électronique", "Adresse de courriel", "E-Mail-Adresse"),
    "firstname": ("First name", "Prénom", "Vorname"),
    "lastname": ("Last name", "Nom de famille", "Nachname"),
}
_ADMIN_FOLDED = {fold(h): name for name, others in ADMIN.items() for h in (name, *others)}
_TIMING = re.compile(
    r"^(interviewtime|grouptime\d+|total time|temps total|gesamtzeit|group time|question time|duree pour l[ea] "
    r"(groupe|question)|gruppenzeit|fragenzeit)"
)


def recognises(header: list[str]) -> bool:
    """The header has the response number and the submit date LimeSurvey writes."""
    return {"id", SUBMITTED} <= {_admin(code_part(h)) for h in header}


def read_tables(data: bytes, *, source: Source) -> dict[str, SurveyTable]:
    """The responses as received; headings are known by their code, else by their text. Raises SourceError when the file
    is neither delimited text nor a workbook."""
    table = read_table(data, recognises)
    received = [c for c in table.frame.columns if c != SOURCE_ROW]
    codes = [code_part(h) for h in table.header]
    headings = tuple(
        Heading(column, (code, heading) if code != heading else (code,), _admin(code))
        for i, (code, heading, column) in enumerate(zip(codes, table.header, received, strict=True))
        if not (i == 0 and fold(code) in ("", "unnamed 0", "x")) and not _is_timing(code, codes)
    )
    return {FORMAT: SurveyTable(table.frame, table.rejected, table.received, headings)}


def _admin(code: str) -> str | None:
    return _ADMIN_FOLDED.get(fold(code))


def _is_timing(code: str, codes: list[str]) -> bool:
    return bool(_TIMING.match(fold(code))) or (code.endswith("Time") and code.removesuffix("Time") in codes)

