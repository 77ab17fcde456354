"""Names for numpy's arrays. The web names kinds and probes but never touches a pixel: it loads no numpy for that."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Samples = NDArray[np.float32]
    Floats = NDArray[np.float32]
else:
    Pixels = Samples = Floats = Any
