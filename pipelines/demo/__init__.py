"""The demonstration study: a whole study folder, fictitious and deterministic, of any size.

Belongs here: simulation and the writing of exports in their real formats. Shares no code with the readers, so that a
shared mistake cannot hide.
"""

from pipelines.demo.generate import Demo, generate, write_demo

__all__ = ["Demo", "generate", "write_demo"]
