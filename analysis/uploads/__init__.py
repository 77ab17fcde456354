"""Files that come in: received, looked at, kept byte for byte. The only creator of Media."""

from analysis.uploads.keeping import Description, Kept, adopt_file, keep
from analysis.uploads.refusals import UploadRefused

__all__ = ["Description", "Kept", "UploadRefused", "adopt_file", "keep"]
