"""Basic and Digest as the examples of RFC 7617, RFC 2617 (section 3.5) and RFC 7616 (section 3.9.1) have them."""

import pytest

from analysis.engine.watching import authorisation
from analysis.engine.watching.authorisation import Login
from analysis.engine.watching.rtsp_relay import messages
from analysis.engine.watching.source import SourceFailed

OLD = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
NEW = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("challenges", "password", "own", "response"),
    [
        ([OLD], "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"),
        (
            [NEW.format(algorithm="MD5")],
            "Circle of Life",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "8ca523f5e9506fed4657c9700eebdbec",
        ),
        (
            [NEW.format(algorithm="MD5"), NEW.format(algorithm="SHA-256")],
            "Circle of Life",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ],
)
def test_a_digest_is_that_of_the_standard(monkeypatch, challenges, password, own, response):
    monkeypatch.setattr(authorisation.secrets, "token_hex", lambda _: own)

    said = Login("Mufasa", password).answer(challenges, "GET", "/dir/index.html")

    assert f'response="{response}"' in said
    assert "qop=auth, nc=00000001" in said


def test_basic_is_that_of_the_standard():
    said = Login("Aladdin", "open sesame").answer(['Basic realm="WallyWorld"'], "GET", "/")

    assert said == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_the_password_is_not_sent_in_the_clear_where_a_digest_will_do():
    said = Login("Mufasa", "Circle Of Life").answer(['Basic realm="x"', OLD], "GET", "/")

    assert said.startswith("Digest ")


@pytest.mark.parametrize(
    "challenge",
    ["", "Digest", "Bearer x", 'Digest realm="x", nonce="y", algorithm=MD4', 'Digest qop="auth-int"'],
)
def test_what_cannot_be_met_is_not_answered(challenge):
    said = Login("Mufasa", "Circle Of Life").answer([challenge], "GET", "/")

    assert said is None or said.startswith('Digest username="Mufasa"')


def test_a_realm_cannot_write_lines_of_its_own():
    said = Login("Mufasa", "x").answer(['Digest realm="a\\"\r\nX: 1", nonce="n"'], "GET", "/")

    assert "\r" not in said
    assert "\n" not in said


def test_messages_and_packets_are_taken_apart_however_they_arrive():
    whole = b"RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc$\x00\x00\x02xyRTSP/1.0 200 OK\r\n\r\n"
    buffer, found = bytearray(), []
    for at in range(len(whole)):
        buffer += whole[at : at + 1]
        found += messages(buffer)

    assert found == [whole[:41], b"$\x00\x00\x02xy", b"RTSP/1.0 200 OK\r\n\r\n"]
    assert not buffer


@pytest.mark.parametrize(
    "said",
    [
        b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 9000,
        b"\0" * 40_000,
    ],
)
def test_what_is_too_long_is_refused_before_it_is_there(said):
    with pytest.raises(SourceFailed):
        list(messages(bytearray(said)))


def test_a_realm_of_other_letters_is_answered_as_the_camera_wrote_it():
    realm = "Hof – Süd"
    challenge = f'Digest realm="{realm}", nonce="n"'.encode().decode("latin-1")  # as headers are read

    said = Login("Mufasa", "x").answer([challenge], "GET", "/")

    assert f'realm="{realm}"' in said
    assert said == Login("Mufasa", "x").answer([f'Digest realm="{realm}", nonce="n"'], "GET", "/")
