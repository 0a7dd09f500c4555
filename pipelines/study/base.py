"""What every model of the study folder is made of: immutable, no unknown key, paths that stay inside the folder."""

from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Base of every model: immutable, no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _inside(path: str) -> str:
    pure = PurePosixPath(path.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
        raise ValueError("must stay inside the study folder: no '..', no absolute path")
    return str(pure)


def _monday(day: date) -> date:
    if day.weekday() != 0:
        monday = day - timedelta(days=day.weekday())
        raise ValueError(f"{day} is not a Monday; the Monday of that week is {monday}")
    return day


InsidePath = Annotated[str, AfterValidator(_inside)]
Monday = Annotated[date, AfterValidator(_monday)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=40)]
