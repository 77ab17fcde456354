"""A score computed again is the same score, on a GPU too."""

import pytest
import torch

from analysis.engine.nets import precision


@pytest.fixture
def rounding_allowed():
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.mark.parametrize(("device", "allowed"), [("cuda", False), ("cuda:1", False), ("cpu", True)])
def test_products_are_not_rounded_where_a_net_runs_on_a_gpu(rounding_allowed, device, allowed):
    precision.keep_full(device)

    flags = (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32)
    assert flags == (allowed, allowed)
