"""The statistics: intervals between teams, partial pooling, what time would have been without the tool.

Belongs here: pure functions from frames and numbers to estimates and intervals (methods.md).
Does not belong here: any indicator, threshold, word, or reading of a table.
"""
