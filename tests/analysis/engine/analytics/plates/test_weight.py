"""The web process may search for plates: what that takes needs no numpy, nor any package at all."""

import subprocess
import sys

from tests.product import ROOT

MODULES = [
    "announcing",
    "ballots",
    "consensus",
    "distance",
    "formats",
    "patterns",
    "reading",
    "signs",
    "telling",
    "watchlist",
]


def test_nothing_is_imported_but_what_python_brings():
    wanted = ", ".join(f"analysis.engine.analytics.plates.{name}" for name in MODULES)
    told = f"import sys; import {wanted}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"

    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)

    strangers = (
        set(done.stdout.split()) - set(sys.stdlib_module_names) - {"analysis", "__main__", "__mp_main__"}
    )
    assert {name for name in strangers if not name.startswith("_")} == set()
