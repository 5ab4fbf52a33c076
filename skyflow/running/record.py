"""Takes and versions as JSON, and back. What comes from a file is judged before anyone uses it."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from skyflow.planning.takes import Receipt, Take, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

SHA256 = re.compile(r"[0-9a-f]{64}")
ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
NUMBER = re.compile(r"[1-9][0-9]{0,8}")
RATE = re.compile(r"[1-9][0-9]{0,8}(/[1-9][0-9]{0,8})?")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
MONEY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,18})?")
WORDS = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class Unreadable(Exception):
    """A value that is not what its place asks for; says where and what."""


def mapping(value: object, at: str) -> dict[str, Any]:
    """The value as a mapping of a JSON document."""
    if not isinstance(value, dict):
        raise Unreadable(f"{at} is no mapping")
    return value


def text(value: object, at: str, form: re.Pattern[str]) -> str:
    """The value as a text of a certain form."""
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Unreadable(f"{at} is {_short(value)}")
    return value


def whole(value: object, at: str, least: int = 1) -> int:
    """The value as a whole number, at least ``least``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise Unreadable(f"{at} is {_short(value)}")
    return value


def read_version(key: str, value: object, at: str) -> Version:
    """A version from its JSON.

    Raises:
        Unreadable: anything in it is missing or not what it should be.
    """
    raw = mapping(value, at)
    takes = {
        int(text(number, f"{at}.takes", NUMBER)): read_take(int(number), take, f"{at}.takes.{number}")
        for number, take in mapping(raw.get("takes"), f"{at}.takes").items()
    }
    pick = whole(raw.get("pick"), f"{at}.pick")
    if pick not in takes:
        raise Unreadable(f"{at}.pick names take {pick}, which is not there")
    return Version(
        key=text(key, at, SHA256),
        request=text(raw.get("request"), f"{at}.request", SHA256),
        backend=text(raw.get("backend"), f"{at}.backend", WORDS),
        backend_version=text(raw.get("backend_version"), f"{at}.backend_version", WORDS),
        model=text(raw.get("model"), f"{at}.model", WORDS),
        pick=pick,
        takes=takes,
    )


def read_take(number: int, value: object, at: str) -> Take:
    """A take from its JSON.

    Raises:
        Unreadable: anything in it is missing or not what it should be.
    """
    raw = mapping(value, at)
    sound = raw.get("sound")
    if not isinstance(sound, bool):
        raise Unreadable(f"{at}.sound is {_short(sound)}")
    seed = raw.get("seed")
    return Take(
        take=number,
        label=text(raw.get("label"), f"{at}.label", ID),
        sha256=text(raw.get("sha256"), f"{at}.sha256", SHA256),
        bytes=whole(raw.get("bytes"), f"{at}.bytes"),
        width=whole(raw.get("width"), f"{at}.width"),
        height=whole(raw.get("height"), f"{at}.height"),
        frames=whole(raw.get("frames"), f"{at}.frames"),
        rate=Fraction(text(raw.get("fps"), f"{at}.fps", RATE)),
        sound=sound,
        seed=None if seed is None else whole(seed, f"{at}.seed", least=0),
        receipt=_read_receipt(raw, at),
    )


def _read_receipt(raw: Mapping[str, Any], at: str) -> Receipt | None:
    """Where a take was paid for; None for one that cost nothing, and for one of an older lock."""
    if not any(name in raw for name in ("task_uuid", "video_uuid", "cost", "nsfw")):
        return None
    cost, nsfw = raw.get("cost"), raw.get("nsfw")
    if nsfw is not None and not isinstance(nsfw, bool):
        raise Unreadable(f"{at}.nsfw is {_short(nsfw)}")
    return Receipt(
        task_uuid=text(raw.get("task_uuid"), f"{at}.task_uuid", NAME),
        video_uuid=text(raw.get("video_uuid"), f"{at}.video_uuid", NAME),
        cost=None if cost is None else Decimal(text(cost, f"{at}.cost", MONEY)),
        nsfw=nsfw,
    )


def write_version(version: Version) -> dict[str, Any]:
    """A version as JSON, without its key, which is its name."""
    return {
        "request": version.request,
        "backend": version.backend,
        "backend_version": version.backend_version,
        "model": version.model,
        "pick": version.pick,
        "takes": write_takes(version.takes),
    }


def write_takes(takes: Mapping[int, Take]) -> dict[str, dict[str, Any]]:
    """Takes as JSON, by their number."""
    return {str(number): _write_take(take) for number, take in takes.items()}


def _write_take(take: Take) -> dict[str, Any]:
    written: dict[str, Any] = {
        "label": take.label,
        "sha256": take.sha256,
        "bytes": take.bytes,
        "width": take.width,
        "height": take.height,
        "frames": take.frames,
        "fps": str(take.rate),
        "sound": take.sound,
    }
    if take.seed is not None:
        written["seed"] = take.seed
    return written if take.receipt is None else written | _write_receipt(take.receipt)


def _write_receipt(receipt: Receipt) -> dict[str, Any]:
    written: dict[str, Any] = {"task_uuid": receipt.task_uuid, "video_uuid": receipt.video_uuid}
    cost = "" if receipt.cost is None else f"{receipt.cost:f}"
    if MONEY.fullmatch(cost):  # what a provider reports may be no amount of money; then none was reported
        written["cost"] = cost
    return written if receipt.nsfw is None else written | {"nsfw": receipt.nsfw}


def _short(value: object) -> str:
    return "missing" if value is None else f"no valid value: {value!r:.40}"
