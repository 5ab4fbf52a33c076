"""What the provider's refusals mean: a table from its codes to the few classes that decide what happens next.

Its codes differ by model and are being renamed, so a code is looked up by rules, the narrowest first, and a code that
no rule knows is judged by the HTTP status that it came with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "conflict",
    "auth",
    "quota",
    "rateLimit",
    "safety",
    "model",
    "timeout",
    "notFound",
    "provider",
    "server",
    "validation",
    "address",
    "unknown",
]
"""``conflict`` says that the task is there already; ``model`` is a model that the provider does not have; ``address``
is an answer of something that is not the provider."""

ACCOUNT = frozenset({"auth", "quota", "address"})
"""Every other shot would be refused too."""
PASSING = frozenset({"rateLimit", "provider", "timeout", "server"})
"""Worth another try: the same UUID while it is being sent, a new one once it is reported as failed."""

_EXACT: dict[Kind, str] = {
    "conflict": "conflictTaskUUID duplicateTaskUUID",
    "auth": """unauthorized forbidden permissionDenied authenticationFailed authenticationRequired authTimeout
        tokenExpired accountSuspended accountDisabled organizationDisabled organizationSuspended""",
    "quota": "paymentRequired",
    "rateLimit": "rateLimitExceeded rateLimit tooManyRequests queueFull concurrencyLimitExceeded",
    "safety": """contentPolicyViolation providerContentPolicyViolation sensitiveContentDetected unsafeContentDetected
        nsfwContentDetected promptBlocked imageBlocked moderationFailed invalidProviderContent""",
    "model": "unknownModel modelNotFound invalidModel unsupportedModel modelNotSupported",
    "timeout": "timeoutProvider timeout",
    "notFound": "taskCancelled taskFailedOrNotFound",
    "provider": """inferenceError processingFailed taskFailed downloadFailed uploadFailed noAvailableServer
        modelUnavailable modelDisabled modelNotReady mediaStorageFileCouldNotBeMoved""",
    "server": """internalServerError serviceUnavailable serverUnavailable standardError unknownError defaultError
        unrecognizedResponse""",
    "validation": "unknownParameter incompatibleParameters validationFailed modelAlreadyExists",
}

_BY_WORD: dict[str, Kind] = {word.lower(): kind for kind, words in _EXACT.items() for word in words.split()}

_RULES: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"api_?key", re.IGNORECASE), "auth"),
    (re.compile(r"credits|quota|balance", re.IGNORECASE), "quota"),
    (re.compile(r"rate_?limit", re.IGNORECASE), "rateLimit"),
    (re.compile(r"Timeout"), "timeout"),
    (re.compile(r"(NotFound|Expired)$"), "notFound"),
    (re.compile(r"^provider(?![a-z])"), "provider"),
    (re.compile(r"^(invalid|missing|unsupported|value|array|max|duplicate|conflict(?:ing)?)(?![a-z])"), "validation"),
)

_BY_STATUS: dict[int, Kind] = {
    400: "validation",
    401: "auth",
    402: "quota",
    403: "auth",
    404: "notFound",
    405: "validation",
    408: "timeout",
    413: "validation",
    422: "validation",
    429: "rateLimit",
    504: "timeout",
}


def kind_of(code: str, status: int = 200) -> Kind:
    """The class of a refusal.

    Args:
        code: the provider's own, in any spelling; empty where it gave none.
        status: of the HTTP answer that it came in.
    """
    if found := _BY_WORD.get(code.lower()):
        return found
    for rule, kind in _RULES:
        if rule.search(code):
            return kind
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return "address"
    return "server" if status >= 500 else "unknown"


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal, as the provider said it, secrets removed.

    Attributes:
        code: the provider's own.
        parameters: which parts of the request it names.
        task_uuid: whose; None where it does not say.
    """

    code: str
    message: str
    kind: Kind
    parameters: tuple[str, ...] = ()
    task_uuid: str | None = None

    @property
    def said(self) -> str:
        """Its words, for people."""
        return f"{self.message} ({self.code})" if self.message and self.code else self.message or self.code


_REMEDIES: dict[str, str] = {
    "address": "check RUNWARE_BASE_URL",
    "auth": "check RUNWARE_API_KEY and what it is allowed to do",
    "quota": "add credit to the account, then run again: what is there is not bought again",
    "rateLimit": "run again later, or with fewer --jobs",
    "safety": "change the shot's prompt or pictures, then run again",
    "model": "wait until the provider has the model, or run with --backend animatic",
    "timeout": "run again: it is tried under a new attempt",
    "notFound": "run again: it is bought under a new attempt",
    "provider": "run again later: it is tried under a new attempt",
    "server": "run again later",
    "validation": "change the shot, then run again; 'skyflow show' prints the request",
}


def remedy_of(kind: str) -> str:
    """What a person can do about a refusal."""
    return _REMEDIES.get(kind, "run again, or ask the provider")
