"""Cameras over TLS: who shows that it is the one is watched, and nobody else learns anything."""

import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from analysis.engine.types import SourceOffline
from analysis.engine.watching.authorisation import Login
from analysis.engine.watching.rtsp_relay import RtspRelay
from analysis.engine.watching.watch import LiveSource, Patience, Pulse
from tests.analysis.engine.watching.certificates import DAY, Authority, self_signed
from tests.analysis.engine.watching.http_camera import HttpCamera, Viewer, mjpeg
from tests.analysis.engine.watching.rtsp_camera import RtspCamera
from tests.clips import write_video
from tests.waiting import wait_until

LOGIN = ("viewer", "s3cret!pass")


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_an_mjpeg_camera_of_an_own_authority_is_watched(begin, ours):
    with HttpCamera(mjpeg(), login=LOGIN, tls=ours.server()) as camera:
        watch = begin(LiveSource("http", camera.url, *LOGIN, authorities=ours.path))
        online = watch.until_online()
        wait_until(lambda: len(watch.seer.frames) >= 10)

    assert (online.width, online.height, online.codec) == (320, 240, "mjpeg")


def test_an_mp4_over_https_is_watched(begin, ours, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0).read_bytes()

    def send(viewer: Viewer) -> None:
        viewer.begin("video/mp4")
        viewer.write(clip)

    with HttpCamera(send, tls=ours.server()) as camera:
        watch = begin(LiveSource("http", camera.url, authorities=ours.path))
        watch.until_offline()

    assert len(watch.seer.frames) >= 20


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_camera_over_rtsps_is_watched(begin, ours, newest):
    tls = ours.server()
    tls.maximum_version = newest

    with RtspCamera(login=LOGIN, tls=tls, stall=True) as camera:
        watch = begin(LiveSource("rtsp", camera.url, *LOGIN, authorities=ours.path))
        online = watch.until_online()
        wait_until(lambda: len(watch.seer.frames) >= 10)

    assert (online.width, online.height, online.codec) == (320, 240, "h264")
    assert all(f" rtsps://127.0.0.1:{camera.port}/live/ch1" in one for one in camera.asked)
    assert "s3cret" not in "".join(camera.asked)


def test_a_name_is_checked_while_the_pinned_address_is_connected_to(begin, ours):
    with HttpCamera(mjpeg(), tls=ours.server(host="cam.example.org")) as camera:
        address = f"https://cam.example.org:{camera.port}/video"
        watch = begin(LiveSource("http", address, pinned_ip="127.0.0.1", authorities=ours.path))

        assert watch.until_online().codec == "mjpeg"


def test_a_certificate_a_camera_made_itself_is_trusted_once_it_is_named(begin, tmp_path):
    with HttpCamera(mjpeg(), tls=self_signed(tmp_path / "camera.pem")) as camera:
        watch = begin(LiveSource("http", camera.url, authorities=tmp_path / "camera.pem"))

        assert watch.until_online().codec == "mjpeg"


def refused(kind: str, folder: Path) -> ssl.SSLContext:
    """What a camera shows that is not to be trusted, in one way each."""
    ours = Authority(folder)
    made = {
        "self-signed": lambda: self_signed(folder / "camera.pem"),
        "strange": lambda: Authority(folder, "others").server(),
        "expired": lambda: ours.server(ends=-DAY),
        "not yet": lambda: ours.server(begins=DAY),
        "wrong host": lambda: ours.server(host="cam.example.org"),
        "wrong address": lambda: ours.server(host="127.0.0.2"),
    }
    return made[kind]()


REFUSED = [
    ("self-signed", "certificate_untrusted", "it signed its certificate itself"),
    ("strange", "certificate_untrusted", "its certificate is signed by nobody this desk trusts"),
    ("expired", "certificate_expired", "its certificate has expired"),
    ("not yet", "certificate_not_yet_valid", "its certificate is not valid yet"),
    ("wrong host", "certificate_wrong_host", "its certificate is for another host"),
    ("wrong address", "certificate_wrong_host", "its certificate is for another host"),
]


@pytest.mark.parametrize(("kind", "code", "said"), REFUSED)
def test_a_camera_that_may_be_another_is_told_nothing_over_https(begin, tmp_path, kind, code, said):
    with HttpCamera(mjpeg(), tls=refused(kind, tmp_path)) as camera:
        source = LiveSource("http", camera.url, *LOGIN, authorities=tmp_path / "ca.pem")
        offline = begin(source).until_offline()

    assert (offline.code, camera.connections, camera.asked) == (code, 1, [])
    assert offline.reason.startswith(said)


@pytest.mark.parametrize(("kind", "code", "said"), REFUSED)
def test_a_camera_that_may_be_another_is_told_nothing_over_rtsps(begin, tmp_path, kind, code, said):
    with RtspCamera(tls=refused(kind, tmp_path)) as camera:
        source = LiveSource("rtsp", camera.url, *LOGIN, authorities=tmp_path / "ca.pem")
        offline = begin(source).until_offline()

    assert (offline.code, camera.connections, camera.asked) == (code, 1, [])
    assert offline.reason.startswith(said)


def test_a_refused_certificate_is_looked_at_again_only_after_the_longest_wait(begin, tmp_path):
    patience = Patience(first_retry_seconds=0.1, most_retry_seconds=60)
    with HttpCamera(mjpeg(), tls=self_signed(tmp_path / "camera.pem")) as camera:
        offline = begin(LiveSource("http", camera.url), patience=patience).until_offline()

    assert 45 <= offline.retry_seconds <= 60


def test_a_camera_that_renews_its_certificate_comes_back(begin, ours):
    tls = ours.server(ends=-DAY)
    with HttpCamera(mjpeg(), tls=tls) as camera:
        watch = begin(LiveSource("http", camera.url, authorities=ours.path))
        watch.until_offline()
        tls.load_cert_chain(ours.issued())

        assert watch.until_online().offline_seconds > 0


def test_a_certificate_that_ran_out_while_it_was_watched_is_told_once_after_the_other_reason(begin, ours):
    tls = ours.server()
    patience = Patience(open_seconds=3, stall_seconds=1, first_retry_seconds=0.2, most_retry_seconds=0.2)
    with HttpCamera(mjpeg(5), tls=tls) as camera:
        watch = begin(LiveSource("http", camera.url, authorities=ours.path), patience=patience)
        watch.until_online()
        tls.load_cert_chain(ours.issued(ends=-DAY))
        watch.until(lambda told: isinstance(told, Pulse) and camera.connections > 3)

    assert [(one.reason, one.code) for one in watch.of(SourceOffline)] == [
        ("its stream ended", ""),
        ("its certificate has expired", "certificate_expired"),
    ]


def test_an_encrypted_camera_does_not_lead_to_an_open_one(begin, ours):
    with HttpCamera(mjpeg()) as elsewhere:

        def send(viewer: Viewer) -> None:
            viewer.begin("text/html", status=302, Location=elsewhere.url)

        with HttpCamera(send, login=LOGIN, tls=ours.server()) as camera:
            offline = begin(LiveSource("http", camera.url, *LOGIN, authorities=ours.path)).until_offline()

    assert offline.reason.startswith("it sends us to another address (302)")
    assert (offline.code, elsewhere.connections) == ("", 0)


def test_what_does_not_speak_tls_is_told_nothing(begin):
    with HttpCamera(mjpeg()) as camera:
        address = camera.url.replace("http:", "https:")
        offline = begin(LiveSource("http", address, *LOGIN)).until_offline()

    assert offline.reason == "it does not speak TLS as it should"
    assert "Authorization" not in "".join(camera.asked)


def test_a_file_of_authorities_that_went_is_told_without_its_path(begin, tmp_path, ours):
    with HttpCamera(mjpeg(), tls=ours.server()) as camera:
        gone = tmp_path / "gone.pem"
        offline = begin(LiveSource("http", camera.url, authorities=gone)).until_offline()

    assert offline.reason == "the file of authorities for cameras cannot be read on this machine"


def test_what_tls_says_beside_the_pictures_keeps_nobody_from_asking(ours):
    """After its handshake TLS 1.3 sends tickets: bytes to read that hold nothing of the camera's."""
    with RtspCamera(tls=ours.server()) as camera:
        relay = RtspRelay(
            camera.url, Login("", ""), None, open_seconds=30, silent_seconds=30, authorities=ours.path
        )
        port = urlsplit(relay.url).port
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            wait_until(lambda: not is_open(port))
            client.sendall(f"OPTIONS {relay.url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
            answer = client.recv(1000)
        relay.close()

    assert answer.startswith(b"RTSP/1.0 200")


def is_open(port: int | None) -> bool:
    """Whether one more may come in: the relay has one door, for one."""
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == 0
