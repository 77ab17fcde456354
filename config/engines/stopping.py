"""Being asked to stop: by Ctrl-C, by SIGTERM, by a terminal that goes away."""

import signal
import threading

ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Raised where the supervisor waits, never in the middle of starting something."""


class Stopping:
    """Remembers that a signal came, and raises StopRequested at the next pause."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        for number in ASKS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup: the terminal may go away
            signal.signal(number, lambda *_: self._asked.set())

    def pause(self, seconds: float) -> None:
        """Waits; raises StopRequested as soon as a signal came."""
        if self._asked.wait(seconds):
            raise StopRequested
