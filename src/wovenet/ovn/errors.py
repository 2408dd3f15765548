"""What can go wrong between us and an OVSDB server."""


class OvsdbError(Exception):
    """Base of everything that `wovenet.ovn.client` raises."""


class ConnectionLost(OvsdbError):  # noqa: N818
    """There is no connection. What was in flight may or may not have been committed."""


class NotLeader(ConnectionLost):
    """Servers answer, but none of them leads the database (an election, or a follower was configured alone)."""


class RequestRefused(OvsdbError):  # noqa: N818
    """The server did not understand the request as a whole: unknown database, unknown method, bad syntax."""

    def __init__(self, method: str, error: str, details: str = "") -> None:
        super().__init__(method, error)
        self.method = method
        self.error = error
        self.details = details


class TransactionRefused(OvsdbError):  # noqa: N818
    """Nothing of the transaction was applied.

    `index` is the operation that failed, None when it was the commit (integrity, index or cluster). `details` is the
    server's text; it quotes row contents, so it goes to an operator and not to a client.
    Source: RFC 7047, 4.1.3 and 5.2.
    """

    def __init__(self, index: int | None, error: str, details: str = "") -> None:
        super().__init__(index, error)
        self.index = index
        self.error = error
        self.details = details
