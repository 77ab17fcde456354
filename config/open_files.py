"""How many files, and so sockets, this process may open."""

import resource
import sys

# What pages, files, database and Redis need beside sockets.
BESIDE_SOCKETS = 256
ENOUGH = 2**20


def raise_limit() -> int:
    """Raises this process's limit as far as it may; what it is then."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def warn_if_too_low(limit: int, sockets: int) -> None:
    """Says on standard error when so many sockets cannot be opened."""
    if limit < sockets + BESIDE_SOCKETS:
        sys.stderr.write(
            f"This process may open {limit} files, so fewer than the {sockets} sockets one user may have"
            " (ASSAY_SOCKETS_PER_USER): raise its hard limit (ulimit -Hn, LimitNOFILE=).\n"
        )
