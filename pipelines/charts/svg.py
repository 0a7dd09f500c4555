"""Altair chart -> clean inline SVG: no script, no leak, fixed ids, the same bytes for the same chart.

Vega writes English `aria-label`s that hold exact values: they are removed, as a measure of confidentiality.
"""

import re
from typing import Any
from xml.etree import ElementTree as ET

from pipelines.charts.tokens import colour

_SVG = "{http://www.w3.org/2000/svg}"
_DROPPED = re.compile(r"^(role|class|font-family|aria-.*|pointer-events)$")
_LONG = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_BAND = 18  # px under the drawing for « Données fictives »


def svg(
    view: dict[str, Any], *, ident: str, css: str, title: str, desc: str, mark: str = "", language: str
) -> str:
    """A Vega-Lite view as an `<svg>` with a title and a description that states its values.

    `ident` is unique in the page and prefixes every id; `mark` is printed under the drawing (demonstration data).
    """
    import vl_convert

    locale: Any = "fr-FR" if language == "fr" else "en-US"
    drawn = vl_convert.vegalite_to_svg(view, format_locale=locale, time_format_locale=locale)
    ET.register_namespace("", _SVG[1:-1])
    root = ET.fromstring(drawn)
    width, height = (round(float(root.get(side, "0"))) for side in ("width", "height"))
    for element in root.iter():
        for name in [n for n in element.attrib if _DROPPED.match(n)]:
            del element.attrib[name]
        for name, value in element.attrib.items():
            value = _LONG.sub(lambda m: f"{float(m[0]):.2f}", value)
            element.set(name, re.sub(r"(^|url\(#)(clip\d+|gradient_\d+)", rf"\g<1>{ident}-\g<2>", value))
    _drop_empty(root)
    if mark:
        _add(
            root,
            "text",
            mark,
            x=str(width - 2),
            y=str(height + 12),
            fill=colour("demo"),
            **{"text-anchor": "end", "font-size": "12px", "font-style": "italic"},
        )
        height += _BAND
    root.attrib.clear()
    root.attrib.update(
        {
            "class": css,
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "aria-labelledby": f"{ident}-t {ident}-d",
        }
    )
    for position, (tag, text, suffix) in enumerate((("title", title, "t"), ("desc", desc, "d"))):
        element = ET.Element(_SVG + tag, {"id": f"{ident}-{suffix}"})
        element.text = text
        root.insert(position, element)
    # Inline in HTML an svg needs no namespace, and a page without one holds no address at all.
    return ET.tostring(root, encoding="unicode").replace(f' xmlns="{_SVG[1:-1]}"', "", 1)


def _add(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    element = ET.SubElement(parent, _SVG + tag, attributes)
    element.text = text


def _drop_empty(root: ET.Element) -> None:
    """Remove paths that draw nothing and groups left without children: a fifth of the bytes."""
    for parent in list(root.iter()):
        for child in list(parent):
            invisible = child.get("fill", "none") in ("none", "transparent") and child.get("stroke") is None
            if child.tag == _SVG + "path" and (not child.get("d") or (invisible and not _inherits(parent))):
                parent.remove(child)


def _inherits(parent: ET.Element) -> bool:
    return parent.get("stroke") is not None or parent.get("fill", "none") != "none" or parent.tag == _SVG + "clipPath"
