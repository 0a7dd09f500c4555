"""Real files spoilt in every way an office can spoil them, and what must hold all the same.

`python -m tests.fuzz --seconds 600` draws cases for that long and prints the figures and the outcomes of the real
files; `tests/test_fuzz.py` runs a fixed few of them. A case is `subject:file:mutators:seed`: the same bytes each time.
"""
