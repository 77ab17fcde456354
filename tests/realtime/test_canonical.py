"""The fast writer and the reference implementation agree on every value, byte for byte."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from realtime.canonical import EventRefused, NotPlain, canonical, plain

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**54), 2**54)
    | st.floats()
    | st.floats(-2, 2)
    | st.integers(-(10**6), 10**6).map(float)
    | st.text()
    | st.text(st.characters(exclude_categories=()))  # with halves of surrogate pairs
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


def reference(value: Any) -> str | None:
    """What rfc8785 writes; None for what it refuses or the log does."""
    try:
        text = rfc8785.dumps(value).decode()
    except (ValueError, RecursionError):
        return None
    return None if _holds_nul(json.loads(text)) else text


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\x00" in key or _holds_nul(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\x00" in value


def written(value: Any) -> str | None:
    try:
        return canonical(value)
    except EventRefused:
        return None


@settings(max_examples=2000, deadline=None)
@given(values)
@example([1e-4, 9.999e-5, 1e15, 1e15 + 0.5, 1e16, -0.0, 5e-324, 0.1 + 0.2, 2.0**53, 1e21])
@example({"\U0001f600": 1, "\ufb33": 2, "é": 3, "Z": 4, "a": 5})
@example({"\\u0000": "\\\\u0000", "a": "\x7f\x1f\u2028/"})
def test_any_value_is_written_as_the_specification_says(value: Any) -> None:
    assert written(value) == reference(value)


def test_what_events_hold_takes_the_fast_way() -> None:
    data = {"detector": "meso4", "done": 3, "of": [0.5, 1.0, None, True], "who": {"name": "Ägypten"}}

    assert plain(data) == rfc8785.dumps(data).decode()


@pytest.mark.parametrize("value", [{"é": 1}, {1: 2}, 1e-5, 2**53, float("nan"), "\ud800", b"", {"a": {1}}])
def test_what_may_differ_is_left_to_the_reference(value: Any) -> None:
    with pytest.raises(NotPlain):
        plain(value)
