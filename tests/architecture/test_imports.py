import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.product import ROOT

FRAMEWORKS = {
    "django",
    "channels",
    "redis",
    "rest_framework",
    "procrastinate",
    "psycopg",
    "pydantic_settings",
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "config", "accounts", "realtime", "analysis", include_external_packages=True, cache_dir=None
    )


def test_the_engine_imports_only_itself_and_no_framework(graph: grimp.ImportGraph) -> None:
    engine = {"analysis.engine", *graph.find_descendants("analysis.engine")}
    imported = {
        (module, target) for module in engine for target in graph.find_modules_directly_imported_by(module)
    }
    ours = ("config", "accounts", "realtime", "analysis")

    strangers = {
        (module, target)
        for module, target in imported
        if target.split(".")[0] in FRAMEWORKS | set(ours) and target not in engine
    }

    assert strangers == set()


def test_no_module_of_realtime_leads_back_to_itself(graph: grimp.ImportGraph) -> None:
    ours = {"realtime", *graph.find_descendants("realtime")}

    circles = {
        (module, target)
        for module in ours
        for target in graph.find_modules_directly_imported_by(module) & ours
        if graph.chain_exists(importer=target, imported=module)
    }

    assert circles == set()


def test_imports_inside_functions_count(tmp_path: Path) -> None:
    for package in ("lower", "upper"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "lower" / "sly.py").write_text("def later():\n    import upper.thing\n")
    (tmp_path / "upper" / "thing.py").touch()
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_packages=\n  lower\n  upper\n"
        "[importlinter:contract:1]\nname=one way\ntype=layers\nlayers=\n  upper\n  lower\n"
    )

    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "lower.sly -> upper.thing" in done.stdout


def test_manage_py_runworker_is_ours() -> None:
    asked = subprocess.run(
        [sys.executable, "manage.py", "runworker", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert asked.returncode == 0, asked.stderr
    assert "--slots" in asked.stdout
