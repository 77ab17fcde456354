"""What realtime raises across its modules."""


class UnknownTopic(LookupError):
    """There is no topic with this id."""

    code = "unknown_topic"
