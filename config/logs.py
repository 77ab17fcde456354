"""How processes log: to standard error, with the secrets of socket addresses removed."""

import logging

from accounts.scrubbing import scrubbed

OURS = ("config", "accounts", "realtime", "analysis")
REPLACED = ("django", "django.server", "uvicorn", "uvicorn.access")


class ScrubbingFormatter(logging.Formatter):
    """Writes `?token=…` and `?ticket=…` without their values, in messages and tracebacks alike."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as it may be kept."""
        return scrubbed(super().format(record))


def logging_configuration() -> dict[str, object]:
    """For `logging.config.dictConfig`; it also replaces the handlers uvicorn brings along."""
    whole = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "config.logs.ScrubbingFormatter",
                "format": "{asctime} {levelname:<7} {name}: {message}",
                "style": "{",
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {name: {"level": "INFO"} for name in OURS}
        | dict.fromkeys(REPLACED, whole)
        # its parent "uvicorn" writes for it
        | {"uvicorn.error": {"level": "INFO"}},
    }
