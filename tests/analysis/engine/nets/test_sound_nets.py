"""A weight file that is damaged or another net's is refused with a reason, before anything is scored."""

import pytest
import torch

from analysis.engine.errors import UnusableWeights
from analysis.engine.nets.aasist import AASIST, AASIST_L, AasistNet
from analysis.engine.nets.lcnn import LcnnNet
from analysis.engine.nets.rawgat import RawGatNet
from analysis.engine.nets.state import load_state

NETS = {"aasist": lambda: AasistNet(AASIST), "rawgat": RawGatNet, "lcnn": LcnnNet}


def zeros(net):
    return {name: torch.zeros_like(tensor) for name, tensor in net.state_dict().items()}


@pytest.fixture(params=NETS)
def build(request):
    return NETS[request.param]


def test_its_own_weights_are_loaded(tmp_path, build):
    torch.save(zeros(build()), tmp_path / "net.pth")

    assert not load_state(build(), tmp_path / "net.pth").training


def test_not_a_number_is_refused_by_name(tmp_path, build):
    state = zeros(build())
    name = next(name for name, tensor in state.items() if tensor.is_floating_point() and tensor.ndim > 1)
    state[name].view(-1)[0] = float("nan")
    torch.save(state, tmp_path / "net.pth")

    with pytest.raises(UnusableWeights, match=f"NaN or infinity in {name}"):
        load_state(build(), tmp_path / "net.pth")


def test_a_truncated_file_is_refused(tmp_path, build):
    torch.save(zeros(build()), tmp_path / "net.pth")
    whole = (tmp_path / "net.pth").read_bytes()
    (tmp_path / "net.pth").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(UnusableWeights, match=r"net\.pth cannot be read as weights"):
        load_state(build(), tmp_path / "net.pth")


def test_the_smaller_sister_is_refused(tmp_path):
    torch.save(zeros(AasistNet(AASIST_L)), tmp_path / "net.pth")

    with pytest.raises(UnusableWeights, match="is not of this net"):
        load_state(AasistNet(AASIST), tmp_path / "net.pth")
