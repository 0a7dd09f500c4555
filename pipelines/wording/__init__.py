"""Numbers, words and sentences: everything printed passes through here, in the language of the study.

Belongs here: the dictionaries (fr/, en/), typography, the words of one estimate, computed sentences, plain HTML
blocks. Does not belong here: charts, statistics, reading the lake.
"""

from pipelines.wording.sentences import summary_line
from pipelines.wording.words import Words

__all__ = ["Words", "summary_line"]
