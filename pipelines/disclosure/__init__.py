"""What may be printed: indicator tables -> published tables, every hidden value and count null.

Belongs here: thresholds of people, dominance, groups seen as a whole (methods.md, section 8, primary rules).
Does not belong here: how a figure is computed or judged; complementary suppression across tables and releases.
"""

from pipelines.disclosure.primary import disclose_distributions, disclose_estimates, disclose_participation

__all__ = ["disclose_distributions", "disclose_estimates", "disclose_participation"]
