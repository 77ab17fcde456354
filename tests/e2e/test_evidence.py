"""Evidence on the run page in a real browser: charts, faces, spectrograms, maps; by pointer and by keyboard."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from PIL import Image
from playwright.async_api import Page, expect

from accounts.models import User
from analysis.engine.plots import (
    Band,
    Curves,
    Map,
    Panel,
    Plot,
    Span,
    Spectrogram,
    Strip,
    StripFace,
    StripTrack,
    described,
)
from analysis.models import Evidence, Media, Run
from realtime import log
from realtime.log import Draft
from realtime.readers import ask
from tests.clips import write_samples
from tests.e2e.conftest import Desk
from tests.factories import make_media
from tests.pages.conftest import leased_run, make_card

WHOLE = (0.0, 0.0, 1.0, 1.0)
PHONE = {"width": 390, "height": 844}
CURVES = Curves(
    (
        Panel(
            "detector score over seconds", [0.0, 1.0, 2.0, 3.0, 4.0], {"face 0": [0.1, 0.2, None, 0.8, 0.9]},
            across_name="media time", across_unit="s", up_name="detector score", scale=(0.0, 1.0),
            gaps=[Span(2.0, 3.0, "no_face")], spans=[Span(3.0, 4.0, "flicker")],
            band=Band("genuine clips", [0.0] * 5, [0.4] * 5),
        ),
    )
)  # fmt: skip
STRIP = Strip(
    [
        StripTrack(
            number, 0.0, 4.0, 20,
            [StripFace(float(at), WHOLE, (at / 4, 0, (at + 1) / 4, 1)) for at in range(4)], [Span(1.2, 1.8)],
        )
        for number in range(8)
    ],
    32,
)  # fmt: skip


def picture(path: Path, size: tuple[int, int] = (256, 64)) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0], 3), 120, np.uint8)).save(buffer, "PNG")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def left(run: Run, detector: str, kind: str, plot: Plot, *, title: str) -> None:
    kept = described(plot)
    at = f"{run.pk}/1/{kind}.png"
    picture(Path(settings.ASSAY_HOME) / "evidence" / at)
    Evidence.objects.create(
        run=run, attempt=1, detector=detector, kind=kind, title=title, caption="What is seen here.", path=at,
        media_type="image/png", sha256=f"{kind:0<64}"[:64], plot=kept.kind, data=kept.data,
        begins_seconds=kept.begins_seconds, ends_seconds=kept.ends_seconds,
    )  # fmt: skip


def told(run: Run) -> None:
    points = [[float(at), at / 4, 0, None] for at in range(5)]
    lines: list[tuple[str, dict[str, Any]]] = [
        ("run.queued", {"filename": run.media.filename, "detectors": []}),
        ("run.started", {"attempt": 1, "detectors": ["meso4"]}),
        ("detector.started", {"detector": "meso4", "title": "Meso-4", "unit": "frames"}),
        ("score.measured", {"detector": "meso4", "points": points}),
        ("run.succeeded", {"outcome": "some_signs", "sentence": "Some signs.", "why": "w", "limit": "l"}),
    ]
    log.append(run.topic_id, [Draft(kind, data=data) for kind, data in lines], run=run.pk, attempt=1)


def of(media: Media) -> Run:
    run = leased_run(media=media, state="succeeded", outcome="some_signs", sentence="Some signs.")
    told(run)
    return run


@pytest.fixture
def heard(ana: User) -> Run:
    """A run of four seconds of sound that a player plays, with evidence of every timed kind."""
    path = Path(settings.ASSAY_HOME) / "media" / "evidence.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_samples(path, np.zeros(4 * 16_000, np.float32))
    fields = {
        "kind": "audio",
        "media_type": "audio/wav",
        "path": path.name,
        "size_bytes": path.stat().st_size,
    }
    run = of(make_media(owner=ana, filename="voice.wav", facts={"duration_seconds": 4.0}, **fields))
    left(run, "meso4", "scores", CURVES, title="Score over time")
    left(run, "", "faces", STRIP, title="Faces over time")
    spans = [Span(2.0, 3.0, "passage that differs")]
    left(run, "splice", "spectrogram", Spectrogram(0.0, 4.0, 8000, WHOLE, spans), title="Passage")
    return run


@pytest.fixture
def seen(ana: User) -> Run:
    """A run of a picture with a map."""
    path = Path(settings.ASSAY_HOME) / "media" / "evidence.png"
    picture(path, (400, 200))
    fields = {
        "kind": "image",
        "media_type": "image/png",
        "path": path.name,
        "size_bytes": path.stat().st_size,
    }
    run = of(make_media(owner=ana, filename="scene.png", facts={"width": 400, "height": 200}, **fields))
    left(run, "noise-level", "map", Map("noise", [[0.0, 1.0], [None, 2.0]], "dB"), title="Noise level")
    return run


async def opened(desk: Desk, run: Run, *, phone: bool = False) -> Page:
    page = await desk.open(f"/runs/{run.pk}/")
    if phone:
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return page


async def now(page: Page) -> float:
    return float(await page.evaluate("document.getElementById('media').currentTime"))


async def test_curves_are_drawn_with_axes_gaps_marks_and_reference(desk: Desk, heard: Run) -> None:
    page = await opened(desk, heard)

    chart = page.locator(".piece", has_text="Score over time").locator(".curves")
    await expect(chart.locator("path.line")).to_have_count(
        3
    )  # a stretch on each side of the gap, and the legend
    await expect(chart.locator("svg text.axis-name")).to_have_text(["media time (s)", "detector score"])
    await expect(chart.locator(".curves-frame :is(.gap, .marked, .reference)")).to_have_count(3)
    await expect(chart.locator(".curves-legend")).to_contain_text("reference: genuine clips")
    await expect(chart.locator(".curves-legend")).to_contain_text("not assessed")
    await expect(page.locator(".piece", has_text="Score over time").locator("img")).to_be_hidden()


async def test_values_are_read_with_the_arrow_keys_and_enter_takes_the_player_there(
    desk: Desk, heard: Run
) -> None:
    page = await opened(desk, heard)
    frame = page.get_by_role("slider", name=re.compile("detector score over seconds"))

    await frame.focus()
    await page.keyboard.press("End")
    await expect(frame).to_have_attribute("aria-valuetext", "4 s · face 0 0.9")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(frame).to_have_attribute("aria-valuetext", re.compile("face 0: no value · not assessed: "))
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")

    assert await now(page) == 3


async def test_the_same_values_stand_in_a_table(desk: Desk, heard: Run) -> None:
    page = await opened(desk, heard)

    await page.get_by_text("Values as a table").first.click()

    rows = page.locator(".curves-table tbody tr")
    await expect(rows).to_have_count(5)
    await expect(rows.nth(2)).to_have_text("2gap")


async def test_a_marked_passage_of_a_spectrogram_takes_the_player_there(desk: Desk, heard: Run) -> None:
    page = await opened(desk, heard)

    await expect(page.locator(".spectrogram-span")).to_be_attached()
    await page.get_by_role("button", name="2.00 s–3.00 s: passage that differs").click()

    assert await now(page) == 2


async def test_a_press_into_the_spectrogram_takes_the_player_there(desk: Desk, heard: Run) -> None:
    page = await opened(desk, heard)
    picture = page.locator("#shown-splice img")
    await expect(page.locator(".spectrogram-span")).to_be_attached()
    box = await picture.bounding_box()
    assert box

    await page.locator("#shown-splice .spectrogram-over").click(position={"x": box["width"] / 4, "y": 10})

    assert await now(page) == pytest.approx(1, abs=0.05)  # pixels are whole
    assert "/runs/" in page.url


async def test_each_face_has_a_row_with_its_scores_in_words_and_its_gaps(desk: Desk, heard: Run) -> None:
    page = await opened(desk, heard)

    rows = page.locator(".strip-row")
    await expect(rows).to_have_count(8)
    await expect(page.get_by_text("32 more faces, seen for a shorter time, are left out.")).to_be_visible()
    await expect(rows.nth(0).locator(".crop-score")).to_have_text(["0.00", "0.25", "▲ 0.50", "▲ 0.75"])
    await expect(rows.nth(1).locator(".crop-score").first).to_have_text("–")
    await expect(rows.nth(0)).to_contain_text("gap 0.6 s")
    await page.get_by_role("button", name="Face 0 at 3.0 s, detector score 0.75, 0.5 or more").click()

    assert await now(page) == 3


async def test_a_map_lies_over_the_picture_only_when_asked(desk: Desk, seen: Run) -> None:
    page = await opened(desk, seen)
    over = page.locator("canvas.media-overlay")
    await expect(page.get_by_label("Show over the picture")).not_to_be_checked()
    await expect(over).to_be_hidden()

    await page.get_by_label("Show over the picture").check()
    await page.get_by_label("Opacity").fill("0.3")

    await expect(over).to_be_visible()
    await expect(over).to_have_css("opacity", "0.3")
    await expect(page.locator("#media-over")).to_contain_text("not where an edit is")
    shown, laid = await page.locator("#media").bounding_box(), await over.bounding_box()
    assert shown and laid
    assert [laid[side] for side in laid] == pytest.approx([shown[side] for side in shown], abs=1)  # type: ignore[literal-required]
    await page.get_by_label("Show over the picture").uncheck()
    await expect(over).to_be_hidden()


async def test_what_is_drawn_and_switched_on_outlives_a_new_rendering(desk: Desk, seen: Run) -> None:
    page = await opened(desk, seen)
    await page.get_by_label("Show over the picture").check()
    lines = [Draft("detector.finished", data={"detector": "spectrum", "title": "Spectrum", "facts": {}, "seconds": 1.0,
             "assessment": {"kind": "verdict", "score": 0.1, "band": "uncalibrated"}})]  # fmt: skip

    await ask(left, seen, "spectrum", "scores", CURVES, title="Score over time")
    await ask(log.append, seen.topic_id, lines, run=seen.pk, attempt=1)

    await expect(page.locator(".piece")).to_have_count(2)
    await expect(page.get_by_label("Show over the picture")).to_be_checked()
    await expect(page.locator("canvas.media-overlay")).to_be_visible()


async def test_pictures_and_data_are_there_without_scripts(desk: Desk, heard: Run) -> None:
    await desk.context.route("**/js/**", lambda route: route.abort())
    page = await opened(desk, heard)

    piece = page.locator(".piece", has_text="Score over time")
    await expect(piece.locator("img")).to_be_visible()
    address = await piece.get_by_role("link", name="Data (JSON)").get_attribute("href")
    answer = await desk.context.request.get(
        f"{desk.server.url}{address}", headers={"Accept": "application/json"}
    )

    assert (await answer.json())["data"]["panels"][0]["title"] == "detector score over seconds"


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_long_names_and_many_faces_do_not_widen_the_page(desk: Desk, heard: Run, phone: bool) -> None:
    await ask(make_card, "meso4", title="A detector with quite a long title " * 4 + "x" * 120)
    long = Panel("title" * 20, [0.0, 1.0], {"name" * 25: [0.0, 1.0], "n" * 119: [1.0, 0.0]}, across_unit="s")
    await ask(left, heard, "meso4", "long", Curves((long,)), title="word" * 40)
    page = await opened(desk, heard, phone=phone)

    await expect(page.locator(".curves path.line").first).to_be_visible()

    width, inner = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= inner
