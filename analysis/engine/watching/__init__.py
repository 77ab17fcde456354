"""Watching a source for as long as it is wanted: a camera over RTSP or HTTP, a device, a recorded file."""
