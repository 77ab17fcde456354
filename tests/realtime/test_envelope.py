"""What an event is made of, and what is refused before anything is stored."""

import json
import math
from datetime import UTC, datetime
from uuid import UUID

import pytest

from realtime.envelope import GENESIS, Draft, EventRefused, prepare, seal

TOPIC = UUID("11111111-2222-4333-8444-555555555555")
TIME = datetime(2026, 11, 21, 7, 40, 0, 123456, tzinfo=UTC)


def test_the_text_and_hashes_are_those_of_the_specification() -> None:
    draft = Draft("run.progressed", "1 of 2", {"b": 1.0, "a": "é", "c": 1e-7}, subject="meso4", time=TIME)

    sealed = seal(prepare(draft), topic=TOPIC, seq=1, prev=GENESIS)

    # printf '%s' '<body without "hash" and "prev">' | sha256sum
    assert sealed.digest.hex() == "9673758ac111e03be3fcf635dd1595e891a200b8a619ab0d1eb7b65b6518cedc"
    # (printf '%064d' 0 | xxd -r -p; printf '%s' <digest> | xxd -r -p) | sha256sum
    assert sealed.hash.hex() == "16bef31771487020d53dac7412b53e6aba9d54c7fb6faeb03f514bd261320db5"
    assert sealed.body == (
        '{"data":{"a":"é","b":1,"c":1e-7},"datacontenttype":"application/json",'
        f'"hash":"{sealed.hash.hex()}","id":"{TOPIC}/1","message":"1 of 2","prev":"{"0" * 64}","seq":1,'
        f'"source":"/topics/{TOPIC}","specversion":"1.0","subject":"meso4",'
        f'"time":"2026-11-21T07:40:00.123456Z","topic":"{TOPIC}","type":"run.progressed"}}'
    )


def test_an_event_without_subject_has_no_such_attribute() -> None:
    sealed = seal(prepare(Draft("run.queued", time=TIME)), topic=TOPIC, seq=1, prev=GENESIS)

    assert "subject" not in json.loads(sealed.body)


def test_an_ending_carries_its_own_number() -> None:
    sealed = seal(prepare(Draft("run.cancelled", ending=True)), topic=TOPIC, seq=17, prev=GENESIS)

    assert json.loads(sealed.body)["data"] == {"last_seq": 17}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"score": math.nan}, "not_finite"),
        ({"score": [math.inf]}, "not_finite"),
        ({"score": {"a": -math.inf}}, "not_finite"),
        ({"text": "a\x00b"}, "holds_nul"),
        ({"a\x00b": 1}, "holds_nul"),
        ({"n": 2**53 + 1}, "integer_too_large"),
        ({"n": -(2**53) - 1}, "integer_too_large"),
        ({"n": 1e20}, "integer_too_large"),
        ({"text": "x" * 65_536}, "too_large"),
        ({"text": "é" * 32_768}, "too_large"),
        ({"text": "\ud800"}, "not_canonical"),
        ({"bytes": b"x"}, "not_canonical"),
        ({1: "x"}, "not_canonical"),
        ({"time": TIME}, "not_canonical"),
    ],
)
def test_what_has_no_canonical_form_is_refused(data: dict[str, object], code: str) -> None:
    with pytest.raises(EventRefused) as refused:
        prepare(Draft("run.progressed", data=data))

    assert refused.value.code == code


@pytest.mark.parametrize(
    "data",
    [{"text": "\\u0000"}, {"n": 2**53 - 1}, {"n": 1e300}, {"text": "x" * 65_000}, {"a": (1, 2)}, {"a": {}}],
)
def test_what_looks_like_it_but_is_not_is_taken(data: dict[str, object]) -> None:
    assert prepare(Draft("run.progressed", data=data)).data


@pytest.mark.parametrize("kind", ["", "run", "Run.Started", "run..started", "run.started\n", "x." * 40 + "y"])
def test_types_are_dotted_lower_case(kind: str) -> None:
    with pytest.raises(EventRefused) as refused:
        prepare(Draft(kind))

    assert refused.value.code == "bad_type"


def test_long_messages_and_times_without_zone_are_refused() -> None:
    with pytest.raises(EventRefused):
        prepare(Draft("run.started", "x" * 9000))
    with pytest.raises(EventRefused):
        prepare(Draft("run.started", time=datetime(2026, 1, 1)))  # noqa: DTZ001  # that is what is refused


def test_nesting_too_deep_for_a_reader_is_refused() -> None:
    data: dict[str, object] = {}
    for _ in range(100_000):
        data = {"a": data}

    with pytest.raises(EventRefused):
        prepare(Draft("run.started", data=data))
