"""What a camera sends must not make us read our own files, ask other hosts, or tell what nobody may know."""

import io
import logging
import socket
import threading

import pytest
from PIL import Image

from analysis.engine.types import SourceOffline
from analysis.engine.watching.source import UnsoundSource
from analysis.engine.watching.watch import LiveSource
from tests.analysis.engine.watching.http_camera import MULTIPART, HttpCamera, Viewer, mjpeg
from tests.analysis.engine.watching.rtsp_camera import RtspCamera
from tests.clips import write_video
from tests.waiting import wait_until

SECRETS = ("viewer", "s3cret!pass", "127.0.0.1", "channel=1", "token=5", "://")


def sends(media_type: str, content: bytes):
    def send(viewer: Viewer) -> None:
        viewer.begin(media_type)
        viewer.write(content)

    return send


@pytest.mark.parametrize(
    "media_type", ["application/vnd.apple.mpegurl", "video/mp4", "multipart/x-mixed-replace"]
)
def test_a_playlist_is_not_followed(begin, tmp_path, media_type):
    clip = write_video(tmp_path / "clip.ts", seconds=1.0, container="mpegts")
    with HttpCamera(mjpeg()) as other:
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{clip}\n#EXTINF:1,\n{other.url}\n"
        with HttpCamera(sends(media_type, playlist.encode())) as camera:
            watch = begin(LiveSource("http", camera.url))
            watch.until_offline()

    assert not other.asked
    assert not watch.seer.frames


@pytest.mark.parametrize(
    "content",
    [
        "ffconcat version 1.0\nfile {clip}\n",
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n",
        '<?xml version="1.0"?><MPD><Period><AdaptationSet><BaseURL>file://{clip}</BaseURL></AdaptationSet></Period></MPD>',
    ],
)
def test_nor_is_any_other_text_that_names_addresses(begin, tmp_path, content):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0)
    with HttpCamera(sends("video/mp4", content.format(clip=clip).encode())) as camera:
        watch = begin(LiveSource("http", camera.url))
        offline = watch.until_offline()

    assert offline.reason.startswith("it sends no video")
    assert not watch.seer.frames


def test_a_redirect_of_an_http_camera_is_not_followed(begin):
    def send(viewer: Viewer) -> None:
        viewer.begin("text/plain", 302, Location=other.url)

    with HttpCamera(mjpeg()) as other, HttpCamera(send) as camera:
        offline = begin(LiveSource("http", camera.url)).until_offline()

    assert offline.reason.startswith("it sends us to another address (302)")
    assert not other.asked


def test_a_redirect_of_an_rtsp_camera_is_not_followed(begin):
    with RtspCamera() as other, RtspCamera(redirect=other.url) as camera:
        offline = begin(LiveSource("rtsp", camera.url)).until_offline()

    assert offline.reason.startswith("it sends us to another address (302)")
    assert not other.connections


def test_a_description_that_names_another_host_does_not_have_it_asked(begin):
    with RtspCamera(seconds=2) as other, RtspCamera(seconds=2, control=other.url) as camera:
        watch = begin(LiveSource("rtsp", camera.url))
        watch.until(lambda told: type(told).__name__ in {"SourceOnline", "SourceOffline"})

    assert not other.connections


def test_only_the_pinned_address_is_connected_to(begin):
    with HttpCamera(mjpeg()) as camera:
        named = f"http://camera.invalid:{camera.port}/video?channel=1"
        watch = begin(LiveSource("http", named, pinned_ip="127.0.0.1"))
        watch.until_online()

    assert f"Host: camera.invalid:{camera.port}" in camera.asked[0]


def test_a_name_that_is_pinned_elsewhere_is_not_asked(begin):
    with HttpCamera(mjpeg()) as camera:
        watch = begin(LiveSource("http", camera.url, pinned_ip="127.0.0.2"))
        watch.until(lambda told: type(told).__name__ in {"SourceOnline", "SourceOffline"})

    # both are this machine, so that the server answers only to the first
    assert not camera.asked


@pytest.mark.parametrize("kind", ["http", "rtsp"])
@pytest.mark.parametrize(
    "answer", [b"", b"\0" * 5000, b"RTSP/1.0 500 no\r\nCSeq: 1\r\n\r\n", b"HTTP/1.1 500\r\n\r\n"]
)
def test_no_reason_and_no_log_line_holds_address_or_password(begin, caplog, kind, answer):
    caplog.set_level(logging.DEBUG)
    door = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_answer, args=(door, answer), daemon=True).start()
    with door:
        address = f"{kind}://127.0.0.1:{door.getsockname()[1]}/live?channel=1&token=5"
        source = LiveSource(kind, address, "viewer", "s3cret!pass")
        told = begin(source).until_offline()

    said = f"{told} {caplog.text} {source!r}"
    assert not [secret for secret in SECRETS if secret in said]


def _answer(door: socket.socket, answer: bytes) -> None:
    while True:
        try:
            viewer, _ = door.accept()
        except OSError:
            return
        with viewer:
            viewer.recv(4000)
            viewer.sendall(answer)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("rtsp", "file:///etc/passwd"),
        ("rtsp", "http://camera/"),
        ("http", "rtsp://camera/"),
        ("http", "concat:a|b"),
        ("http", "http:///video"),
        ("http", "http://viewer:secret@camera/"),
        ("http", "http://camera/a b"),
        ("http", "http://camera/\r\nX-Other: 1"),
        ("http", "http://camera:99999/"),
        ("rtsp", "rtsp://camera/?localaddr=1\n"),
        ("device", "/dev/sda"),
        ("device", "/dev/video0/../sda"),
        ("device", "x11grab"),
        ("file", "/etc/passwd"),
        ("hls", "http://camera/"),
    ],
)
def test_an_address_that_is_none_of_its_kind_is_refused(kind, address):
    with pytest.raises(UnsoundSource):
        LiveSource(kind, address)


def test_a_device_that_is_not_there_is_told(begin):
    offline = begin(LiveSource("device", "/dev/video987")).until_offline()

    assert offline.reason == "there is no such device on this machine"


def test_a_camera_that_sends_more_than_a_thousand_pictures_a_second_is_watched(begin):
    tiny = io.BytesIO()
    Image.new("L", (16, 16)).save(tiny, "JPEG")
    part = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + tiny.getvalue() + b"\r\n"

    def flood(viewer: Viewer) -> None:
        viewer.begin(MULTIPART)
        while not viewer.over.is_set():
            viewer.write(part * 500)

    with HttpCamera(flood) as camera:
        watch = begin(LiveSource("http", camera.url), max_fps=20)
        watch.until_online()
        wait_until(lambda: len(watch.seer.frames) >= 50)
        watch.cancel()

    assert not watch.of(SourceOffline)
