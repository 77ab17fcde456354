"""Only the published files are loaded, and installing them is whole or not at all."""

import pytest

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.weights import WeightStore, find_published


def test_a_missing_file_says_how_to_install_it(tmp_path):
    with pytest.raises(UnverifiedWeights, match=r"weights pull meso4-df"):
        WeightStore(tmp_path).path("meso4-df")


def test_another_file_under_the_right_name_is_not_loaded(tmp_path):
    path = tmp_path / CATALOGUE["aasist-l"].file
    path.parent.mkdir()
    path.write_bytes(b"not the published weights")

    with pytest.raises(UnverifiedWeights, match="SHA-256 differs"):
        WeightStore(tmp_path).path("aasist-l")


def test_a_file_that_changes_after_it_was_verified_is_seen(tmp_path, weights_dir):
    store = WeightStore(tmp_path)
    installed = store.install("yunet", weights_dir / CATALOGUE["yunet"].file)
    store.path("yunet")
    installed.write_bytes(installed.read_bytes()[:-1] + b"x")

    with pytest.raises(UnverifiedWeights):
        store.path("yunet")


def test_installing_the_wrong_file_leaves_nothing(tmp_path):
    wrong = tmp_path / "AASIST-L.pth"
    wrong.write_bytes(b"something else")
    store = WeightStore(tmp_path / "weights")

    with pytest.raises(UnverifiedWeights):
        store.install("aasist-l", wrong)

    assert not (tmp_path / "weights").exists()


def test_a_folder_is_searched_by_name_and_digest(tmp_path, weights_dir):
    (tmp_path / "AASIST.pth").write_bytes(b"right name, wrong bytes")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "yunet_n_640_640.onnx").write_bytes((weights_dir / CATALOGUE["yunet"].file).read_bytes())

    found = find_published(tmp_path)

    assert list(found) == ["yunet"]


def test_the_licence_travels_with_the_file(tmp_path, weights_dir):
    WeightStore(tmp_path).install("meso4-df", weights_dir / CATALOGUE["meso4-df"].file)

    assert sorted(path.name for path in (tmp_path / "mesonet").iterdir()) == [
        "LICENSE",
        "Meso4_DF.h5",
        "NOTICE",
    ]
