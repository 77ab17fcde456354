"""Where in a frame: boxes and points are in 0–1 of the upright frame, origin top left; boxes are `xyxy`."""

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Landmarks = tuple[Point, Point, Point, Point, Point]
