"""What parsers raise on files that are not what they should be, in words for people."""

from analysis.engine.errors import EngineError

# Their texts are sentences of whoever wrote the parser; those of all others are about Python.
_TOLD = (EngineError, OSError, SyntaxError, ValueError, EOFError, RuntimeError)
_NOT_TOLD = (UnicodeError, RecursionError, NotImplementedError)
MISPLACED = "something in it is not as its format has it"
UNLIKE = "it begins like such a picture and does not go on like one"


def words_of(error: BaseException, most: int = 300) -> str:
    """The error's own words, without the names of Python's errors, its objects, and the path an OSError ends with."""
    # Pillow's, whose words name the path or the object; not imported for this, as most readers need no Pillow
    if type(error).__name__ == "UnidentifiedImageError":
        return UNLIKE
    if isinstance(error, _NOT_TOLD) or not isinstance(error, _TOLD) or _is_of_python(error):
        return MISPLACED
    said = getattr(error, "strerror", None) or str(error)
    return said[:most] if said.strip() else MISPLACED


def _is_of_python(error: BaseException) -> bool:
    """Whether `int`, `float` and the like raised it."""
    return str(error).startswith(("invalid literal for ", "could not convert string to "))
