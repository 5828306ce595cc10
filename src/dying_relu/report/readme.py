"""The tables of config/README.md that come from the code: settings, interventions, kinds of figures."""

from pathlib import Path

from dying_relu import studies
from dying_relu.design import catalogue, settings

README = Path("config/README.md")
_TABLES = {  # the first line of each table, and what makes it
    "| setting | reference | choices |": settings.table,
    "| intervention | what happens |": catalogue.table,
    "| kind | shows | needs |": studies.table,
}


def documented(text: str) -> str:
    """The text of config/README.md with its tables as the code has them."""
    for head, table in _TABLES.items():
        start = text.index(head)
        stop = text.index("\n\n", start) + 1
        text = text[:start] + table() + text[stop:]
    return text
