"""Objects found in single pictures, by class, before they are followed."""

from analysis.engine.analytics.detection.classes import COCO, PERSON, VEHICLES, WITH_PLATES
from analysis.engine.analytics.detection.finder import NAMES, ObjectFinder, best_finder

__all__ = ["COCO", "NAMES", "PERSON", "VEHICLES", "WITH_PLATES", "ObjectFinder", "best_finder"]
