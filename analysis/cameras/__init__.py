"""Cameras: sources that are watched as long as they are enabled."""
