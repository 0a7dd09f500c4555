"""One dictionary of strings per language, as data (fr/*.yaml, en/*.yaml), and how a string is looked up.

Belongs here: lookup, placeholders, typography of the result. Does not belong here: which string a figure deserves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.wording import numbers

LANGUAGES = ("fr", "en")


@cache
def _dictionary(language: str) -> Mapping[str, Any]:
    from ruamel.yaml import YAML

    found: dict[str, Any] = {}
    for file in sorted((Path(__file__).parent / language).glob("*.yaml")):
        _join(found, YAML(typ="safe").load(file.read_text(encoding="utf-8")), file.name)
    return found


def _join(found: dict[str, Any], more: Mapping[str, Any], file: str) -> None:
    """`more` put into `found`, mapping by mapping; ValueError when two files of a language hold one entry."""
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(found.get(key, {}), dict):
            _join(found.setdefault(key, {}), value, file)
        elif key in found:
            raise ValueError(f"{file}: {key!r} is already in another file of this language")
        else:
            found[key] = value


def small_first(text: str) -> str:
    """The text as it stands inside a sentence."""
    return text[:1].lower() + text[1:]


@dataclass(frozen=True)
class Words:
    """The strings of one language. Every text that comes out is typographed: numbers, dates and sentences alike."""

    language: str = "fr"

    def raw(self, path: str) -> Any:
        """The entry at `a.b.c` as written in the YAML; KeyError naming the whole path."""
        found: Any = _dictionary(self.language)
        for part in path.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise KeyError(f"no file of wording/{self.language} has {path!r}")
            found = found[part]
        return found

    def has(self, path: str) -> bool:
        """Whether there is an entry at `path`."""
        try:
            self.raw(path)
        except KeyError:
            return False
        return True

    def text(self, path: str, **values: str) -> str:
        """The sentence at `path`, placeholders filled with texts already formatted."""
        return self.print(str(self.raw(path)).format(**values))

    def capital(self, path: str, **values: str) -> str:
        """The sentence at `path` with a capital first letter."""
        text = self.text(path, **values)
        return text[:1].upper() + text[1:]

    def count(self, path: str, n: int) -> str:
        """« 10 équipes »: the entry is the pair [singular, plural]."""
        one, many = self.raw(path)
        return numbers.plural(n, self.print(one), self.print(many), language=self.language)

    def counted(self, path: str, n: int, **values: str) -> str:
        """A whole sentence in the number of `n`: the entry is the pair [singular, plural], with {n} inside."""
        sentence = self.raw(path)[0 if numbers.plural(n, "1", "2", language=self.language).endswith("1") else 1]
        return self.print(sentence.format(n=self.number(n), **values))

    def print(self, text: str) -> str:
        """`text` with the typography of the language."""
        return numbers.typography(text, self.language)

    def number(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        """A number in the language."""
        return numbers.number(value, decimals, signed=signed, language=self.language)

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share between 0 and 1 as a percentage."""
        return numbers.percent(share, decimals, language=self.language)

    def day(self, value: date | str) -> str:
        """A date in words; text is read as YYYY-MM-DD."""
        value = date.fromisoformat(value) if isinstance(value, str) else value
        return numbers.day(value, self.raw("months"), language=self.language)

    def days(self, first: date | str, last: date | str) -> str:
        """A period in words."""
        start, end = (date.fromisoformat(d) if isinstance(d, str) else d for d in (first, last))
        return numbers.day_range(start, end, self.raw("months"), language=self.language)

    def listing(self, items: list[str]) -> str:
        """« a, b et c »."""
        if len(items) < 2:
            return "".join(items)
        return f"{self.raw('comma').join(items[:-1])} {self.raw('and')} {items[-1]}"

    def reason(self, code: str | None) -> str:
        """What a reason code means; several codes are separated by commas or semicolons."""
        codes = [c.strip() for c in (code or "").replace(";", ",").split(",") if c.strip()]
        known = [self.text(f"reasons.{c}") if self.has(f"reasons.{c}") else self.text("reasons.unknown") for c in codes]
        return self.raw("comma").join(dict.fromkeys(known)) or self.text("reasons.unknown")
