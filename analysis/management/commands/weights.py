"""`manage.py weights`: what is installed, where it comes from, and whether it is what it claims to be."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.weights import WeightStore, find_published, sha256_of


class Command(BaseCommand):
    """Lists, fetches, installs and verifies the published weight files of the catalogue."""

    help = "List, pull, install or verify published weight files."
    requires_system_checks: list[str] = []  # needs no database

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every file of the catalogue, and whether it is installed")
        pull = verbs.add_parser("pull", help="fetch files from their upstream addresses")
        pull.add_argument("keys", nargs="*", metavar="KEY", help="catalogue keys (all when none is given)")
        install = verbs.add_parser("install", help="copy files out of a folder")
        install.add_argument(
            "--from", dest="folder", type=Path, required=True, help="searched with its subfolders"
        )
        verify = verbs.add_parser("verify", help="hash the installed files; with --golden also run the nets")
        verify.add_argument("--golden", type=Path, help="reference outputs of the original implementations")
        verify.add_argument(
            "--device", default="cpu", help="where --golden runs the nets: cpu, cuda or cuda:N (default: cpu)"
        )

    def handle(self, *args: object, verb: str, **options: Any) -> None:
        self.store = WeightStore(settings.ASSAY_WEIGHTS)
        getattr(self, f"_{verb}")(options)

    def _list(self, _options: dict[str, Any]) -> None:
        for key, published in CATALOGUE.items():
            self.stdout.write(f"{key:20} {self._state(key):14} {published.licence:12} {published.title}")
            self.stdout.write(f"{'':20} {published.upstream}")
            self.stdout.write(f"{'':20} sha256 {published.sha256}   {published.paper}")

    def _state(self, key: str) -> str:
        path = self.store.folder / CATALOGUE[key].file
        if not path.is_file():
            return "not installed"
        return "installed" if sha256_of(path) == CATALOGUE[key].sha256 else "WRONG FILE"

    def _pull(self, options: dict[str, Any]) -> None:
        unknown = sorted(set(options["keys"]) - set(CATALOGUE))
        if unknown:
            raise CommandError(f"Not in the catalogue: {', '.join(unknown)}. Known: {', '.join(CATALOGUE)}.")
        failures = []
        for key in options["keys"] or CATALOGUE:
            try:
                self.stdout.write(f"{key}: {self.store.pull(key)}")
            except UnverifiedWeights as error:
                failures.append(f"{key}: {error}")
        if failures:
            raise CommandError("\n".join(failures))

    def _install(self, options: dict[str, Any]) -> None:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        found = find_published(folder)
        if not found:
            raise CommandError(f"No file of the catalogue lies in {folder} (names and SHA-256 are compared).")
        for key, path in found.items():
            self.stdout.write(f"{key}: {self.store.install(key, path)}")
        missing = [key for key in CATALOGUE if key not in found]
        if missing:
            self.stdout.write(f"not found there: {', '.join(missing)}")

    def _verify(self, options: dict[str, Any]) -> None:
        states = {key: self._state(key) for key in CATALOGUE}
        for key, state in states.items():
            self.stdout.write(f"{key:20} {state}")
        if "WRONG FILE" in states.values():
            raise CommandError(
                "A file is not the published one; it is not loaded. Remove it and install it again."
            )
        if options["golden"]:
            self._golden(options["golden"], options["device"])

    def _golden(self, golden: Path, device: str) -> None:
        import torch

        from analysis.engine.golden.compare import compare

        try:
            torch.zeros(1, device=device)
        except (RuntimeError, AssertionError) as error:
            raise CommandError(f"There is no device {device!r} here: {error}") from error
        compared = beyond = 0
        try:
            for net in compare(golden, self.store, device):
                compared += net.cases
                beyond += len(net.beyond)
                self._print_net(net)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandError(f"{golden} cannot be read as a golden file: {error!r}.") from error
        if beyond:
            raise CommandError(f"{beyond} values are beyond their tolerance.")
        if not compared:
            self.stdout.write("Nothing was compared: no net of this file, or none of its inputs, is here.")

    def _print_net(self, net: Any) -> None:
        if net.values:
            verdict = "BEYOND TOLERANCE" if net.beyond else "equal"
            self.stdout.write(
                f"{net.net:20} {verdict}: largest difference {net.largest:.3g} ({net.largest_at}), "
                f"{net.cases} cases, {net.values} values"
            )
        for line in net.beyond:
            self.stdout.write(f"{net.net:20} beyond: {line}")
        for line in net.skipped:
            self.stdout.write(f"{net.net:20} not compared: {line}")
