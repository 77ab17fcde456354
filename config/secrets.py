"""Secrets of this installation: generated once into `ASSAY_HOME/keys`, readable by their owner only."""

import os
import secrets
from pathlib import Path

from config.engines.paths import make_home

SHORTEST = 32
WELL_KNOWN = frozenset(
    {"changeme", "change-me", "secret", "password", "insecure", "default", "jwt_secret_key"}
)


class WeakSecret(ValueError):
    """A secret from the environment that anyone could guess."""


def kept_secret(home: Path, name: str) -> str:
    """The secret `name` of the installation at `home`; the first caller generates it. URL-safe."""
    path = home / "keys" / name
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        make_home(home)
        return _generate(path)


def _generate(path: Path) -> str:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    try:
        # A link never replaces: of two processes that start together, the second reads what the first wrote.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


def is_weak(value: str) -> bool:
    """Whether `value` is short, well known or made of a few repeated characters."""
    return len(value) < SHORTEST or len(set(value)) < 8 or value.lower() in WELL_KNOWN


def refuse_weak(name: str, value: str) -> None:
    """Raises WeakSecret when `value` is weak."""
    if is_weak(value):
        raise WeakSecret(
            f"{name} is too weak for ASSAY_ENV=production: give at least {SHORTEST} random characters, "
            "or leave it unset and one is generated into ASSAY_HOME/keys."
        )
