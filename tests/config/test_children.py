from pathlib import Path

from config.engines.children import run_once
from config.engines.processes import collect, kept_records
from tests.waiting import wait_until


def test_a_child_whose_end_was_collected_during_a_pause_still_tells_its_exit_code(tmp_path: Path) -> None:
    pauses: list[float] = []

    def tend(seconds: float) -> None:
        pauses.append(seconds)
        assert len(pauses) < 3, "its end was never noticed"
        (record,) = kept_records(tmp_path)
        wait_until(lambda: not record.alive(), what="the child ended")
        collect()

    status = run_once(tmp_path, "sample", ["-c", "raise SystemExit(3)"], tend)

    assert status == 3
