"""Follows a run to its end: ASSAY_URL=… ASSAY_KEY=… python follow.py <run, job or topic> [<seq> [<hash>]]

Where it was is kept by you: give the last seq and hash it printed, and it goes on after them.
"""

import os
from argparse import ArgumentParser

from assay_client import Client


def main(what: str, after: int = 0, after_hash: str = "") -> None:
    with Client(os.environ["ASSAY_URL"], os.environ["ASSAY_KEY"]) as assay:
        for event in assay.follow(what, after=after, after_hash=after_hash):
            print(event.seq, event.hash, event.type, event.message, flush=True)


parser = ArgumentParser(description="Follow a run to its end.")
parser.add_argument("what", help="the id of a run, a job or a topic")
parser.add_argument("after", type=int, nargs="?", default=0, help="the last seq you have")
parser.add_argument("after_hash", nargs="?", default="", help="the hash beside it")
main(**vars(parser.parse_args()))
