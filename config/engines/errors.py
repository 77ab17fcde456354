"""What can keep an engine from running; each sentence says what to do."""


class EngineFailed(RuntimeError):
    """An engine did not start, or stopped at once."""


class OlderData(EngineFailed):
    """The data folder was written by another major version of PostgreSQL."""


class NotInstalled(EngineFailed):
    """A program that is needed is not on this machine."""


class AlreadyRunning(EngineFailed):
    """Another server uses the same ASSAY_HOME."""


class PortTaken(EngineFailed):
    """Somebody else listens on the port."""
