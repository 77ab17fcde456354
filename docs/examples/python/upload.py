"""Uploads a file; run it again after a cut and it goes on: ASSAY_URL=… ASSAY_KEY=… python upload.py clip.mp4"""

import os
import sys
from argparse import ArgumentParser

from assay_client import Client


def main(path: str) -> None:
    with Client(os.environ["ASSAY_URL"], os.environ["ASSAY_KEY"]) as assay:
        upload = assay.upload(path, description="sent by an example")
        for sent in upload:
            print(f"{sent.sent_bytes} of {sent.size_bytes} bytes", file=sys.stderr)
        print(upload.uploaded.media["sha256"], upload.uploaded.topic)


parser = ArgumentParser(description="Upload a file.")
parser.add_argument("path", help="the file")
main(**vars(parser.parse_args()))
