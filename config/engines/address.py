"""`python -m config.engines.address`: prints the database address, for psql and pg_restore."""

import sys

from config.engines.paths import expected_sockets
from config.engines.postgres import address
from config.env import environment


def main() -> int:
    """Prints where the database of this ASSAY_HOME is reached."""
    env = environment()
    url = env.database_url or address(env.home, expected_sockets(env.home).postgres)
    sys.stdout.write(url + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
