"""Estimates -> what they allow to say: level of evidence of the design, verdict against the threshold.

Belongs here: the rules of indicators.md, sections 8 and 9, as pure functions of frames.
Does not belong here: how a figure is computed (indicators), whether it may be printed (disclosure), any word (wording).
"""

from pipelines.decisions.verdict import decide

__all__ = ["decide"]
