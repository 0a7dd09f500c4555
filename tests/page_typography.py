"""French typography of a text as printed: what a careful compositor would correct, found by rule."""

import re

NOUNS = "équipe|agent|outil|point|personne|résultat|incident|question|semaine"
N, T = "\u00a0", "\u202f"
# What is wrong -> how it is written. Each pattern matches a fault.
FAULTS = {
    "space before : is not non-breaking": re.compile(rf"(?<![{N}\d\w/]) ?:(?=\s|$)|(?<=[^\s{N}]):(?=\s|$)"),
    "space before ; ! ? is not a thin non-breaking one": re.compile(
        rf"(?<![{T}{N}\[]);(?=\s|$|{N})|(?<![{T}])[!?](?=\s|$)"
    ),
    "space before % is not non-breaking": re.compile(rf"(?<=\d)(?:%| %|{T}%)"),
    "guillemets without their spaces": re.compile(rf"«(?!{N})|(?<!{N})»"),
    "straight apostrophe or quote": re.compile(r"(?<=\w)'(?=\w)|\""),
    "hyphen for a minus": re.compile(rf"(?:^|[\s{N}\[(])-\d"),
    "decimal point": re.compile(r"\d\.\d"),
    "number and unit may be parted": re.compile(r"\d (?:h|min|points?|%)(?!\w)"),
    "two spaces": re.compile(r"  |\s[.,]|,(?=[^\s\d])"),
    "one, in the plural": re.compile(rf"(?<![\d,{T}+\u2212])1[ {N}](?:{NOUNS})s\b"),
    "several, in the singular": re.compile(rf"(?<![\d,])(?:[2-9]|\d\d+)(?:,\d+)?[ {N}](?:{NOUNS})\b"),
    "an article that does not elide": re.compile(
        r"\b(?:le|la|de|que|ne|se|je|ce) (?=[aeiouéèêh](?!uit|\b|ors|aut|ésit)\w)", re.I
    ),
    "words to avoid": re.compile(
        r"productivit|significati|\bETP\b|anonym|performance de l|[Nn]on concluant|\bpulse\b"
        r"|occurrence|\blots?\b(?! de 5)"
        r"|preuve (?:solide|moyenne)|[Dd]éshumanisation(?! »)|\bArrêter\b|perd du temps|moins de 5 répondants"
    ),
}  # fmt: skip
NOT_ELIDED = re.compile(r"(?i)\b(?:de|le|la) (?:huit|hors|haut|hausse|hébergement(?!s)|oui|onz)")


def typography_faults(text: str) -> list[str]:
    """Names of the rules a text breaks, with what breaks them."""
    found = []
    for name, pattern in FAULTS.items():
        for m in pattern.finditer(text):
            if name.startswith("an article") and NOT_ELIDED.match(text[m.start() :]):
                continue
            found.append(f"{name}: …{text[max(0, m.start() - 25) : m.end() + 15]}…")
    return found
