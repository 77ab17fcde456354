"""Labels and sources come from folders or from a CSV file, and are refused where they contradict themselves."""

import pytest

from analysis.engine.calibrating.labelled import UnusableLabels, from_csv, from_folders, read_sources
from tests import clips


@pytest.fixture
def folders(tmp_path):
    for name in ("real/phone/a.png", "real/phone/b.png", "real/scan/c.png", "fake/gan/d.png", "fake/e.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        clips.write_image(path, width=16, height=16)
    (tmp_path / "real" / "phone" / "notes.txt").write_text("no media")
    return tmp_path


def test_the_first_folder_below_is_the_source(folders):
    found = from_folders(folders / "real", folders / "fake")

    assert [(file.name, file.source, file.manipulated) for file in found] == [
        ("real/phone/a.png", "phone", False),
        ("real/phone/b.png", "phone", False),
        ("real/scan/c.png", "scan", False),
        ("fake/e.png", "fake", True),
        ("fake/gan/d.png", "gan", True),
    ]


def test_a_csv_names_sources_instead(folders):
    (folders / "sources.csv").write_text("file,source\nphone/a.png,one\n")

    found = from_folders(folders / "real", folders / "fake", read_sources(folders / "sources.csv"))

    assert [file.source for file in found[:2]] == ["one", "phone"]


def test_a_csv_gives_labels_and_sources(folders):
    (folders / "labels.csv").write_text(
        "file,label,source\nreal/phone/a.png,real,phone 7\nfake/gan/d.png,fake,\n"
    )

    found = from_csv(folders / "labels.csv")

    assert [(file.manipulated, file.source) for file in found] == [(False, "phone 7"), (True, "gan")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file;label\n", "no column file"),
        ("file,label\nfake/e.png,maybe\n", "is no label"),
        ("file,label\nfake/e.png,fake\nfake/e.png,real\n", "stands there twice"),
        ("file,label\nnowhere.png,fake\n", "is not there"),
        ("file,label\nfake/e.png\n", "has not the columns"),
        ("file,label\nfake/e.png,fake,more\n", "has not the columns"),
        ("\udcff", "cannot be read as a CSV file"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(folders, text, said):
    (folders / "labels.csv").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(UnusableLabels, match=said):
        from_csv(folders / "labels.csv")


def test_a_folder_within_the_other_is_refused(folders):
    with pytest.raises(UnusableLabels, match="would have both labels"):
        from_folders(folders, folders / "fake")


def test_folders_of_the_same_name_give_every_file_a_name_of_its_own(folders):
    for label in ("real", "fake"):
        path = folders / label / "images" / "phone" / "a.png"
        path.parent.mkdir(parents=True)
        clips.write_image(path, width=16, height=16)

    found = from_folders(folders / "real" / "images", folders / "fake" / "images")

    assert [file.name for file in found] == ["real/images/phone/a.png", "fake/images/phone/a.png"]


@pytest.mark.parametrize(
    ("row", "said"), [("nowhere.png,one", "is no file below"), ("phone/a.png, ", "has an empty source")]
)
def test_sources_that_name_nothing_are_refused(folders, row, said):
    (folders / "sources.csv").write_text(f"file,source\n{row}\n")

    with pytest.raises(UnusableLabels, match=said):
        from_folders(folders / "real", folders / "fake", read_sources(folders / "sources.csv"))
