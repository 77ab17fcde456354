"""Cameras over HTTP: what they send is watched, what goes wrong with them is told once, and they come back."""

from collections.abc import Callable

from analysis.engine.types import DetectorEnded, FootageGap, SourceOffline, SourceOnline
from analysis.engine.watching.watch import LiveSource, Patience, Pulse
from tests.analysis.engine.watching.http_camera import MULTIPART, HttpCamera, Sends, Viewer, jpeg, mjpeg
from tests.clips import write_video
from tests.waiting import wait_until


def test_the_pictures_of_an_mjpeg_camera_are_watched(begin):
    with HttpCamera(mjpeg()) as camera:
        watch = begin(LiveSource("http", camera.url))
        online = watch.until_online()
        wait_until(lambda: len(watch.seer.frames) >= 10)
        told = watch.cancel()

    assert (online.width, online.height, online.codec, online.offline_seconds) == (320, 240, "mjpeg", None)
    assert watch.seer.times == sorted(set(watch.seer.times))
    assert watch.seer.numbers == sorted(set(watch.seer.numbers))
    assert isinstance(told[-1], DetectorEnded)


def test_an_mp4_over_http_is_watched_at_its_own_pace(begin, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", seconds=1.0).read_bytes()

    def send(viewer: Viewer) -> None:
        viewer.begin("video/mp4")
        viewer.write(clip)

    with HttpCamera(send) as camera:
        watch = begin(LiveSource("http", camera.url))
        watch.until_offline()

    assert len(watch.seer.frames) >= 20
    assert watch.seer.times[-1] - watch.seer.times[0] > 0.8


def test_a_camera_that_hangs_up_is_told_once_and_comes_back(begin):
    with HttpCamera(mjpeg(5), mjpeg(0), mjpeg(0), mjpeg()) as camera:
        watch = begin(LiveSource("http", camera.url))
        offline = watch.until_offline()
        online = watch.until_online()

    assert offline.reason == "its stream ended"
    assert 0.1 < offline.retry_seconds <= 0.2
    assert len(watch.of(SourceOffline)) == 1
    assert 0.3 < online.offline_seconds < 10
    assert watch.seer.opened == 1
    assert len(camera.asked) == 4


def test_a_camera_that_stalls_is_left_and_asked_again(begin):
    with HttpCamera(mjpeg(5, then=Viewer.hold), mjpeg()) as camera:
        watch = begin(LiveSource("http", camera.url))
        offline = watch.until_offline()
        watch.until_online()

    assert offline.reason == "no picture came for 1 s"


def test_a_camera_that_sends_a_byte_now_and_then_has_stalled_too(begin):
    def dribble(viewer: Viewer) -> None:
        while not viewer.over.is_set():
            viewer.write(b"\0")
            viewer.pause(0.1)

    with HttpCamera(mjpeg(5, then=dribble), mjpeg()) as camera:
        watch = begin(LiveSource("http", camera.url))
        offline = watch.until_offline()

    assert offline.reason == "no picture came for 1 s"


def test_garbage_is_no_video(begin):
    def send(viewer: Viewer) -> None:
        viewer.begin("video/mp4")
        viewer.write(bytes(range(256)) * 400)

    with HttpCamera(send) as camera:
        watch = begin(LiveSource("http", camera.url))
        offline = watch.until_offline()

    assert offline.reason.startswith("it sends no video")


def test_pictures_that_are_garbage_do_not_end_the_good_ones(begin):
    def send(viewer: Viewer) -> None:
        viewer.begin(MULTIPART)
        number = 0
        while not viewer.over.is_set():
            viewer.picture(number)
            bad = jpeg(number)[:200] + b"\xff\x00garbage" * 40
            viewer.write(
                b"--frame\r\nContent-Type: image/jpeg\r\n" + f"Content-Length: {len(bad)}\r\n\r\n".encode()
            )
            viewer.write(bad + b"\r\n")
            viewer.pause()
            number += 1

    with HttpCamera(send) as camera:
        watch = begin(LiveSource("http", camera.url))
        watch.until_online()
        wait_until(lambda: len(watch.seer.frames) >= 5)
        watch.cancel()

    assert not watch.of(SourceOffline)


def test_pictures_of_another_size_are_told_and_watched_without_an_outage(begin):
    def send(viewer: Viewer) -> None:
        viewer.begin(MULTIPART)
        number = 0
        while not viewer.over.is_set():
            large = viewer.number > 0 or number > 5
            viewer.picture(number, *(640, 480) if large else (320, 240))
            viewer.pause()
            number += 1

    with HttpCamera(send) as camera:
        watch = begin(LiveSource("http", camera.url))
        first, second = watch.until_online(), watch.until_online()
        wait_until(lambda: (480, 640, 3) in {shape for _, _, shape in watch.seer.frames})
        watch.cancel()

    assert (first.width, second.width, second.offline_seconds) == (320, 640, None)
    assert not watch.of(SourceOffline)
    assert watch.seer.times == sorted(set(watch.seer.times))
    assert watch.seer.opened == 1


def test_a_camera_that_always_begins_small_and_grows_is_watched(begin):
    def send(viewer: Viewer) -> None:
        viewer.begin(MULTIPART)
        number = 0
        while not viewer.over.is_set():
            viewer.picture(number, *(640, 480) if number > 5 else (320, 240))
            viewer.pause()
            number += 1

    with HttpCamera(send) as camera:
        watch = begin(LiveSource("http", camera.url))
        watch.until_online()
        wait_until(lambda: (480, 640, 3) in {shape for _, _, shape in watch.seer.frames})
        watch.cancel()

    assert not watch.of(SourceOffline)
    assert len(camera.asked) == 2


def growing(width_of: Callable[[int], int]) -> Sends:
    """Begins small each time, and grows to a width by how often it was asked."""

    def send(viewer: Viewer) -> None:
        viewer.begin(MULTIPART)
        number = 0
        while not viewer.over.is_set():
            viewer.picture(number, *(width_of(viewer.number), 240) if number > 5 else (160, 240))
            viewer.pause()
            number += 1

    return send


def test_a_camera_that_grows_a_little_each_time_is_given_room_for_more(begin):
    with HttpCamera(growing(lambda asked: 320 + 16 * asked)) as camera:
        watch = begin(LiveSource("http", camera.url))
        watch.until_online()
        wait_until(lambda: (240, 336, 3) in {shape for _, _, shape in watch.seer.frames})
        wait_until(lambda: len(watch.seer.frames) > 40)
        watch.cancel()

    assert not watch.of(SourceOffline)
    assert len(camera.asked) == 2


def test_a_camera_that_grows_beyond_that_again_and_again_is_asked_ever_more_rarely(begin):
    patience = Patience(open_seconds=3, stall_seconds=1, first_retry_seconds=60)
    with HttpCamera(growing(lambda asked: 320 * 3**asked)) as camera:
        offline = begin(LiveSource("http", camera.url), patience=patience).until_offline()

    assert offline.reason == "the process that decodes it had to be replaced again and again"
    assert len(camera.asked) == 2


def test_what_is_missed_while_a_process_is_replaced_is_told(begin):
    larger = growing(lambda asked: 320)

    def late(viewer: Viewer) -> None:
        viewer.pause(1.5)
        larger(viewer)

    with HttpCamera(larger, late) as camera:
        watch = begin(LiveSource("http", camera.url), patience=Patience())
        gap = watch.until(lambda told: isinstance(told, FootageGap))

    assert gap.to_seconds - gap.from_seconds > 1.5
    assert gap.reason == "the process that decodes it was replaced"
    assert not watch.of(SourceOffline)


def test_pictures_too_large_for_a_watch_are_told(begin):
    def send(viewer: Viewer) -> None:
        viewer.begin(MULTIPART)
        while not viewer.over.is_set():
            viewer.part(large)
            viewer.pause()

    large = jpeg(0, 8000, 4400)

    with HttpCamera(send) as camera:
        offline = begin(LiveSource("http", camera.url)).until_offline()

    assert offline.reason == "its pictures have more than 33,177,600 pixels"


def test_a_camera_asks_for_a_password_and_gets_it(begin):
    with HttpCamera(mjpeg(), login=("viewer", "s3cret!pass")) as camera:
        watch = begin(LiveSource("http", camera.url, "viewer", "s3cret!pass"))
        watch.until_online()

    assert "s3cret" not in "".join(camera.asked)


def test_a_wrong_password_is_told_without_it(begin):
    with HttpCamera(mjpeg(), login=("viewer", "s3cret!pass")) as camera:
        watch = begin(LiveSource("http", camera.url, "viewer", "wr0ng!pass"))
        offline = watch.until_offline()

    assert offline.reason == "it does not accept the user and the password (401)"


def test_no_password_where_one_is_needed_is_told(begin):
    with HttpCamera(mjpeg(), login=("viewer", "s3cret!pass")) as camera:
        watch = begin(LiveSource("http", camera.url))

        assert watch.until_offline().reason == "it asks for a user and a password (401)"


def test_signs_of_life_go_on_while_nobody_is_there(begin):
    with HttpCamera(mjpeg()) as camera:
        address = camera.url
    watch = begin(LiveSource("http", address))
    offline = watch.until_offline()
    pulse = watch.until(lambda told: isinstance(told, Pulse) and len(watch.of(Pulse)) == 2)

    assert offline.reason == "it refuses the connection"
    assert not pulse.online
    assert len(watch.of(SourceOffline)) == 1
    assert not watch.of(SourceOnline)


def test_a_user_with_letters_of_any_script_gets_in(begin):
    with HttpCamera(mjpeg(), login=("jürgen-łukasz", "pässword")) as camera:
        watch = begin(LiveSource("http", camera.url, "jürgen-łukasz", "pässword"))
        watch.until_online()

    assert len(camera.asked) == 2
