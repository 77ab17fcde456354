"""Addresses of cameras: what is taken, what is refused, what is shown."""

import pytest

from analysis.cameras.addresses import AddressRefused, for_others, full, host_and_port, parse


@pytest.mark.parametrize(
    ("source", "text", "shown"),
    [
        ("rtsp", "rtsp://cam.example.org/live/1", "rtsp://cam.example.org/live/1"),
        ("rtsp", "rtsps://cam.example.org:7441/live", "rtsps://cam.example.org:7441/live"),
        ("rtsp", "rtsp://u:p@10.0.0.5:554/h264", "rtsp://10.0.0.5:554/h264"),
        ("rtsp", "rtsp://[fd00::5]/h264", "rtsp://[fd00::5]/h264"),
        ("http", "http://10.0.0.5/video.mjpg?user=a&pwd=b", "http://10.0.0.5/video.mjpg?…"),
        ("rtsp", "rtsp://10.0.0.5/user=a&password=b&channel=1.sdp", "rtsp://10.0.0.5/…"),
        ("http", "https://cam.example.org/live/token=x1y2/a.mp4", "https://cam.example.org/live/…"),
        ("rtsp", "rtsp://10.0.0.5/0/admin:12345/main", "rtsp://10.0.0.5/0/…"),
        ("rtsp", "rtsp://10.0.0.5/u=admin&p=12345&ch=1", "rtsp://10.0.0.5/…"),
        ("rtsp", "rtsp://10.0.0.5/pw=12345/x", "rtsp://10.0.0.5/…"),
        ("rtsp", "rtsp://10.0.0.5/live/pin%3A1234", "rtsp://10.0.0.5/live/…"),
        ("rtsp", "rtsp://10.0.0.5/live/p%253d1234", "rtsp://10.0.0.5/live/…"),
        ("http", "http://10.0.0.5/a;u=x;p=y", "http://10.0.0.5/…"),
        ("device", "0", "/dev/video0"),
        ("device", "/dev/video12", "/dev/video12"),
        ("file", "media:6BC0F0AE-5E3B-4F7E-8B9A-0E0B0C7F6D11", "media:6bc0f0ae-5e3b-4f7e-8b9a-0e0b0c7f6d11"),
        ("file", "yard/monday.mp4", "yard/monday.mp4"),
    ],
)
def test_what_is_shown_holds_nothing_that_opens_it(source: str, text: str, shown: str) -> None:
    assert parse(source, text).shown == shown


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("rtsp", "http://cam.example.org/live"),
        ("rtsp", "file:///etc/passwd"),
        ("rtsp", "rtsp:/cam.example.org/live"),
        ("rtsp", "rtsp:cam.example.org"),
        ("rtsp", "rtsp:///live"),
        ("rtsp", "rtsp://cam.example.org/a\r\nSETUP rtsp://other"),
        ("rtsp", "rtsp://cam.example.org/a%0d%0aX: y"),
        ("rtsp", "rtsp://cam.example.org/a%0D%0AX"),
        ("rtsp", "rtsp://cam.example.org/a%00b"),
        ("rtsp", "rtsp://us%0aer:p@cam.example.org/a"),
        ("rtsp", "rtsp://good.example.org@evil@10.0.0.1/a"),
        ("rtsp", "rtsp://good.example.org\\@evil.example.org/a"),
        ("rtsp", "rtsp://good.example.org/a@evil.example.org/b"),
        ("rtsp", "rtsp://good.example.org#@evil.example.org/a"),
        ("rtsp", "rtsp://cam.example.org:0/a"),
        ("rtsp", "rtsp://cam.example.org:99999/a"),
        ("rtsp", "rtsp://cam.example.org:port/a"),
        ("rtsp", "rtsp://[fe80::1%25eth0]/a"),
        ("rtsp", "rtsp://[::1/a"),
        ("rtsp", "rtsp://ex%61mple.org/a"),
        ("rtsp", "rtsp://exämple.org/a"),
        ("rtsp", "rtsp://cam..example.org/a"),
        ("rtsp", "rtsp://-oProxyCommand=x/a"),
        ("rtsp", "rtsp://cam.example.org/" + "a" * 2000),
        ("rtsp", "concat:rtsp://a|file:///etc/passwd"),
        ("rtsp", "rtsp://cam.example.org/a|b"),
        ("rtsp", "rtsp+tls://cam.example.org/a"),
        ("rtsp", " rtsp://cam.example.org/a"),
        ("http", "ftp://cam.example.org/a"),
        ("http", "gopher://cam.example.org/a"),
        ("http", "javascript:alert(1)"),
        ("http", "data:video/mp4;base64,AAAA"),
        ("device", "/dev/sda"),
        ("device", "/dev/video0/../sda"),
        ("device", "video0"),
        ("device", "-1"),
        ("device", "0\n"),
        ("device", "٣"),
        ("file", "/etc/passwd"),
        ("file", "../secret.mp4"),
        ("file", "yard/../../secret.mp4"),
        ("file", "~/secret.mp4"),
        ("file", "file:///etc/passwd"),
        ("file", "concat:a.mp4"),
        ("file", "..\\secret.mp4"),
        ("file", "a\0b.mp4"),
        ("file", ""),
        ("file", "."),
        ("file", "media:../../etc"),
        ("file", "media:"),
    ],
)
def test_what_could_lead_elsewhere_is_refused(source: str, text: str) -> None:
    with pytest.raises(AddressRefused):
        parse(source, text)


def test_what_is_left_out_is_there_when_it_is_opened() -> None:
    place = parse("http", "http://me:s%40cret@10.0.0.5:8080/video.mjpg?res=full&pwd=b")

    assert full(place.shown, place.secret) == "http://10.0.0.5:8080/video.mjpg?res=full&pwd=b"
    assert (place.secret.user, place.secret.password) == ("me", "s@cret")


def test_a_secret_does_not_show_itself() -> None:
    place = parse("rtsp", "rtsp://me:hidden1@10.0.0.5/a?key=hidden2")

    assert "hidden" not in f"{place} {place!r} {place.secret!s}"


@pytest.mark.parametrize(
    ("source", "shown", "others"),
    [
        ("rtsp", "rtsps://10.0.0.5:7441/admin/12345/video", "rtsps://10.0.0.5:7441/…"),
        ("http", "http://[fd00::5]/video.mjpg?…", "http://[fd00::5]/…"),
        ("http", "http://10.0.0.5/?…", "http://10.0.0.5/…"),
        ("rtsp", "rtsp://10.0.0.5", "rtsp://10.0.0.5/"),
        ("device", "/dev/video0", "/dev/video0"),
        ("file", "yard/monday.mp4", "yard/monday.mp4"),
    ],
)
def test_others_see_scheme_host_and_port(source: str, shown: str, others: str) -> None:
    assert for_others(source, shown) == others


@pytest.mark.parametrize(
    ("shown", "where"),
    [
        ("rtsp://cam.example.org/a", ("cam.example.org", 554)),
        ("rtsps://cam.example.org/a", ("cam.example.org", 322)),
        ("https://[fd00::5]:8443/a", ("fd00::5", 8443)),
    ],
)
def test_it_is_known_where_an_address_leads(shown: str, where: tuple[str, int]) -> None:
    assert host_and_port(shown) == where
