"""Whose certificates a camera may show, and why one is refused.

Trusted is whom this machine trusts, and besides whoever is in a file that the desk was given: an authority of one's
own, or the very certificate that a camera made itself.
"""

import ssl
from pathlib import Path

from analysis.engine.watching.source import CertificateRefused, SourceFailed

# of OpenSSL's x509_vfy.h
_BY_NUMBER = {
    9: ("certificate_not_yet_valid", "its certificate is not valid yet"),
    10: ("certificate_expired", "its certificate has expired"),
    18: ("certificate_untrusted", "it signed its certificate itself, and this desk was not told to trust it"),
    62: ("certificate_wrong_host", "its certificate is for another host"),
    64: ("certificate_wrong_host", "its certificate is for another host"),
}
_ANY_OTHER = ("certificate_untrusted", "its certificate is signed by nobody this desk trusts")
CODES = frozenset(code for code, _ in (*_BY_NUMBER.values(), _ANY_OTHER))


def context(authorities: Path | None) -> ssl.SSLContext:
    """What checks chain, dates and host before anything is sent. Raises SourceFailed."""
    made = ssl.create_default_context()
    # one rule for every version of Python: since 3.13 a chain may end at any certificate that is trusted, which
    # cameras need, and must follow RFC 5280 to the letter, which the authorities of cameras often do not
    made.verify_flags = (made.verify_flags & ~ssl.VERIFY_X509_STRICT) | ssl.VERIFY_X509_PARTIAL_CHAIN
    if authorities is None:
        return made
    try:
        made.load_verify_locations(authorities)
    except OSError:  # of reading it, and ssl.SSLError
        raise SourceFailed("the file of authorities for cameras cannot be read on this machine") from None
    return made


def refused(error: ssl.SSLCertVerificationError) -> CertificateRefused:
    """Why, without the names that the certificate or the error holds."""
    code, said = _BY_NUMBER.get(error.verify_code, _ANY_OTHER)
    return CertificateRefused(said, code)
