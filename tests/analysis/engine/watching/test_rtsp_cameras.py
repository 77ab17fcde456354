"""Cameras over RTSP, served over one TCP connection by a server that speaks the protocol."""

import pytest

from analysis.engine.types import SourceOffline
from analysis.engine.watching.watch import LiveSource
from tests.analysis.engine.watching.rtsp_camera import RtspCamera
from tests.waiting import wait_until


def test_the_pictures_of_an_rtsp_camera_are_watched(begin):
    with RtspCamera(seconds=4, stall=True) as camera:
        watch = begin(LiveSource("rtsp", camera.url))
        online = watch.until_online()
        wait_until(lambda: len(watch.seer.frames) >= 10)
        watch.cancel()

    assert (online.width, online.height, online.codec) == (320, 240, "h264")
    assert watch.seer.times == sorted(set(watch.seer.times))
    assert not watch.of(SourceOffline)


def test_it_is_asked_over_tcp_and_by_its_own_name(begin):
    with RtspCamera(seconds=4, stall=True) as camera:
        begin(LiveSource("rtsp", camera.url)).until_online()

    assert [one.split(" ")[0] for one in camera.asked[:4]] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert camera.asked[1].startswith(f"DESCRIBE {camera.url} RTSP/1.0\r\n")
    assert "Transport: RTP/AVP/TCP" in camera.asked[2]


@pytest.mark.parametrize("basic", [False, True])
def test_it_asks_for_a_password_and_gets_it(begin, basic):
    with RtspCamera(seconds=4, login=("viewer", "s3cret!pass"), basic=basic) as camera:
        watch = begin(LiveSource("rtsp", camera.url, "viewer", "s3cret!pass"))
        watch.until_online()

    assert "s3cret" not in "".join(camera.asked)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("wr0ng!pass", "it does not accept the user and the password (401)"),
        ("", "it does not accept the user and the password (401)"),
    ],
)
def test_a_wrong_password_is_told_without_it(begin, password, reason):
    with RtspCamera(login=("viewer", "s3cret!pass")) as camera:
        watch = begin(LiveSource("rtsp", camera.url, "viewer", password))

        assert watch.until_offline().reason == reason


def test_a_camera_that_hangs_up_comes_back(begin):
    with RtspCamera(seconds=2) as camera:
        watch = begin(LiveSource("rtsp", camera.url))
        offline = watch.until_offline()
        again = watch.until(lambda told: getattr(told, "offline_seconds", None) is not None)

    assert offline.reason in {"its stream ended", "it broke the connection off"}
    assert again.offline_seconds > 0.1
    assert watch.seer.opened == 1


def test_a_camera_that_stalls_is_left(begin):
    with RtspCamera(seconds=3, stall=True) as camera:
        watch = begin(LiveSource("rtsp", camera.url))
        offline = watch.until_offline()

    assert offline.reason == "no picture came for 1 s"


def test_larger_pictures_after_a_reconnection_are_told_with_their_size(begin):
    with RtspCamera(seconds=2, sizes=((320, 240), (640, 480))) as camera:
        watch = begin(LiveSource("rtsp", camera.url))
        watch.until_online()
        online = watch.until_online()

    assert (online.width, online.height) == (640, 480)


def test_a_description_that_is_garbage_is_told(begin):
    with RtspCamera(body=b"\xff\x00" * 300) as camera:
        offline = begin(LiveSource("rtsp", camera.url)).until_offline()

    assert "127.0.0.1" not in offline.reason
