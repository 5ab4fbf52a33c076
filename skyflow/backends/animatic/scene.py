"""A request becomes layers: what is seen, from the back to the front, and what is heard.

One layer fills the picture area: a reference clip that plays, else pinned pictures, else a landscape that the words
decide. An extension starts on the last picture of its source and leaves it. Cards and type lie over that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skyflow.backends.animatic.cards import Cards, Group
from skyflow.backends.animatic.footage import Footage
from skyflow.backends.animatic.inset import Inset, corner
from skyflow.backends.animatic.landscape import Landscape
from skyflow.backends.animatic.motion import Dissolve, Push, Still, eased
from skyflow.backends.animatic.overlay import chip, fading_in, quotation
from skyflow.backends.animatic.palette import dice, look_of
from skyflow.backends.animatic.quote import pulled
from skyflow.backends.animatic.slate import Label, layout
from skyflow.backends.animatic.sound import Score
from skyflow.backends.animatic.source import fitted, fitted_frame, opened
from skyflow.backends.animatic.stills import Pinned
from skyflow.errors import MakeError
from skyflow.media.frames import last_picture, samples
from skyflow.models.skyreels_v4 import VOICE_SECONDS_MAX, pin_indices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from skyflow.backends.animatic.motion import Layer
    from skyflow.backends.animatic.planes import Planes
    from skyflow.backends.base import Assignment, Input

_TO_THE_TYPE = (-0.95, 0.8)
"""Where a camera heads in a picture that was drawn here: its type stands at the lower left and is to stay."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One take before it is drawn.

    Attributes:
        layers: from the back to the front, over the picture area.
        label: what the slate says.
        score: what is heard, where the take has sound.
        seed: what decides everything that is neither said nor given.
    """

    layers: Sequence[Layer]
    label: Label
    score: Score
    seed: str


def scene(assignment: Assignment, take: int) -> Scene:
    """Lay out one take.

    Raises:
        MediaError: an input does not decode.
        MakeError: the request names a medium that was not handed over.
    """
    script = _Script(assignment, take)
    back, pins = _back(script)
    layers = [back]
    if groups := script.groups():
        layers.append(_cards(script, groups, pins))
    layers += _insets(script, pins)
    layers += _type(script, pins)
    return Scene(layers, script.label(), _score(script), script.seed)


class _Script:
    """A request, read for drawing."""

    def __init__(self, assignment: Assignment, take: int) -> None:
        request = assignment.request
        self._inputs: Mapping[str, Input] = assignment.inputs
        media: Mapping[str, Any] = request.get("inputs") or {}
        self.shot = assignment.shot
        self.take = take
        self.output = assignment.output
        self.place = layout(self.output.size.width, self.output.size.height)
        self.prompt = str(request["positivePrompt"])
        self.pin_items: Sequence[Any] = media.get("frameImages") or ()
        self.references: Sequence[Mapping[str, Any]] = media.get("referenceImages") or ()
        videos: Sequence[Mapping[str, Any]] = media.get("referenceVideos") or ()
        self.extended = next((item for item in videos if item["type"] == "extend"), None)
        followed = [item for item in videos if item["type"] != "extend"]
        self.played = followed[0] if followed else None
        self.beside = followed[1:]
        self.clips = frozenset(str(item.get("tag", "")) for item in videos) - {""}
        # The name of a source is no part of what is drawn: renaming a shot must not move a hill.
        self.seed = _nameless(self.prompt, self.clips)
        rolls = dice(self.seed, "lean", take)
        self.lean = (float(rolls.choice((-0.8, 0.8))), float(rolls.uniform(-0.5, 0.3)))

    def medium(self, handle: str) -> Input:
        try:
            return self._inputs[handle]
        except KeyError:
            raise MakeError(f"the request names a medium that was not handed over: {handle}") from None

    def seconds(self, seconds: float) -> int:
        """Frames that last about so long."""
        return round(seconds * self.output.rate)

    def words(self) -> str:
        return pulled(self.prompt, self.clips)

    def groups(self) -> list[Group]:
        return [
            Group(
                str(item.get("tag", "")),
                tuple(opened(self.medium(handle)) for handle in item["images"]),
                bool(item.get("audio")),
            )
            for item in self.references
            if item.get("images")
        ]

    def pins(self) -> dict[int, Planes]:
        """The pinned pictures by frame; of two at one place the later counts."""
        last = self.output.frames - 1
        items = [item if isinstance(item, dict) else {"image": item} for item in self.pin_items]
        spread = pin_indices(len(items), self.output.frames) if items else []
        pins = {}
        for item, default in zip(items, spread, strict=True):
            index = _index(item.get("frame"), default, last)
            pins[max(0, min(last, index))] = fitted(opened(self.medium(item["image"])), self.place.picture)
        return pins

    def label(self) -> Label:
        kinds = []
        if self.extended:
            kinds.append(f"extends {_name(self.extended)}")
        if self.played:
            kinds.append(" and ".join([f"{self.relation()} {_name(self.played)}", *map(_name, self.beside)]))
        if count := len(self.pin_items):
            kinds.append(f"{count} pinned frame{'s' if count > 1 else ''}")
        return Label(self.shot, self.take, " \u00b7 ".join(kinds), self.prompt, self.clips)

    def relation(self) -> str:
        """A clip that was made from words is edited; footage and tags are followed."""
        return "edit of" if self.played and self.medium(self.played["video"]).drawn else "after"


def _index(at: Any, default: int, last: int) -> int:  # noqa: ANN401 - as the request has it
    """Where a picture is pinned: named, counted from either end, or left to the model."""
    if at is None:
        return default
    if isinstance(at, int):
        return at if at >= 0 else last + 1 + at
    return last if at == "last" else 0


def _nameless(prompt: str, clips: frozenset[str]) -> str:
    for tag in sorted(clips):
        prompt = re.sub(rf"(?<!\w){re.escape(tag)}(?![A-Za-z0-9_])", "", prompt)
    return " ".join(prompt.split())


def _name(item: Mapping[str, Any]) -> str:
    return str(item.get("tag", "")).lstrip("@") or "a clip"


def _back(script: _Script) -> tuple[Layer, Sequence[int]]:
    """What fills the picture area, and the frames that nothing may lie over."""
    size = script.place.picture
    pins = script.pins()
    start = None
    if script.extended:
        source = script.medium(script.extended["video"])
        start = fitted_frame(last_picture(source.path), size, drawn=source.drawn)
    if pins and start is not None:
        pins.setdefault(0, start)
    if script.played:
        look = look_of(script.seed, script.take)
        footage = Footage(script.medium(script.played["video"]), size, script.output.rate, look)
        return _with_pins(script, footage, pins), sorted(pins)
    if pins:
        return Pinned(pins, script.lean), sorted(pins)
    landscape = Landscape(size, script.output.frames, script.seed, script.take)
    if start is None:
        return landscape, ()
    left = Still(start, Push(size, 0, _TO_THE_TYPE if source.drawn else script.lean))
    return Dissolve(left, landscape, *_departure(script)), ()


def _departure(script: _Script) -> tuple[int, int]:
    """When an extension leaves the picture that it started on."""
    frames = script.output.frames
    start = min(script.seconds(1.2), frames // 4)
    return start, start + max(1, min(script.seconds(1.6), frames // 3))


def _with_pins(script: _Script, footage: Layer, pins: Mapping[int, Planes]) -> Layer:
    """Footage that gives way to each pinned picture for a moment."""
    layer = footage
    for place, picture in sorted(pins.items()):
        layer = _Visit(layer, picture, place, script.seconds(0.6))
    return layer


class _Visit:
    """A picture is seen around one frame, and wholly at it."""

    def __init__(self, layer: Layer, picture: Planes, place: int, length: int) -> None:
        self._layer = layer
        self._picture = picture
        self._place = place
        self._length = max(1, length)
        self._still: Still | None = None

    def draw(self, canvas: Planes, frame: int) -> None:
        self._layer.draw(canvas, frame)
        share = eased(1 - abs(frame - self._place) / self._length)
        if share <= 0:
            self._still = None  # in motion it takes much memory
            return
        if self._still is None:
            self._still = Still(self._picture, Push(self._picture.size, self._place))
        under = canvas.copy()
        self._still.draw(canvas, frame)
        if share < 1:
            canvas.paste(under.blended(canvas, share))


def _cards(script: _Script, groups: Sequence[Group], pins: Sequence[int]) -> Cards:
    place = script.place
    width, height = place.picture
    if pins or script.played:
        area = (width - place.margin - width // 4, place.margin, width // 4, height // 3)
    else:
        share = 0.62 if place.wide else 0.7
        area = (place.margin, place.margin, width - 2 * place.margin, round(height * share) - place.margin)
    return Cards(groups, place, area, _clear_of(pins, script.seconds(0.5), _entry(script)))


def _insets(script: _Script, pins: Sequence[int]) -> Iterator[Layer]:
    """The clips behind the first, which fills the picture."""
    for number, item in enumerate(script.beside):
        box = corner(script.place, number)
        clip = Footage(script.medium(item["video"]), box[2:], script.output.rate, None)
        fade = _clear_of(pins, script.seconds(0.5), lambda _: 1.0)
        yield Inset(clip, str(item.get("tag", "")), script.place, box, fade)


def _entry(script: _Script) -> Callable[[int], float]:
    """When cards and type come in: at once, or when an extension has left its source."""
    if script.extended and not script.pin_items:
        _, end = _departure(script)
        return fading_in(end - script.seconds(0.2), script.seconds(0.6))
    return lambda _: 1.0


def _clear_of(pins: Sequence[int], length: int, entry: Callable[[int], float]) -> Callable[[int], float]:
    """As opaque as ``entry`` says, but away from every pin."""

    def fade(frame: int) -> float:
        nearest = min((abs(frame - place) for place in pins), default=length)
        return min(entry(frame), eased(nearest / max(1, length)))

    return fade


def _type(script: _Script, pins: Sequence[int]) -> list[Layer]:
    if script.played:
        word = "Edit" if script.relation() == "edit of" else "Clip"
        return [
            chip(f"{word} \u00b7 {script.words()}", script.place, _clear_of(pins, script.seconds(0.5), lambda _: 1))
        ]
    if pins:
        return []
    return [quotation(script.words(), script.place, _entry(script))]


def _score(script: _Script) -> Score:
    if not script.output.sound:
        return Score()
    seconds = float(script.output.seconds)
    voices = [item["audio"] for item in script.references if item.get("audio")]
    voice = samples(script.medium(voices[0]).path, min(seconds, VOICE_SECONDS_MAX)) if voices else None
    source = samples(script.medium(script.played["video"]).path, seconds) if script.played else None
    return Score(source, voice)
