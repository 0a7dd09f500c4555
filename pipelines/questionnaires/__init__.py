"""The questionnaires, from the instruments that score their answers: LimeSurvey structures and a page to print.

Belongs here: what is asked of whom, in which order, and how it is written. Does not belong here: reading a structure or
an export (pipelines/sources). Nothing is shared with the readers but the instruments: a mistake made twice would hide.
"""

from pipelines.questionnaires.build import Lists, Survey, build
from pipelines.questionnaires.limesurvey import DB_VERSION, as_lss, as_tsv
from pipelines.questionnaires.printed import as_html

__all__ = ["DB_VERSION", "Lists", "Survey", "as_html", "as_lss", "as_tsv", "build"]
