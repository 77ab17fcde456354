"""What parsers raise on files that are not what they should be, in words for people."""

from analysis.engine.errors import EngineError

# Their texts are sentences of whoever wrote the parser; those of all others are about Python.
_TOLD = (EngineError, OSError, SyntaxError, ValueError, EOFError, RuntimeError)
MISPLACED = "something in it is not as its format has it"


def words_of(error: BaseException, most: int = 300) -> str:
    """The error's own words, without the names of Python's errors and without the path that an OSError ends with."""
    said = getattr(error, "strerror", None) or str(error)
    return said[:most] if isinstance(error, _TOLD) and said.strip() else MISPLACED
