"""How far two plates are apart, where signs that readers confuse are nearer than others.

Restricted Damerau-Levenshtein (Damerau 1964; Levenshtein 1966; the restricted form edits no part twice). Ours
differs: a substitution costs what the looks of the two signs say, in steps of our own, not learnt from a reader.
"""

from dataclasses import dataclass

from analysis.engine.analytics.plates.signs import normalised

# The same shape to most readers; nearly the same; the same with dirt or a screw on it.
_COSTS = (
    (0.2, ("0O", "1I", "8B", "5S", "2Z")),
    (
        0.4,
        (
            "0Q",
            "0D",
            "OQ",
            "OD",
            "1L",
            "IL",
            "1T",
            "6G",
            "VY",
            "UV",
            "7T",
            "7Z",
            "4A",
            "CG",
            "MN",
            "VW",
            "8S",
        ),
    ),
    (
        0.6,
        (
            "DQ",
            "1J",
            "IJ",
            "IT",
            "17",
            "3B",
            "38",
            "39",
            "89",
            "56",
            "68",
            "EF",
            "PR",
            "HN",
            "HM",
            "KX",
            "BR",
        ),
    ),
)
SUBSTITUTION = {pair: cost for cost, pairs in _COSTS for one in pairs for pair in (one, one[::-1])}
OTHER = 1.0
SWAP = 0.8
GAP = 1.0
_FAR = 1e9
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Change:
    """One step from the first plate to the second: `before` became `after`; one is empty for a sign more or less."""

    before: str
    after: str
    cost: float


@dataclass(frozen=True)
class Distance:
    """`total` is the sum of the costs of `changes`, which are in the order of the text."""

    total: float
    changes: tuple[Change, ...]


def between(first: str, second: str) -> Distance:
    """The cheapest way from one plate to the other; both are normalised, so at most 32 signs are compared."""
    one, other = normalised(first), normalised(second)
    table = _table(one, other)
    changes: list[Change] = []
    row, column = len(one), len(other)
    while row or column:
        change, row, column = _step_back(table, one, other, row, column)
        if change.cost:
            changes.append(change)
    return Distance(round(sum(change.cost for change in changes), 6), tuple(reversed(changes)))


def within(first: str, second: str, most: float) -> bool:
    """Whether between(first, second).total is at most `most`, for normalised texts; ends as soon as it cannot be."""
    band = int(most / GAP)
    if abs(len(first) - len(second)) > band:
        return False
    if not band:
        return _within_in_step(first, second, most)
    table = [[column * GAP if column <= band else _FAR for column in range(len(second) + 1)]]
    for row in range(1, len(first) + 1):
        line = [row * GAP if row <= band else _FAR] + [_FAR] * len(second)
        table.append(line)
        for column in range(max(1, row - band), min(len(second), row + band) + 1):
            line[column] = min(cost for cost, _, _ in _steps(table, first, second, row, column))
        # a swap reaches back two lines
        if min(line) > most + _ROUNDING and min(table[row - 1]) > most + _ROUNDING:
            return False
    return table[-1][-1] <= most + _ROUNDING


def _within_in_step(first: str, second: str, most: float) -> bool:
    """As within, for texts of one length where there is room for no gap: signs and swaps alone."""
    before, total = _FAR, 0.0
    for place, (one, other) in enumerate(zip(first, second, strict=True)):
        here = total + substitution(one, other)
        if place and first[place - 1] == other and second[place - 1] == one:
            here = min(here, before + SWAP)
        before, total = total, here
        if min(before, total) > most + _ROUNDING:
            return False
    return total <= most + _ROUNDING


def substitution(one: str, other: str) -> float:
    """What it costs to take one sign for the other: 0 for itself, up to 1."""
    return 0.0 if one == other else SUBSTITUTION.get(one + other, OTHER)


def _table(one: str, other: str) -> list[list[float]]:
    """The cost of every beginning of the one to every beginning of the other."""
    table = [[column * GAP for column in range(len(other) + 1)]]
    for row in range(1, len(one) + 1):
        line = [row * GAP]
        table.append(line)
        for column in range(1, len(other) + 1):
            line.append(min(cost for cost, _, _ in _steps(table, one, other, row, column)))
    return table


def _steps(
    table: list[list[float]], one: str, other: str, row: int, column: int
) -> list[tuple[float, int, int]]:
    """What the ways to a cell cost, and how many signs of each text they use; the first is preferred."""
    steps = []
    if row and column:
        swapped = substitution(one[row - 1], other[column - 1])
        steps.append((table[row - 1][column - 1] + swapped, 1, 1))
    if row > 1 and column > 1 and one[row - 2 : row] == other[column - 2 : column][::-1]:
        steps.append((table[row - 2][column - 2] + SWAP, 2, 2))
    if row:
        steps.append((table[row - 1][column] + GAP, 1, 0))
    if column:
        steps.append((table[row][column - 1] + GAP, 0, 1))
    return steps


def _step_back(
    table: list[list[float]], one: str, other: str, row: int, column: int
) -> tuple[Change, int, int]:
    _, taken, given = min(_steps(table, one, other, row, column), key=lambda step: step[0])
    before, after = one[row - taken : row], other[column - given : column]
    return Change(before, after, _cost(before, after)), row - taken, column - given


def _cost(before: str, after: str) -> float:
    if len(before) == 2:
        return SWAP
    return substitution(before, after) if before and after else GAP
