"""`python -m config.engines.reaper HOME`: stops everything of HOME when its parent dies, however it dies.

It reads a pipe whose other end only the parent holds, and learns of the end even of a killed parent. It
inherits the parent's lock, so that the next start waits until it is done.
"""

import os
import signal
import sys
from pathlib import Path

from config.engines.ending import leave_no_folder, stop_everything


def main() -> int:
    """Waits for the end of standard input, then stops what is left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 4096):
        pass
    home = Path(sys.argv[1])
    stop_everything(home)
    leave_no_folder(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
