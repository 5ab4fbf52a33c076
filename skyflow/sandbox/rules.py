"""The model's own rules, read off its page: everything that the provider would refuse in a task.

Nothing here looks at how a client holds itself to the same page, so that a rule which both had wrong would have to
be misread twice.
"""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Any

from skyflow.models import skyreels_v4 as model
from skyflow.sandbox.media import form, is_url, seconds
from skyflow.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Known = Callable[[str], Mapping[str, Any] | None]

PARAMETERS = frozenset(
    (
        *("taskType", "taskUUID", "model", "positivePrompt", "width", "height", "resolution", "duration", "settings"),
        *("numberResults", "inputs", "outputType", "outputFormat", "outputQuality", "deliveryMethod", "webhookURL"),
        *("uploadEndpoint", "ttl", "includeCost", "safety", "routing"),
    )
)
SIZES = [f"{width}x{height}" for width, height in model.SIZES.values()]
KINDS = {"image": "image", "clip": "video", "voice": "audio"}


def troubles(body: Mapping[str, Any], known: Known, *, limits: bool = True, upstream: bool = False) -> list[Trouble]:
    """What is wrong with a video task, in the order of the page; empty for one that is taken.

    Args:
        known: what is known of a medium; None where there is no such.
        limits: whether seconds and pixels of media are held to the page's limits.
        upstream: whether what the model's maker forbids is refused as well.
    """
    checks = _Checks(body, known, limits=limits)
    checks.envelope()
    checks.size()
    checks.numbers()
    checks.delivery()
    checks.groups()
    checks.inputs()
    if upstream and not checks.found:
        checks.upstream()
    return checks.found


def valid_uuid(text: object) -> bool:
    """Whether it is a version 4 UUID in its usual spelling."""
    if not isinstance(text, str):
        return False
    try:
        return uuid.UUID(text).version == 4 and str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


class _Checks:
    """One task under examination; ``found`` fills up."""

    def __init__(self, body: Mapping[str, Any], known: Known, *, limits: bool) -> None:
        self.body = body
        self.known = known
        self.limits = limits
        self.found: list[Trouble] = []
        given = body.get("inputs", {})
        self.media: Mapping[str, Any] = given if isinstance(given, dict) else {}

    def add(self, code: str, message: str, parameter: str | tuple[str, ...], **more: object) -> None:
        self.found.append(Trouble(code, message, parameter, more))

    def invalid(self, parameter: str, what: str, **more: object) -> None:
        """A value of another type or outside what is allowed."""
        plain = parameter.split("[", maxsplit=1)[0].split(".")
        last = parameter.rsplit(".", 1)[-1].split("[", maxsplit=1)[0]
        name = last if len(plain) > 1 else plain[0]
        self.add(f"invalid{name[0].upper()}{name[1:]}", f"Invalid value for '{parameter}'. {what}", parameter, **more)

    def unknown(self, at: str, given: Mapping[str, Any], allowed: Sequence[str] | frozenset[str]) -> None:
        for key in given:
            if key not in allowed:
                path = f"{at}.{key}" if at else key
                self.add("unsupportedParameter", f"Unsupported use of '{path}' parameter.", path)

    def envelope(self) -> None:
        self.unknown("", self.body, PARAMETERS)
        if self.body.get("model") is None:
            self.add("missingModel", "Missing required parameter 'model'.", "model")
        elif self.body["model"] != model.ID:
            self.invalid("model", "The model is not known or not available.")
        self.prompt()

    def prompt(self) -> None:
        prompt = self.body.get("positivePrompt")
        if prompt is None:
            self.add("missingPositivePrompt", "Missing required parameter 'positivePrompt'.", "positivePrompt")
        elif not isinstance(prompt, str) or not prompt.strip():
            self.invalid("positivePrompt", "It must be a text that is not blank.", min=1, max=model.PROMPT_MAX)
        elif len(prompt) > model.PROMPT_MAX:
            message = f"'positivePrompt' must have at most {model.PROMPT_MAX} characters."
            self.add("invalidPositivePromptLength", message, "positivePrompt", min=1, max=model.PROMPT_MAX)

    def size(self) -> None:
        body = self.body
        sides = [key for key in ("width", "height") if key in body]
        if len(sides) == 1:
            other = "height" if sides == ["width"] else "width"
            self.add(f"missing{other.capitalize()}", "'width' and 'height' must be used together.", other)
        for key in sides:
            if not _integer(body[key]):
                self.invalid(key, "It must be an integer.")
        numbers = len(sides) == 2 and all(_integer(body[key]) for key in sides)
        if numbers and (body["width"], body["height"]) not in model.TIERS:
            message = f"{body['width']}x{body['height']} is not supported by this model."
            self.add("unsupportedDimensions", message, ("width", "height"), allowedValues=SIZES)
        if "resolution" in body:
            self.one_of("resolution", body["resolution"], model.RESOLUTIONS)
            if sides:
                message = "'resolution' cannot be used with 'width/height'."
                self.add("incompatibleParameters", message, ("resolution", *sides))
        elif not sides and not any(self.media.get(key) for key in ("frameImages", "referenceVideos")):
            message = "Either provide 'inputs.frameImages' or 'inputs.referenceVideos', or specify a size."
            needed = ("inputs.frameImages", "inputs.referenceVideos", "width", "height", "resolution")
            self.add("missingDimensions", message, needed)

    def numbers(self) -> None:
        body = self.body
        if "duration" in body and not _between(body["duration"], model.DURATION_MIN, model.DURATION_MAX):
            message = f"'duration' must be between {model.DURATION_MIN} and {model.DURATION_MAX} seconds."
            self.add("unsupportedDuration", message, "duration", min=model.DURATION_MIN, max=model.DURATION_MAX)
        self.integer("numberResults", 1, model.TAKES_MAX)
        self.integer("outputQuality", model.QUALITY_MIN, model.QUALITY_MAX)
        self.integer("ttl", model.TTL_MIN, None)

    def integer(self, key: str, low: int, high: int | None) -> None:
        value = self.body.get(key, low)
        if not _integer(value) or not _between(value, low, math.inf if high is None else high):
            more = {"min": low} if high is None else {"min": low, "max": high}
            self.invalid(key, "It must be an integer in range.", **more)

    def delivery(self) -> None:
        for key, allowed in {
            "outputType": ("URL",), "deliveryMethod": ("async",), "outputFormat": ("MP4", "WEBM", "MOV"),
        }.items():  # fmt: skip
            if key in self.body:
                self.one_of(key, self.body[key], allowed)
        for key in ("webhookURL", "uploadEndpoint"):
            if key in self.body and not (isinstance(self.body[key], str) and is_url(self.body[key])):
                self.invalid(key, "It must be an http or https URL.")
        self.boolean("includeCost", self.body)

    def one_of(self, parameter: str, value: object, allowed: Sequence[str]) -> None:
        if not isinstance(value, str) or value not in allowed:
            self.invalid(parameter, f"It must be one of {', '.join(allowed)}.", allowedValues=list(allowed))

    def boolean(self, key: str, given: Mapping[str, Any], at: str = "") -> None:
        if key in given and not isinstance(given[key], bool):
            self.invalid(f"{at}{key}", "It must be true or false.", allowedValues=[True, False])

    def group(self, key: str, allowed: Sequence[str]) -> Mapping[str, Any]:
        """An object of the task; what is none is refused and taken for an empty one."""
        given = self.body.get(key, {})
        if not isinstance(given, dict):
            self.invalid(key, "It must be an object.")
            return {}
        self.unknown(key, given, allowed)
        return given

    def groups(self) -> None:
        settings = self.group("settings", ("audio", "promptExtend"))
        self.boolean("audio", settings, "settings.")
        self.boolean("promptExtend", settings, "settings.")
        safety = self.group("safety", ("checkContent", "mode"))
        self.boolean("checkContent", safety, "safety.")
        if "mode" in safety:
            self.one_of("safety.mode", safety["mode"], ("none", "fast", "full"))
        self.group("routing", tuple(self.body["routing"]) if isinstance(self.body.get("routing"), dict) else ())

    def inputs(self) -> None:
        self.group("inputs", ("frameImages", "referenceImages", "referenceVideos"))
        for number, item in enumerate(self.items("frameImages")):
            self.pin(item, f"inputs.frameImages[{number}]")
        groups = self.items("referenceImages")
        for number, item in enumerate(groups):
            self.image_group(item, f"inputs.referenceImages[{number}]")
        self.image_groups(groups)
        clips = self.items("referenceVideos")
        for number, item in enumerate(clips):
            self.clip(item, f"inputs.referenceVideos[{number}]")
        if clips and groups:
            message = "When 'inputs.referenceVideos' is provided, 'inputs.referenceImages' cannot be used."
            self.add("incompatibleParameters", message, ("inputs.referenceVideos", "inputs.referenceImages"))
        followed = any(isinstance(item, dict) and item.get("type") == "reference" for item in clips)
        settings = self.body.get("settings")
        if followed and isinstance(settings, dict) and "audio" in settings:
            message = "When 'inputs.referenceVideos' includes type 'reference', 'settings.audio' cannot be used."
            self.add("incompatibleParameters", message, ("inputs.referenceVideos", "settings.audio"))

    def items(self, key: str) -> list[Any]:
        given = self.media.get(key, [])
        if key in self.media and (not isinstance(given, list) or not given):
            self.invalid(f"inputs.{key}", "It must be an array that is not empty.")
        return given if isinstance(given, list) else []

    def pin(self, item: object, at: str) -> None:
        if not isinstance(item, dict):
            self.medium(item, at, "image")
            return
        self.unknown(at, item, ("image", "frame"))
        self.medium(item.get("image"), f"{at}.image", "image")
        frame = item.get("frame", "first")
        last = model.frames(self.duration()) - 1
        if frame not in ("first", "last") and not (_integer(frame) and -1 <= frame <= last):
            self.invalid(f"{at}.frame", "It must be 'first', 'last' or the index of a frame.", min=-1, max=last)

    def duration(self) -> float:
        value = self.body.get("duration", model.DURATION_DEFAULT)
        return value if _between(value, model.DURATION_MIN, model.DURATION_MAX) else model.DURATION_MAX

    def image_group(self, item: object, at: str) -> None:
        if not self.mapping(item, at, ("type", "images", "tag", "audio")):
            return
        assert isinstance(item, dict)
        self.one_of(f"{at}.type", item.get("type"), ("grid", "image"))
        self.tag(item.get("tag"), f"{at}.tag")
        images = item.get("images")
        if not isinstance(images, list) or not images:
            self.invalid(f"{at}.images", "It must be an array that is not empty.")
        else:
            for number, image in enumerate(images):
                self.medium(image, f"{at}.images[{number}]", "image")
        if "audio" in item:
            self.medium(item["audio"], f"{at}.audio", "voice")

    def image_groups(self, groups: list[Any]) -> None:
        kinds = [item.get("type") for item in groups if isinstance(item, dict)]
        at = "inputs.referenceImages"
        if {"grid", "image"} <= {kind for kind in kinds if isinstance(kind, str)}:
            self.add("incompatibleParameters", "All reference images must share the same type.", f"{at}.type")
        most = model.GRIDS_MAX if "grid" in kinds else model.IMAGE_GROUPS_MAX
        if len(groups) > most:
            self.add("maxReferenceImages", f"'{at}' is limited to {most} here.", at, max=most)

    def clip(self, item: object, at: str) -> None:
        if self.mapping(item, at, ("type", "video", "tag")):
            assert isinstance(item, dict)
            self.one_of(f"{at}.type", item.get("type"), ("reference", "extend"))
            self.tag(item.get("tag"), f"{at}.tag")
            self.medium(item.get("video"), f"{at}.video", "clip")

    def mapping(self, item: object, at: str, allowed: Sequence[str]) -> bool:
        if not isinstance(item, dict):
            self.invalid(at, "It must be an object.")
            return False
        self.unknown(at, item, allowed)
        return True

    def tag(self, tag: object, at: str) -> None:
        if not isinstance(tag, str) or not tag.startswith("@") or not tag[1:].strip():
            self.invalid(at, "It must start with '@'.")

    def medium(self, value: object, at: str, wanted: str) -> None:
        forms = ("uuid", "url", "data", "base64") if wanted == "image" else ("uuid", "url")
        if not isinstance(value, str) or form(value) not in forms:
            self.invalid(at, f"It must be the UUID or URL of {_article(wanted)}{', or its data' * (len(forms) > 2)}.")
            return
        facts = self.known(value)
        if facts is None:
            self.invalid(at, f"There is no such {KINDS[wanted]}, or it cannot be read.")
        elif facts.get("kind", wanted) != wanted:
            self.invalid(at, f"It is not {_article(wanted)}.")
        elif self.limits:
            self.measures(facts, at)

    def measures(self, facts: Mapping[str, Any], at: str) -> None:
        length = seconds(facts)
        most = model.VOICE_SECONDS_MAX if facts.get("kind") == "voice" else model.REFERENCE_SECONDS_MAX
        if length is not None and length > most:
            self.invalid(at, f"It must be at most {most} seconds long.", max=most)
        if facts.get("kind") == "clip" and facts["width"] * facts["height"] < model.REFERENCE_PIXELS_MIN:
            least = model.REFERENCE_PIXELS_MIN
            self.invalid(at, f"It must have at least {least} total pixels.", min=least)

    def upstream(self) -> None:
        """What the model's maker forbids: frames beside references, tags that no prompt mentions, two clips."""
        references = [*self.media.get("referenceImages", ()), *self.media.get("referenceVideos", ())]
        if references and self.media.get("frameImages"):
            message = "Frames and references cannot be mixed."
            self.add("incompatibleParameters", message, ("inputs.frameImages", "inputs"))
        for item in references:
            if item["tag"] not in self.body["positivePrompt"]:
                self.add("invalidTag", f"The tag {item['tag']} does not occur in the prompt.", "positivePrompt")
        if len(self.media.get("referenceVideos", ())) > 1:
            self.add("maxReferenceVideos", "Only one reference video.", "inputs.referenceVideos", max=1)


def _article(kind: str) -> str:
    return f"{'a' if kind == 'clip' else 'an'} {KINDS[kind]}"


def _integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _between(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
