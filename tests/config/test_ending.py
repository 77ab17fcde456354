from analysis.worker.supervisor import LOOK_SECONDS, STOP_SECONDS
from config.engines.ending import ORDER

GRACE_SECONDS = {kind: grace for kind, _, grace in ORDER}


def test_a_worker_has_time_to_give_back_the_leases_of_slots_it_had_to_kill() -> None:
    writing_seconds = 2.0

    assert GRACE_SECONDS["worker"] >= STOP_SECONDS + LOOK_SECONDS + writing_seconds


def test_all_graces_together_stay_below_what_is_promised() -> None:
    assert sum(GRACE_SECONDS.values()) < 30
