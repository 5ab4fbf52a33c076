"""Drafts become shots, in dependency order: every measure, frame number and file known."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from skyflow.board import beside, medium
from skyflow.board.draft import pinned, tag_images
from skyflow.board.files import FileFault
from skyflow.board.model import (
    Address,
    ClipReference,
    ImageReference,
    Output,
    Pin,
    Shot,
    ShotClip,
    ShotFrame,
    Size,
)
from skyflow.board.shape import Medium, shape, unseen
from skyflow.facts import ClipFacts, ImageFacts
from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skyflow.board.draft import Draft, DraftClip
    from skyflow.board.files import Files
    from skyflow.board.findings import Findings
    from skyflow.board.medium import Written
    from skyflow.board.model import Clip, Measure, Picture, Voice
    from skyflow.board.source import Path
    from skyflow.board.written import WrittenBoard

UNSEEN_SHAPE = (16, 9)
"""The shape that a medium is taken to have which nobody has looked at."""

UNSEEN: frozenset[Measure] = frozenset({"size", "length", "sound"})

FOR_FOOTAGE = {"footage", "needs", "cut", "ignore"}


class Resolver:
    """Resolves the shots of one board, each after those that it depends on."""

    def __init__(self, board: WrittenBoard, files: Files, findings: Findings) -> None:
        self._board = board
        self._files = files
        self._findings = findings
        self.shots: dict[str, Shot] = {}

    def resolve(self, draft: Draft) -> Shot | None:
        """The shot of a draft; None where something that it needs is missing, which is noted already."""
        upstream = tuple(dict.fromkeys(edge.upstream for edge in draft.edges))
        if draft.shot.broken or any(name not in self.shots for name in upstream):
            return None
        shot = self._footage(draft) if "footage" in draft.shot.own else self._generated(draft)
        if shot:
            self.shots[shot.id] = shot
        return shot

    def _footage(self, draft: Draft) -> Shot | None:
        written = draft.shot
        for key in written.own:
            if key not in FOR_FOOTAGE:
                message = f"footage exists already: it takes no '{key}'"
                self._findings.add("SF0604", written.path(key), message, f"remove '{key}', or 'footage'")
        try:
            clip = medium.footage(written.own["footage"], self._files)
        except FileFault as fault:
            self._findings.add(fault.code, written.path("footage"), fault.message, fault.remedy)
            return None
        facts = clip.facts
        assert isinstance(facts, ClipFacts)
        output = Output(Size(facts.width, facts.height), facts.frames, facts.rate, facts.sound)
        return self._shot(draft, duration=float(facts.seconds), resolution="", output=output, footage=clip)

    def _generated(self, draft: Draft) -> Shot | None:
        if not draft.prompt:
            return None
        clips = tuple(ClipReference(clip.tag, clip.kind, _clip(clip)) for clip in draft.clips)
        references = tuple(self._references(draft))
        images = self._pin_images(draft)
        media = [self._medium(item.clip, reference=item.kind == "reference") for item in clips]
        media += [self._medium(image, reference=False) for image, _ in images[:1]]
        measures = shape(draft, media, self._findings)
        draft.notes += self._unseen(clips, [image for image, _ in images], references)
        pins = self._pins(draft, images, measures.output.frames)
        return self._shot(
            draft,
            duration=measures.duration,
            resolution=measures.resolution,
            size=measures.size,
            audio=measures.audio,
            output=measures.output,
            assumed=unseen(media),
            pins=pins,
            references=references,
            clips=clips,
            delivery=draft.delivery,
        )

    def _shot(self, draft: Draft, **known: Any) -> Shot:  # noqa: ANN401 - Shot's own fields, which mypy checks there
        written = draft.shot
        blank: dict[str, Any] = {
            "size": None, "audio": None, "pins": (), "references": (), "clips": (), "footage": None,
        }  # fmt: skip
        upstream = {edge.upstream for edge in draft.edges}
        fields = blank | known
        return Shot(
            id=written.id,
            index=written.index,
            prompt=draft.prompt,
            takes=1 if fields["footage"] else int(written.get("takes") or 1),
            depends_on=tuple(
                sorted(upstream & self._board.shots.keys(), key=lambda name: self._board.shots[name].index)
            ),
            prompt_extend=written.get("prompt_extend") is not False,
            frozen=written.get("frozen") is True,
            beside=beside.rest(written.get("request") or {}),
            in_cut=written.get("cut") is not False,
            mentions=draft.mentions,
            notes=tuple(draft.notes),
            **fields,
        )

    def _references(self, draft: Draft) -> list[ImageReference]:
        found = []
        for name in draft.picture_tags:
            tag = self._board.tags[name]
            images = [self._image(image, path) for path, image in tag_images(name, self._board)]
            voice = self._voice(name, tag)
            known = tuple(image for image in images if image is not None)
            found.append(ImageReference(name, "grid" if "grid" in tag else "image", known, voice))
        return found

    def _voice(self, name: str, tag: Mapping[str, Any]) -> Voice | None:
        if "voice" not in tag:
            return None
        try:
            return medium.voice(tag["voice"], self._files)
        except FileFault as fault:
            self._findings.add(fault.code, ("tags", name, "voice"), fault.message, fault.remedy)
            return None

    def _pin_images(self, draft: Draft) -> list[tuple[Picture, int]]:
        """The pinned pictures, each with its number in the list as it is written."""
        found = []
        for number, written in enumerate(draft.shot.own.get("frames", ())):
            path = draft.shot.path("frames", number)
            image = self._image(*pinned(written, path))
            if image is not None:
                medium.warn_unpinned(image, path, self._findings)
                found.append((image, number))
        return found

    def _image(self, written: Written, path: Path) -> Picture | None:
        if not isinstance(written, str) and "shot" in written:
            return self._frame(written, path)
        try:
            return medium.picture(written, self._files)
        except FileFault as fault:
            self._findings.add(fault.code, path, fault.message, fault.remedy)
            return None

    def _frame(self, written: Mapping[str, Any], path: Path) -> ShotFrame | None:
        """A frame of an earlier shot, by its number."""
        upstream = self.shots.get(written["shot"])
        if upstream is None:
            return None
        frames, at = upstream.output.frames, written.get("frame", "last")
        index = {"first": 0, "last": frames - 1}.get(at, at)
        index = int(index) + frames if int(index) < 0 else int(index)
        if not 0 <= index < frames:
            message = f"{upstream.id} has no frame {at}: its frames are 0 to {frames - 1}"
            self._findings.add("SF0605", (*path, "frame"), message, "name one of them")
            return None
        return ShotFrame(upstream.id, index)

    def _pins(self, draft: Draft, images: list[tuple[Picture, int]], frames: int) -> tuple[Pin, ...]:
        """Every picture at its place; two at one place, or one beyond the end, is a problem."""
        written = draft.shot.own.get("frames", ())
        spread = skyreels_v4.pin_indices(len(written), frames) if written else []
        taken: dict[int, int] = {}
        pins = []
        for image, number in images:
            path = draft.shot.path("frames", number)
            at = written[number].get("at") if isinstance(written[number], dict) else None
            named = {"first": 0, "last": frames - 1, -1: frames - 1}
            index = spread[number] if at is None else int(named.get(at, at))
            if index >= frames:
                message = f"the shot has no frame {at}: its frames are 0 to {frames - 1}"
                self._findings.add("SF0606", (*path, "at"), message, "name an earlier one, or lengthen the shot")
            elif index in taken:
                related = [(draft.shot.path("frames", taken[index]), "the other one")]
                message = f"two pictures stand at frame {index}"
                self._findings.add("SF0607", path, message, "give one of them another `at`", related=related)
            else:
                taken[index] = number
                pins.append(Pin(image, at, index))
        return tuple(pins)

    def _unseen(
        self, clips: tuple[ClipReference, ...], pins: list[Picture], references: tuple[ImageReference, ...]
    ) -> Iterator[str]:
        """What is not known of a shot because nobody has looked at a medium of it, a sentence each."""
        used = [item.clip for item in clips]
        setting = next(iter([*used, *pins]), None)
        if isinstance(setting, Address):
            yield f"{setting.shown} sets the aspect and has not been looked at: 16:9 is assumed"
        for clip in [item.clip for item in clips if item.kind == "reference"]:
            if name := self._of_unknown_length(clip):
                most = skyreels_v4.REFERENCE_SECONDS_MAX
                yield f"how long {name} is, is not known: priced as {most} s, the most that it may be"
        pictures = [*pins, *(picture for item in references for picture in item.images)]
        for picture in pictures:
            if isinstance(picture, ShotFrame) and (name := self._of_unknown_length(picture)):
                yield f"how long {name} is, is not known: its frame {picture.index} is counted as planned"
        media = [*used, *pictures, *(item.voice for item in references)]
        for shown in dict.fromkeys(item.shown for item in media if isinstance(item, Address)):
            yield f"in the animatic a placeholder stands for {shown}"

    def _of_unknown_length(self, medium: Clip | ShotFrame) -> str:
        """What to call a clip whose length nobody knows; empty for any other."""
        if isinstance(medium, Address):
            return medium.shown
        if isinstance(medium, ShotClip | ShotFrame) and "length" in self.shots[medium.shot].assumed:
            return medium.shot
        return ""

    def _medium(self, media: Picture | Clip, *, reference: bool) -> Medium:
        if isinstance(media, Address):
            return Medium(*UNSEEN_SHAPE, reference=reference, unseen=UNSEEN)
        if isinstance(media, ShotClip | ShotFrame):
            shot = self.shots[media.shot]
            size, clip = shot.output.size, isinstance(media, ShotClip)
            seconds = shot.output.seconds if clip else Fraction(0)
            return Medium(size.width, size.height, seconds, shot.output.sound, reference, shot.assumed)
        facts = media.facts
        if isinstance(facts, ClipFacts):
            return Medium(facts.width, facts.height, facts.seconds, facts.sound, reference)
        assert isinstance(facts, ImageFacts)
        return Medium(facts.width, facts.height)


def _clip(clip: DraftClip) -> Clip:
    return ShotClip(clip.clip) if isinstance(clip.clip, str) else clip.clip
