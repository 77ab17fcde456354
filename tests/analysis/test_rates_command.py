"""`manage.py rates` shows how each net runs here, and measures it when told to."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def place(settings, tmp_path, weights_dir):
    settings.ASSAY_HOME, settings.ASSAY_WEIGHTS = tmp_path, weights_dir
    return tmp_path


def said(*args):
    out = StringIO()
    call_command("rates", *args, stdout=out)
    return out.getvalue()


def test_a_net_that_was_not_measured_is_shown_as_such(place):
    told = said("meso4")

    assert "not measured here" in told
    assert not (place / "rates").exists()


def test_what_was_measured_is_shown_from_then_on(place):
    measured = json.loads(said("meso4", "--measure", "--json"))

    shown = json.loads(said("meso4", "--json"))

    assert shown == measured
    assert shown["rates"][shown["way"]][str(shown["batch"])] > 0


def test_what_is_shown_is_of_the_threads_of_a_workers_slot(place, settings, monkeypatch):
    monkeypatch.setattr("analysis.worker.plan._cores", lambda: 64)
    settings.OMP_NUM_THREADS, settings.SLOTS = "", 2

    shown = json.loads(said("meso4", "--json"))

    settings.SLOTS = 64
    alone = json.loads(said("meso4", "--json"))
    assert (shown["threads"] > alone["threads"], alone["threads"]) == (True, 1)


def test_rates_of_other_threads_are_asked_for_by_their_number(place):
    assert "not measured here for 3 threads" in said("meso4", "--threads", "3")


def test_a_detector_without_a_net_is_no_error(place):
    assert "no net" in said("spectrum")


def test_an_unknown_detector_is_named(place):
    with pytest.raises(CommandError, match="No detector 'nobody'"):
        said("nobody")


def test_a_device_that_is_not_here_is_named(place):
    with pytest.raises(CommandError, match="meso4 cannot be loaded"):
        said("meso4", "--device", "cuda:99")
