"""People drawn as plain shapes on a textured ground, and clutter without people."""

import cv2
import numpy as np

from tests.analysis.engine.analytics.drawn_footage import ground

WIDTH, HEIGHT = 640, 360


def scenery(seed, *, clutter=False):
    """Ground with the noise of a camera; with clutter, upright bars of many sizes on it."""
    rgb = cv2.GaussianBlur(ground(seed=seed, width=WIDTH, height=HEIGHT), (0, 0), 1).copy()
    random = np.random.default_rng(seed)
    for _ in range(6 if clutter else 0):
        x, wide = int(random.uniform(0, WIDTH)), int(random.uniform(6, 60))
        y, high = int(random.uniform(0, 200)), int(random.uniform(60, 260))
        rgb[y : y + high, x : x + wide] = random.integers(0, 255, 3)
    return noisy(rgb, seed)


def noisy(rgb, seed):
    noise = np.random.default_rng(seed).normal(0, 4, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def filmed(rgb, seed):
    """As a camera would give it: not quite sharp, with noise."""
    return noisy(cv2.GaussianBlur(rgb, (0, 0), 0.7), 1000 + seed)


def stand(rgb, middle, feet, high, tone):
    """Draws a person of `high` pixels and gives the box, in pixels."""
    head = high / 8
    ink = tuple(int(value) for value in tone)
    cv2.ellipse(
        rgb,
        at(middle, feet - 7.4 * head),
        (int(0.42 * head), int(0.6 * head)),
        0,
        0,
        360,
        ink,
        -1,
        cv2.LINE_AA,
    )
    torso = [(-1.0, -6.6), (1.0, -6.6), (0.75, -3.8), (-0.75, -3.8)]
    points = np.array([at(middle + x * head, feet + y * head) for x, y in torso], np.int32)
    cv2.fillPoly(rgb, [points], ink, cv2.LINE_AA)
    for side in (-1, 1):
        limb(
            rgb,
            (middle + side * 0.4 * head, feet - 4 * head),
            (middle + side * 0.65 * head, feet),
            0.62 * head,
            ink,
        )
        hand = (middle + side * 1.25 * head, feet - 3.7 * head)
        limb(rgb, (middle + side * 0.95 * head, feet - 6.3 * head), hand, 0.4 * head, ink)
    return middle - 1.45 * head, feet - high, middle + 1.45 * head, feet


def limb(rgb, start, end, wide, ink):
    cv2.line(rgb, at(*start), at(*end), ink, max(1, int(wide)), cv2.LINE_AA)


def at(x, y):
    return int(x), int(y)
