"""One thing that a detector of facts has to say: its kind, where in the file it stands, and a sentence."""

Finding = dict[str, str]
MAX_SENTENCE, MAX_FIELD = 500, 100


def finding(kind: str, field: str, sentence: str) -> Finding:
    """A finding; long ones are cut. field: "" for what stands nowhere in particular."""
    return {"kind": kind, "field": field[:MAX_FIELD], "sentence": sentence[:MAX_SENTENCE]}
