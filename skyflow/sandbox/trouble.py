"""What the provider says instead of a result: error objects, and the requests that get no answer at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = "https://runware.ai/docs/models/skywork-skyreels-v4"
"""What ``documentation`` of an error about a parameter points to."""

STATUS = {
    "invalidApiKey": 401,
    "unauthorized": 401,
    "forbidden": 403,
    "insufficientCredits": 402,
    "taskNotFound": 404,
    "rateLimitExceeded": 429,
    "internalServerError": 500,
    "serviceUnavailable": 503,
    "providerGatewayTimeout": 504,
}
"""The HTTP status of a whole request that failed with this code; 400 for every other."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One error object, before it knows its task.

    Attributes:
        code: the provider's own.
        parameter: the parameter that is meant; several where they clash.
        more: such as ``min``, ``max`` and ``allowedValues``.
        status: of a request that holds nothing else; 0 takes it from the code.
    """

    code: str
    message: str
    parameter: str | tuple[str, ...] = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    status: int = 0

    @property
    def http(self) -> int:
        return self.status or STATUS.get(self.code, 400)

    def row(self, task: Mapping[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        """The error object of a task; what the task does not say is left out."""
        row: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.parameter:
            row["parameter"] = self.parameter if isinstance(self.parameter, str) else list(self.parameter)
            row["documentation"] = PAGE
        row |= {key: task[key] for key in ("taskType", "taskUUID") if isinstance(task.get(key), str)}
        return {**row, **self.more, **more}


class Dropped(Exception):
    """The connection is to end here, with nothing more said.

    A server cuts the socket; a transport that calls the application in process raises what its client expects of a
    connection that broke.
    """
