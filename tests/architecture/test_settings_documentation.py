import re

from config.env import Environment
from tests.product import ROOT

DOCUMENT = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
OURS = ("config", "accounts", "realtime", "analysis")


def test_every_setting_is_documented() -> None:
    names = {field.alias for field in Environment.model_fields.values() if field.alias}

    assert sorted(name for name in names if f"`{name}`" not in DOCUMENT) == []


def test_nothing_is_documented_that_does_not_exist() -> None:
    names = {field.alias for field in Environment.model_fields.values()} | {
        "ASSAY_TEST_MEDIA",
        "ASSAY_TEST_WEIGHTS",
    }

    assert set(re.findall(r"`(ASSAY_[A-Z_]+)`", DOCUMENT)) - names == set()


def test_every_setting_is_used() -> None:
    fields = set(Environment.model_fields)
    sources = "\n".join(
        path.read_text(encoding="utf-8") for folder in OURS for path in (ROOT / folder).rglob("*.py")
    )

    unused = {name for name in fields if not re.search(rf"(ENV|env|self)\.{name}\b", sources)}

    assert unused == set()


def test_only_the_configuration_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for folder in OURS[1:]
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"os\.getenv|environ\[|environ\.get\(", path.read_text(encoding="utf-8"))
    ]

    assert readers == []
