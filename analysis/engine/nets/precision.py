"""Full single precision on every device, so that a score computed again is the same score."""


def keep_full(device: str) -> None:
    """On CUDA, turns off TF32, which rounds products to ten bits; elsewhere there is nothing to do."""
    if not device.startswith("cuda"):
        return
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
