"""`manage.py analyze` examines files from a terminal, without database or Redis."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command

from analysis.engine.pipeline import examine
from analysis.engine.sample import sample_clip
from tests import clips

ROOT = Path(__file__).resolve().parent.parent.parent
CORRUPT = Path(os.environ.get("ASSAY_TEST_MEDIA", ROOT.parent / "shared" / "media")) / "corrupt"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def clip(home):
    return sample_clip(home / "samples")


def command(*words):
    return [sys.executable, str(ROOT / "manage.py"), "analyze", *map(str, words)]


def surroundings(home):
    """Neither database nor Redis: they are not needed."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return kept | {"ASSAY_HOME": str(home), "ASSAY_WEIGHTS": str(home / "weights")}


def analyze(home, *words):
    return subprocess.run(
        command(*words), env=surroundings(home), capture_output=True, text=True, timeout=60, check=False
    )


def test_an_assessed_file_exits_0(home, clip):
    done = analyze(home, clip)

    assert done.returncode == 0
    assert "Some signs (inconclusive)." in done.stderr
    assert "Power spectrum scored 40 of 40 frames" in done.stderr
    assert "\r" not in done.stderr
    assert done.stdout == ""


def test_json_is_one_object_per_file_like_a_run(home, clip, tmp_path):
    image = clips.write_image(tmp_path / "flat.png")

    done = analyze(home, "--json", "--detectors", "spectrum,metadata", clip, image)

    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["file"], first["state"], first["outcome"]) == (str(clip), "succeeded", "some_signs")
    by_name = {result["detector"]: result for result in first["results"]}
    assert set(by_name) == {"spectrum", "metadata"}
    assessment = by_name["spectrum"]["assessment"]
    assert (assessment["kind"], assessment["band"]) == ("verdict", "uncalibrated")
    assert assessment["coverage"] == {"scored": 40, "sampled": 40, "unit": "frames"}
    assert by_name["metadata"]["assessment"]["reason"] == "reports_facts"
    assert "score" not in by_name["metadata"]["assessment"]
    assert second["kind"] == "image"


def test_footage_alone_says_what_was_seen_and_is_not_assessable_by_contract(home, clip):
    done = analyze(home, "--json", "--detectors", "motion", clip)

    said = json.loads(done.stdout)
    assert (done.returncode, said["outcome"]) == (2, "not_assessable")
    assert said["sentence"] == "Nothing was to be assessed: only footage detectors were asked."
    assert said["seen"].startswith("motion ") or said["seen"] == "no motion"
    assert f"{said['sentence']}\nSeen: {said['seen']}.\n" in done.stderr


def test_the_worst_of_several_files_decides(home, clip, tmp_path):
    silent = clips.write_sound(tmp_path / "tone.wav", seconds=1.0)

    assert analyze(home, "--detectors", "spectrum", clip, silent).returncode == 2
    assert analyze(home, "--detectors", "spectrum", silent, tmp_path / "nowhere", clip).returncode == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/nowhere/clip.mp4"], "/nowhere/clip.mp4 is not there"),
        (["/"], "/ is a folder"),
        (["--detectors", "spektrum", "/"], "No detector 'spektrum'"),
        ([], "Name at least one file"),
        (["--jsn", "/"], "unrecognized arguments: --jsn"),
    ],
)
def test_what_cannot_be_done_exits_3_and_says_why(home, words, said):
    done = analyze(home, *words)

    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failed_file_has_its_json_line_too(home):
    done = analyze(home, "--json", "/nowhere")

    line = json.loads(done.stdout)
    assert (line["state"], line["outcome"], line["results"]) == ("failed", None, [])
    assert "is not there" in line["error"]


@pytest.mark.django_db
def test_a_file_that_breaks_the_examination_has_its_json_line_and_the_next_is_examined(
    tmp_path, monkeypatch, capsys
):
    files = [clips.write_sound(tmp_path / name, seconds=1.0) for name in ("a.wav", "b.wav")]

    def break_on_the_first(path, **order):
        if path == files[0]:
            raise RuntimeError("a bug")
        return examine(path, **order)

    monkeypatch.setattr("analysis.management.commands.analyze.examine", break_on_the_first)

    with pytest.raises(SystemExit) as ended:
        call_command("analyze", *files, "--json", "--detectors", "metadata")

    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert ended.value.code == 3
    assert (first["state"], first["error"]) == ("failed", f"{files[0]}: RuntimeError: a bug")
    assert second["state"] == "succeeded"


def test_a_stressed_verdict_tells_each_copy_and_leaves_none(home, tmp_path):
    picture = clips.write_image(tmp_path / "scene.png")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    words = command("--json", "--detectors", "spectrum", picture, "--stress", "50")

    done = subprocess.run(
        words,
        env=surroundings(home) | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    line = json.loads(done.stdout)
    stress = line["stress"]
    assert [one["state"] for one in stress["variants"]].count("not_run") == 0, stress
    assert [one["scores"][0]["detector"] for one in stress["variants"]] == ["spectrum"] * 3
    assert stress["budget_seconds"] == 50
    assert "Looking at altered copies." in done.stderr
    assert done.stderr.count("tressed: held under") == 1
    assert [path for path in temporary.iterdir() if path.name.startswith("assay-")] == []


def test_without_stress_nothing_is_said_of_it(home, tmp_path):
    picture = clips.write_image(tmp_path / "scene.png")

    done = analyze(home, "--json", "--detectors", "spectrum", picture)

    assert json.loads(done.stdout)["stress"] is None
    assert "altered" not in done.stderr


@pytest.mark.parametrize("seconds", ["0", "3601", "1.5", "scene.png"])
def test_a_budget_that_makes_no_sense_is_refused_with_what_to_do(home, tmp_path, seconds):
    picture = clips.write_image(tmp_path / "scene.png")

    done = analyze(home, picture, "--stress", seconds)

    assert done.returncode == 3
    assert "Name files before --stress." in done.stderr


def test_interrupting_ends_it_cleanly(home, tmp_path):
    long = clips.write_video(tmp_path / "long.mp4", seconds=60.0, width=640, height=480)
    going = subprocess.Popen(
        command("--detectors", "spectrum", long),
        env=surroundings(home),
        stderr=subprocess.PIPE,
        text=True,
        # whoever runs the tests in the background has switched the signal off for everything below
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  no other thread here
    )
    assert any("Reading frames" in line for line in going.stderr)

    began = time.monotonic()
    going.send_signal(signal.SIGINT)
    rest = going.communicate(timeout=20)[1]

    assert time.monotonic() - began < 5
    assert going.returncode == 130
    assert "Interrupted" in rest
    assert "Traceback" not in rest


@pytest.mark.parametrize(
    "path", sorted(CORRUPT.glob("*")) if CORRUPT.is_dir() else [], ids=lambda path: path.name
)
def test_a_damaged_file_is_assessed_or_not_assessable_within_a_minute(home, path):
    done = analyze(home, "--json", path)

    line = json.loads(done.stdout)
    assert done.returncode == (2 if line["outcome"] == "not_assessable" else 0)
    assert line["state"] == "succeeded"
    assert "Traceback" not in done.stderr
