from pathlib import Path

from config.engines.processes import Record, keep_record, kept_records


def test_a_record_that_goes_while_the_records_are_read_is_left_out(tmp_path: Path) -> None:
    worker = Record("worker-1", 5, "a boot 2")
    keep_record(tmp_path, worker)
    # listed like a record, and gone when it is opened
    (tmp_path / "run" / "web.pid").symlink_to(tmp_path / "dropped")

    assert kept_records(tmp_path) == [worker]
