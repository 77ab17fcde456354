"""Words that vehicles wear beside their plate: a taxi's number may fit a country's format as well as its plate does."""

import re

from analysis.engine.analytics.plates.signs import folded

# What taxis, police, fire and rescue services and schools write on theirs, in the languages of formats.toml. Four
# letters at least: three are part of too many plates.
WORDS = (
    *("TAXI", "TAXIS", "CABIFY", "UBER", "SCHOOL", "SCHOOLBUS", "ESCOLAR", "POST", "DRIVE", "FLEET"),
    *(
        "POLICE",
        "POLICIA",
        "POLIZIA",
        "POLIZEI",
        "POLITIE",
        "POLITI",
        "POLICJA",
        "POLITIA",
        "POLICIJA",
        "POLIS",
    ),
    *("POLIISI", "POLITSEI", "GARDA", "SHERIFF", "TROOPER", "PATROL", "RENDORSEG", "ASTYNOMIA"),
    *(
        "FIRE",
        "RESCUE",
        "AMBULANCE",
        "AMBULANZ",
        "MEDIC",
        "PARAMEDIC",
        "SAMU",
        "NOTARZT",
        "RETTUNG",
        "FEUERWEHR",
    ),
    *("POMPIERS", "BOMBEIROS", "BOMBEROS", "BRANDWEER", "HASICI", "POGOTOWIE", "STRAZ"),
)
_BY_FOLDED = {folded(word): word for word in WORDS}
# the longest first: POLICIA before POLICE
_WORN = re.compile(
    rf"(?:\d*)({'|'.join(sorted(map(re.escape, _BY_FOLDED), key=len, reverse=True))})(?:\d*)", re.ASCII
)


def word_in(text: str) -> str:
    """The word that a text of signs spells beside digits alone; empty where it spells none. 0 is O and 1 is I."""
    found = _WORN.fullmatch(folded(text))
    return _BY_FOLDED[found[1]] if found else ""
