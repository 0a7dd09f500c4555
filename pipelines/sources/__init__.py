"""One module per export format: bytes -> raw frame, every value still the text received.

Belongs here: recognising a format by its content, reading it, knowing its quirks.
Does not belong here: pseudonyms, the study's codes, anything that needs another file.
"""
