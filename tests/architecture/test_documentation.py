import re
from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.product import ROOT

OURS = ("config", "accounts", "realtime", "analysis")
DOCUMENTS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
EVENT_TYPE = re.compile(
    r"\"((?:run|stage|detector|score|visualization)"
    r"\.(?:queued|started|progressed|succeeded|failed|cancelled|retried|finished|abstained|measured)"
    r"|alert\.raised|(?:motion|track|plate|camera)\.(?:started|ended|entered|updated|left|read|online|offline|gap))\""
)


def sources() -> list[Path]:
    return [
        path for folder in OURS for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts
    ]


def commands() -> list[str]:
    folders = [ROOT / package / "management" / "commands" for package in OURS]
    return sorted(path.stem for folder in folders for path in folder.glob("[a-z]*.py"))


def generic(address: str) -> str:
    """An address with every parameter written alike, without the common beginning."""
    return re.sub(r"[{<][^}>]*[}>]", "<>", address.removeprefix("/api/v1/"))


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str) -> None:
    assert f"manage.py {command}" in DOCUMENTS


def test_every_rest_address_is_documented() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    documented = {generic(found) for found in re.findall(r"[\w/{}<>-]+/", DOCUMENTS)}

    missing = sorted(path for path in schema["paths"] if generic(path) not in documented)

    assert missing == []


def test_every_event_type_is_documented() -> None:
    types = {found for path in sources() for found in EVENT_TYPE.findall(path.read_text(encoding="utf-8"))}

    assert len(types) > 10
    assert sorted(name for name in types if name not in DOCUMENTS) == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.name != "__init__.py"
        and not path.read_text(encoding="utf-8").lstrip().startswith(('"""', "#!"))
    ]

    assert silent == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        (path.name, target)
        for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]

    assert broken == []
