"""Reports on a job: ASSAY_URL=… ASSAY_KEY=… python report.py nightly"""

import os
from argparse import ArgumentParser

from assay_client import SyncProgressReporter

FRAMES = 5


def main(job_id: str) -> None:
    with SyncProgressReporter(os.environ["ASSAY_URL"], os.environ["ASSAY_KEY"]) as reporter:
        try:
            for done in range(FRAMES):
                reporter.report(job_id, "encoding", done / FRAMES, f"Frame {done} of {FRAMES}")
            reporter.report_complete(job_id, {"file": "out.mp4"})
        except OSError as fault:  # what your own work may raise
            reporter.report_error(job_id, str(fault))
        print(reporter.get_status(job_id)["status"])


parser = ArgumentParser(description="Report on a job.")
parser.add_argument("job_id", help="your own name for it")
main(**vars(parser.parse_args()))
