"""Follows a run to its end: ASSAY_URL=… ASSAY_KEY=… python follow.py <run, job or topic> [<seq> [<hash>]]

Where it was is kept by you: give the last seq and hash it printed, and it goes on after them.
"""

import os
import sys

from assay_client import Client


def main(what: str, after: int = 0, after_hash: str = "") -> None:
    with Client(os.environ["ASSAY_URL"], os.environ["ASSAY_KEY"]) as assay:
        for event in assay.follow(what, after=after, after_hash=after_hash):
            print(event.seq, event.hash, event.type, event.message, flush=True)


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0, *sys.argv[3:4])
