"""What is installed: a typed package that needs two others and nothing of ours."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import assay_client

from tests.product import ROOT

PACKAGE = ROOT / "clients" / "python"
SOURCES = sorted((PACKAGE / "src" / "assay_client").glob("*.py"))
METADATA = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def imported(source: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.name} imports relatively"
            found.add(str(node.module).split(".")[0])
    return found


def test_it_imports_httpx_websockets_and_nothing_else() -> None:
    foreign = set[str]().union(*map(imported, SOURCES)) - sys.stdlib_module_names - {"assay_client"}

    assert foreign == {"httpx", "websockets"}


def test_its_metadata_says_what_it_needs() -> None:
    needed = {requirement.split(">")[0] for requirement in METADATA["dependencies"]}

    assert needed == {"httpx", "websockets"}
    assert (METADATA["requires-python"], METADATA["license"]) == (">=3.11", "Apache-2.0")
    assert METADATA["version"] == assay_client.__version__


def test_a_wheel_of_it_holds_every_module_the_types_and_the_licence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [*command, "--wheel-dir", str(tmp_path), str(_copied(tmp_path / "source"))],
        check=True,
        capture_output=True,
        timeout=100,
    )

    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert {f"assay_client/{source.name}" for source in SOURCES} <= set(names)
    assert "assay_client/py.typed" in names
    assert [name for name in names if name.endswith("/LICENSE")]


def _copied(folder: Path) -> Path:
    """Building writes beside the sources."""
    for source in PACKAGE.rglob("*"):
        if source.is_file() and "__pycache__" not in source.parts:
            target = folder / source.relative_to(PACKAGE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return folder
