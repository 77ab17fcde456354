"""The judge that holds frames against docs/asyncapi.yaml notices what does not fit."""

import json

from tests.realtime.described import at, kinds


def test_an_event_that_lacks_something_or_says_too_much_is_noticed() -> None:
    event = json.loads(
        '{"specversion":"1.0","id":"11111111-2222-4333-8444-555555555555/1","type":"stage.finished",'
        '"source":"/topics/11111111-2222-4333-8444-555555555555","time":"2026-05-03T14:00:12.480000Z",'
        '"datacontenttype":"application/json","data":{"stage":"visualization","seconds":1.5},'
        '"topic":"11111111-2222-4333-8444-555555555555","seq":1,"message":""}'
    ) | {"prev": "0" * 64, "hash": "1" * 64}

    assert kinds("topic", event) == ["event"]
    for name in at("#/components/schemas/Event/required"):
        assert kinds("topic", {key: value for key, value in event.items() if key != name}) == []
    assert kinds("topic", {**event, "data": {"stage": "dancing", "seconds": 1.5}}) == []
    assert kinds("topic", {**event, "data": {"stage": "visualization"}}) == []
    assert kinds("topic", {"type": "somebody_elses"}) == []
