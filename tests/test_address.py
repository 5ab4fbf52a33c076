"""Media by address: what a board may name that is no file here, how it is known, priced, drawn and kept to itself."""

from __future__ import annotations

import base64
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from skyflow import cli, digest, pipeline
from skyflow.backends.animatic import placeholder
from skyflow.backends.animatic.backend import Animatic
from skyflow.board.address import LONGEST, shown, url_medium, without_secrets
from skyflow.board.files import FileFault
from skyflow.board.medium import MAX_DATA_BYTES, TYPES, picture
from skyflow.board.model import DataMedia, HeldMedia, UrlMedia
from skyflow.facts import ImageFacts
from skyflow.media import probe
from skyflow.media.local import LocalFiles
from skyflow.models import skyreels_v4
from skyflow.planning.conform import faults
from skyflow.planning.plan import as_json
from skyflow.published import schema
from skyflow.running.inputs import brief
from tests.fakes import FakeBackend, run_board, words
from tests.paper import PaperFiles, PaperKnown, board, codes, keys, planned, reading, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skyflow.backends.base import Input

T = TypeVar("T")
CANARY = "canary4711"
URL = f"https://example.com/cast/face.png?sig={CANARY}"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
UUID = "2f1d8e0a-6b1c-4c7e-9a3f-51d0a7c4e201"
HEAD = "skyflow: 1\nshots:\n"

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/bmp": "BMP", "image/gif": "GIF"}


def drawn(form: str = "PNG", size: tuple[int, int] = (16, 9)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, form)
    return file.getvalue()


def data_uri(content: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def framed(medium: Any, **more: Any) -> str:
    """A board of one shot that begins on a picture."""
    return HEAD + f"  a: {json.dumps({'prompt': 'x', 'frames': [medium], **more})}\n"


def edited(medium: Any, **more: Any) -> str:
    return HEAD + f"  a: {json.dumps({'prompt': 'x', 'edits': medium, **more})}\n"


def pinned(url: str = URL, sha256: str = SHA) -> dict[str, str]:
    return {"url": url, "sha256": sha256}


def everywhere() -> str:
    """A board with an address at every place that takes one, and the canary in every URL."""
    tags = {
        "keeper": {"images": [URL, pinned(), f"uuid:{UUID}"], "voice": URL.replace("png", "wav")},
        "room": {"grid": URL.replace("face", "room")},
        "surf": {"video": pinned(URL.replace("face.png", "surf.mp4"))},
    }
    shots = {
        "a": {"prompt": "@keeper", "resolution": "480p", "duration": 3},
        "b": {"prompt": "@room", "resolution": "480p", "duration": 3},
        "c": {"prompt": "@surf", "resolution": "480p", "duration": 3},
        "d": {"prompt": "x", "frames": [URL, {**pinned(), "at": "last"}], "resolution": "480p", "duration": 3},
        "e": {"prompt": "x", "edits": URL.replace("face.png", "clip.mp4"), "resolution": "480p", "duration": 3},
        "f": {"prompt": "x", "frames": [{"shot": "d"}], "resolution": "480p", "duration": 3},
    }
    return json.dumps({"skyflow": 1, "tags": tags, "shots": shots}, indent=1)


def tried(call: Callable[[], T]) -> T | FileFault:
    """What a call gives, or how it fails."""
    try:
        return call()
    except FileFault as fault:
        return fault


class TestHowItIsKnown:
    """Keys."""

    def test_a_pinned_url_and_a_file_of_the_same_content_are_the_same(self):
        sha256 = digest.of_bytes(b"face.png")  # what paper files hold is their name
        assert keys(framed(pinned(sha256=sha256))) == keys(framed("face.png"))
        assert keys(framed(pinned(sha256=sha256.upper()))) == keys(framed("face.png"))

    def test_a_data_uri_and_a_file_of_the_same_content_are_the_same(self):
        files = PaperFiles()
        files.content["face.png"] = drawn()
        assert keys(framed(data_uri(drawn()))) == keys(framed("face.png"), files)

    def test_where_pinned_content_lies_is_no_part_of_the_key(self):
        assert keys(framed(pinned())) == keys(framed(pinned("https://other.example/x")))
        assert keys(framed(pinned())) != keys(framed(pinned(sha256="0" * 64)))

    def test_without_a_hash_the_whole_url_is_and_with_one_it_is_not(self):
        assert keys(framed(URL)) == keys(framed({"url": URL})) == keys(framed(URL.replace("https", "HTTPS")))
        assert len({str(keys(framed(medium))) for medium in (URL, URL + "1", pinned(), f"uuid:{UUID}")}) == 4

    def test_a_uuid_is_the_same_in_any_case_of_its_letters(self):
        assert keys(framed(f"uuid:{UUID}")) == keys(framed(f"UUID:{UUID.upper()}"))

    @pytest.mark.parametrize("medium", [URL, pinned(), f"uuid:{UUID}"])
    def test_what_a_key_is_taken_of_holds_no_url(self, medium):
        bound = planned(framed(medium)).steps[0].bound
        assert bound
        told = json.dumps([dict(bound.body), dict(bound.identity)])
        assert "example.com" not in told
        assert CANARY not in told

    def test_a_changed_address_is_why_a_shot_is_made_and_its_query_stays_hidden(self):
        known = PaperKnown()
        run(framed(URL), known)
        step = planned(framed(URL + "2"), known).steps[0]
        assert step.reason == "https://example.com/cast/face.png?*** changed"
        step = planned(framed(data_uri(drawn())), known).steps[0]
        assert step.reason == "a picture that stands in the board changed"


class TestWhatIsAskedFor:
    """Requests and prices."""

    def test_every_place_takes_an_address_and_the_model_takes_the_request(self):
        whole = planned(everywhere())
        requests = [step.request for step in whole.steps if step.request]
        assert [fault for request in requests for fault in faults(request)] == []
        media = [medium for request in requests for _, medium in request.media()]
        assert {(medium.kind, medium.url) for medium in media if isinstance(medium, UrlMedia)} == {
            ("image", URL),
            ("image", URL.replace("face", "room")),
            ("voice", URL.replace("png", "wav")),
            ("clip", URL.replace("face.png", "surf.mp4")),
            ("clip", URL.replace("face.png", "clip.mp4")),
        }
        assert HeldMedia(UUID, "image") in media

    def test_a_plan_shows_each_form_for_what_it_is(self):
        text = framed(data_uri(drawn()), frames=[data_uri(drawn()), URL, pinned(), f"uuid:{UUID}"])
        document = as_json(planned(text))
        images = [item["image"] for item in document["shots"][0]["request"]["inputs"]["frameImages"]]
        assert images == [
            {"data": "image/png", "sha256": digest.of_bytes(drawn())},
            {"url": "https://example.com/cast/face.png?***"},
            {"url": "https://example.com/cast/face.png?***", "sha256": SHA},
            {"uuid": UUID},
        ]
        rules = schema("plan")
        for image in images:
            jsonschema.validate(image, {**rules["$defs"]["medium"], "$defs": rules["$defs"]})

    def test_an_edit_of_a_clip_that_nobody_measured_is_priced_as_long_as_it_may_be(self):
        most = skyreels_v4.price(video=True, resolution="1080p", seconds=15, takes=1)
        for medium in (URL, pinned(), f"uuid:{UUID}"):
            whole = planned(edited(medium, duration=4))
            assert whole.steps[0].cost == most
            shot = whole.board.shots["a"]
            assert shot.output.seconds == 4
            assert shot.assumed == {"size", "length", "sound"}
            assert any("priced as 15 s" in note for note in shot.notes)

    def test_an_edit_of_such_an_edit_too(self):
        whole = planned(edited(pinned(), duration=4) + "  b: {prompt: x, edits: a, duration: 3}\n")
        assert whole.board.shots["b"].assumed == {"size", "length", "sound"}
        assert whole.steps[1].cost == Decimal("0.625") * 15

    def test_a_frame_of_such_an_edit_is_told_of(self):
        shot = board(edited(pinned()) + "  b: {prompt: x, frames: [{shot: a}]}\n").shots["b"]
        assert shot.assumed == {"size"}
        assert "how long a is, is not known: its frame 159 is counted as planned" in shot.notes

    def test_pictures_cost_what_they_always_cost_and_set_an_aspect_that_is_assumed(self):
        shot = board(framed(pinned())).shots["a"]
        assert (shot.output.size.width, shot.output.size.height) == (1920, 1080)
        assert shot.assumed == {"size"}
        assert board(framed("tall.png")).shots["a"].assumed == frozenset()
        behind = board(framed("tall.png", frames=["tall.png", pinned()])).shots["a"]
        assert (behind.output.size.width, behind.assumed) == (1080, frozenset())

    def test_no_rule_about_measures_is_held_against_what_nobody_measured(self):
        assert codes(edited(pinned())) == []
        assert codes(edited(pinned(), resolution="480p")) == []
        voice = {"images": ["face.png"], "voice": pinned()}
        assert codes(f"skyflow: 1\ntags: {{k: {json.dumps(voice)}}}\nshots: {{a: {{prompt: '@k'}}}}\n") == []


class TestPins:
    """SF0809."""

    def test_a_url_without_its_hash_is_a_warning_and_with_it_is_none(self):
        assert codes(framed(URL)) == codes(framed({"url": URL})) == codes(edited(URL)) == ["SF0809"]
        assert codes(framed(pinned())) == codes(framed(f"uuid:{UUID}")) == []

    def test_a_tag_is_told_of_once_however_often_it_is_mentioned(self):
        text = "skyflow: 1\n{ignored}tags: {{k: {{images: ['https://example.com/a.png']}}}}\n"
        shots = "shots: {a: {prompt: '@k'}, b: {prompt: '@k @k'}}\n"
        assert codes(text.format(ignored="") + shots) == ["SF0809"]
        assert codes(text.format(ignored="ignore: [SF0809]\n") + shots) == []

    def test_a_shot_may_waive_its_own(self):
        assert codes(framed(URL, ignore=["SF0809"])) == codes(edited(URL, ignore=["SF0809"])) == []

    def test_a_library_is_told_of_only_what_the_board_uses(self):
        files = PaperFiles()
        files.texts["cast.yaml"] = f"tags: {{k: {{images: ['{URL}']}}, spare: {{images: ['{URL}2']}}}}\n"
        found = reading("skyflow: 1\nuse: [cast.yaml]\nshots: {a: {prompt: '@k'}}\n", files).problems
        assert [(problem.code, problem.path) for problem in found] == [("SF0809", "tags.k.images[0]")]

    def test_strict_makes_an_error_of_it(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        Path("board.yaml").write_text(framed("https://example.com/a.png"))
        assert cli.run(["validate"]) == 0
        assert cli.run(["validate", "--strict"]) == 2


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com",
            "https://example.com/a.png",
            "https://[2001:db8::1]:8443/a.png",
            "https://example.com/@keeper/a.png",
            "https://example.com/a%20b.png?x=@y#z",
            "HTTPS://EXAMPLE.COM/a.png",
        ],
    )
    def test_good_ones_are_taken(self, url):
        taken = url_medium(url, "image")
        assert taken.url == "https" + url[5:]

    @given(st.text(max_size=60))
    @example("//[")
    @example("//[::1")
    @example("//example.com:99999/")
    @example("//\u2100.example/")
    def test_whatever_it_is_it_is_taken_or_told_of(self, rest):
        taken = tried(lambda: url_medium(f"https:{rest}", "image"))
        if isinstance(taken, FileFault):
            assert taken.code in {"SF0701", "SF0702"}
            assert taken.remedy
        else:
            assert taken.url.isascii()
            assert taken.url.isprintable()

    def test_a_very_long_one_is_refused(self):
        url = "https://example.com/".ljust(LONGEST, "a")
        assert url_medium(url, "image")
        with pytest.raises(FileFault, match="longer than servers take") as caught:
            url_medium(url + "a", "image")
        assert len(caught.value.message) < 100

    def test_an_edit_of_a_name_that_is_no_address_is_still_a_shot_or_a_file(self):
        text = HEAD + "  a: {prompt: x}\n  b: {prompt: x, edits: a}\n  c: {prompt: x, edits: clip.mp4}\n"
        assert codes(text) == []
        assert codes(HEAD + "  b: {prompt: x, edits: nothing}\n") == ["SF0301"]


class TestDataUris:
    @pytest.mark.parametrize("media_type", TYPES)
    def test_each_format_is_taken_under_its_own_name_only(self, media_type):
        content = drawn(FORMATS[media_type])
        taken = picture(data_uri(content, media_type), PaperFiles())
        assert taken == DataMedia(media_type, content, digest.of_bytes(content), ImageFacts(16, 9))
        for other in set(TYPES) - {media_type}:
            with pytest.raises(FileFault, match=f"says {other} and holds {media_type}"):
                picture(data_uri(content, other), PaperFiles())

    def test_it_sets_the_aspect_as_a_file_would(self):
        shot = board(framed(data_uri(drawn(size=(9, 16))))).shots["a"]
        assert (shot.output.size.width, shot.output.size.height, shot.assumed) == (1080, 1920, frozenset())

    @given(st.binary(max_size=200) | st.integers(0, 60).map(lambda end: drawn()[:end]), st.sampled_from(TYPES))
    def test_whatever_it_holds_it_is_a_picture_or_told_of(self, content, media_type):
        taken = tried(lambda: picture(data_uri(content, media_type), PaperFiles()))
        if isinstance(taken, FileFault):
            assert taken.code == "SF0704"
            assert len(taken.message) < 200
        else:
            assert isinstance(taken, DataMedia)
            assert taken.content == content

    @given(st.integers(0, 60), st.sampled_from(" \n\t=-_%é\0*"))
    def test_base64_is_read_strictly(self, at, character):
        text = data_uri(drawn())
        place = len("data:image/png;base64,") + at
        with pytest.raises(FileFault) as caught:
            picture(text[:place] + character + text[place:], PaperFiles())
        assert caught.value.code == "SF0704"

    def test_bits_to_spare_are_refused(self):
        with pytest.raises(FileFault, match="cut off or damaged"):
            picture("data:image/png;base64,QR==", PaperFiles())

    def test_one_that_is_too_large_is_not_even_decoded(self, monkeypatch):
        monkeypatch.setattr(base64, "b64decode", None)
        with pytest.raises(FileFault, match="over 8 MiB"):
            picture("data:image/png;base64," + "A" * (MAX_DATA_BYTES * 4 // 3 + 8), PaperFiles())

    def test_a_bomb_is_not_decoded(self):
        bomb = bytearray(drawn())
        bomb[16:24] = (60_000).to_bytes(4) * 2  # width and height of the header; the checksum is wrong as well
        with pytest.raises(FileFault) as caught:
            picture(data_uri(bytes(bomb)), PaperFiles())
        assert caught.value.code == "SF0704"
        wide = io.BytesIO()
        Image.new("1", (12_000, 9_000)).save(wide, "PNG")
        with pytest.raises(FileFault, match="more than is safe"):
            picture(data_uri(wide.getvalue()), PaperFiles())

    def test_base64_without_a_name_is_told_of_and_not_printed(self):
        found = reading(framed(base64.b64encode(drawn()).decode())).problems
        assert [problem.code for problem in found] == ["SF0704"]
        assert len(found[0].message) < 80

    def test_a_library_leaves_it_as_it_is(self):
        files = PaperFiles()
        uri = data_uri(drawn())
        files.texts["lib/cast.yaml"] = f"tags: {{k: {{images: ['{uri}', 'uuid:{UUID}']}}}}\n"
        shot = board("skyflow: 1\nuse: [lib/cast.yaml]\nshots: {a: {prompt: '@k'}}\n", files).shots["a"]
        assert [type(image) for image in shot.references[0].images] == [DataMedia, HeldMedia]


class TestSecrets:
    """What follows a question mark is a key to it, and what stands before an @ a password."""

    @given(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8),
        st.sampled_from(
            ["https://h/x?{}", "https://{}@h/x", "https://h/x#{}", "see (https://h/x?{}).", "s3://b/?{}"]
        ),
    )
    def test_no_text_shows_them(self, secret, form):
        text = form.format(f"1{secret}")
        assert secret not in without_secrets(text)
        assert secret not in shown(text)
        assert len(without_secrets(text, lambda hidden: "*" * len(hidden))) == len(text)

    @given(st.text())
    def test_text_without_urls_stays_as_it_is(self, text):
        plain = text.replace("/", "")
        assert without_secrets(plain) == plain

    def test_hostile_text_takes_no_longer_than_its_length_asks(self):
        for text in ("https://" * 100_000, "https://x?" + "," * 1_000_000 + "a", "://a" * 200_000 + "@"):
            without_secrets(text)

    @pytest.mark.parametrize(
        "text",
        [
            framed(URL, takes=9),
            framed(URL.replace("?", "#"), takes=9),
            framed(f"https://me:{CANARY}@example.com/x.png", takes=9),
            framed(URL.replace("https", "http")),
            framed(URL.replace("https", "s3")),
            framed(f"https://example.com/{CANARY}?{CANARY} {CANARY}a").replace(f"/{CANARY}", "/x"),
            edited(URL, seed=4),
            HEAD + f"  a: {{prompt: x, footage: '{URL}'}}\n",
            HEAD + f"  a: {{prompt: x, extends: '{URL}'}}\n",
            HEAD + f"  a: {{prompt: x, needs: ['{URL}']}}\n",
            HEAD + f"  a: {{prompt: x, frames: '{URL}'}}\n",
            HEAD + f"  a: {{prompt: x, takes: '{URL}', prompt_file: '{URL}'}}\n",
            HEAD + f"  a: {{prompt: x, frames: [{{shot: a, '{URL}': 1}}]}}\n",
            HEAD + f"  '{URL}': {{prompt: x}}\n",
            HEAD + f"  a: {{prompt: x, frames: ['{URL}'], prompt: ]\n",
            HEAD + f"  a: {{frames: ['{URL}'], prompt: '{{{{ gone }}}}'}}\n",
            HEAD + f"  a: {{frames: [&at '{URL}', *at], takes: 9, prompt: x}}\n",
            HEAD + f'  a: {{frames: ["https:\\/\\/example.com/a\\u003f{CANARY}"], takes: 9, prompt: x}}\n',
            HEAD + f"  a:\n    prompt: x\n    frames: [https://example.com/a?b\n      {CANARY}, 7]\n",
            f"skyflow: 1\nuse: ['{URL}']\ncut: ['{URL}']\nshots: {{a: {{prompt: x}}}}\n",
            f"skyflow: 1\nx-y: '{URL}'  \nshotts: '{URL}'\n",
        ],
    )
    def test_no_problem_shows_them(self, text):
        found = reading(text).problems
        assert found
        assert CANARY not in repr(found)

    def test_nothing_shows_a_board(self):
        whole = planned(everywhere())
        assert CANARY not in repr(whole)
        assert CANARY not in json.dumps(as_json(whole))

    def test_no_verb_prints_them(self, tmp_path, monkeypatch, capfd):
        monkeypatch.chdir(tmp_path)
        Path("board.yaml").write_text(everywhere())
        for verb in (
            "validate", "validate --format json", "validate --format github", "validate --strict", "plan",
            "plan --format json", "show d", "show d --format json", "show e", "graph", "status",
        ):  # fmt: skip
            cli.run(verb.split())
        told = "".join(capfd.readouterr())
        assert "https://example.com/cast/face.png?***" in told
        assert CANARY not in told


class TestARun:
    def inputs(self, tmp_path: Path, text: str) -> Mapping[str, Input]:
        """What a backend is given for the shot ``a``."""
        files: list[dict[str, bytes]] = []

        class Keeping(FakeBackend):
            @staticmethod
            def _look(item: Input) -> list[str]:
                files.append({item.path: Path(item.path).read_bytes()})
                return FakeBackend._look(item)

        backend = Keeping()
        result = run_board(board(text), tmp_path, backend)
        assert set(words(result).values()) == {"Made"}
        self.content = {path: content for file in files for path, content in file.items()}
        return next(one.inputs for one in backend.made if one.shot == "a")

    def test_an_address_comes_with_a_placeholder_and_with_itself(self, tmp_path):
        text = framed(URL, frames=[URL, pinned(), f"uuid:{UUID}"])
        found = self.inputs(tmp_path, text)
        assert {handle.partition(":")[0]: item.address for handle, item in found.items()} == {
            "url": URL,
            "sha256": URL,
            "uuid": UUID,
        }
        for item in found.values():
            assert item.kind == "image"
            assert digest.of_bytes(self.content[item.path]) == item.sha256
            assert Image.open(io.BytesIO(self.content[item.path])).size == (1280, 720)

    def test_a_data_uri_comes_as_the_file_that_it_is(self, tmp_path):
        (item,) = self.inputs(tmp_path, framed(data_uri(drawn("GIF"), "image/gif"))).values()
        assert self.content[item.path] == drawn("GIF")
        assert (item.sha256, item.address) == (digest.of_bytes(drawn("GIF")), None)

    def test_nothing_that_is_kept_holds_a_query(self, tmp_path):
        self.inputs(tmp_path, everywhere())
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(kept) > 6
        assert [path for path in kept if CANARY.encode() in path.read_bytes() or CANARY in path.name] == []

    def test_running_again_makes_nothing(self, tmp_path):
        run_board(board(everywhere()), tmp_path)
        assert set(words(run_board(board(everywhere()), tmp_path)).values()) == {"Reused"}

    @pytest.mark.slow
    def test_the_animatic_draws_every_kind_of_address_and_keeps_no_query(self, tmp_path, monkeypatch, capfd):
        monkeypatch.chdir(tmp_path)
        Path("film.yaml").write_text(everywhere())
        loaded = pipeline.load("film.yaml")
        result = pipeline.run(loaded, Animatic("480p"))
        assert set(words(result).values()) == {"Made"}
        assert result.exit_code == 0
        kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "film.yaml"]
        assert [path for path in kept if CANARY.encode() in path.read_bytes()] == []
        assert CANARY not in "".join(capfd.readouterr())
        assert probe.clip(tmp_path / "out/film/animatic-480p/e.mp4").frames == 96


class TestPlaceholders:
    def test_the_same_address_gives_the_same_bytes(self, tmp_path):
        for kind, look in (("image", probe.image), ("clip", probe.clip), ("voice", probe.voice)):
            first, second = tmp_path / f"1.{kind}", tmp_path / f"2.{kind}"
            placeholder.draw(kind, "https://example.com/…/face.png", first)
            placeholder.draw(kind, "https://example.com/…/face.png", second)
            assert first.read_bytes() == second.read_bytes()
            assert look(first)

    def test_another_address_gives_another_picture(self):
        assert (
            placeholder.card("image", "https://a/x").tobytes() != placeholder.card("image", "https://a/y").tobytes()
        )

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("https://example.com", "https://example.com/"),
            ("https://example.com/face.png?x=y", "https://example.com/face.png"),
            ("https://example.com/a/b/face.png#z", "https://example.com/…/face.png"),
            ("https://example.com/a/", "https://example.com/…/"),
            ("https://example.com?x=/y/z", "https://example.com/"),
        ],
    )
    def test_a_card_says_where_and_what_but_no_query(self, url, said):
        assert brief(url_medium(url, "image")) == said

    @given(st.text(max_size=300))
    @settings(max_examples=20)
    def test_any_words_fit(self, words):
        assert placeholder.card("clip", words).size == (1280, 720)


def test_files_of_a_project_are_no_addresses(project):
    with pytest.raises(FileFault, match=r"no file of the project") as caught:
        LocalFiles(project, project).text(URL)
    assert CANARY not in caught.value.message
