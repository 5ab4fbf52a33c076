"""Libraries: what a board takes over, from where, and who wins."""

from __future__ import annotations

import pytest

from tests.paper import PaperFiles, board, codes, keys

CAST = "tags: {keeper: {images: [../face.png], voice: voice.wav, describe: an old man}, boat: {describe: a boat}}\n"
BOARD = "skyflow: 1\nuse: [{}]\nshots: {{a: {{prompt: '@keeper, {{{{ look }}}}'}}}}\n"


def project(**libraries: str) -> PaperFiles:
    files = PaperFiles()
    files.texts |= {f"lib/{name}.yaml": text for name, text in libraries.items()}
    files.rename("voice.wav", "lib/voice.wav")
    return files


def test_a_board_takes_over_what_it_could_say_itself():
    files = project(cast=CAST, look="skyflow: 1\nvars: {look: 35mm}\ndefaults: {duration: 7}\n")
    used = BOARD.format("lib/cast.yaml, lib/look.yaml")
    said = CAST.replace("../", "").replace("voice.wav", "lib/voice.wav")
    itself = used.replace(
        "use: [lib/cast.yaml, lib/look.yaml]", f"vars: {{look: 35mm}}\ndefaults: {{duration: 7}}\n{said}"
    )
    assert keys(used, files) == keys(itself, files)
    assert board(used, files).warnings == ()


def test_the_board_wins_over_libraries_and_what_is_set_outside_over_all():
    files = project(cast=CAST, one="vars: {look: one}\n", two="vars: {look: two}\n")
    text = BOARD.format("lib/cast.yaml, lib/one.yaml, lib/two.yaml")
    assert board(text, files).shots["a"].prompt == "@keeper, two"
    assert codes(text, files) == ["SF0808"]
    own = text + "vars: {look: own}\n"
    assert board(own, files).shots["a"].prompt == "@keeper, own"
    assert codes(own, files) == []
    assert board(own, files, look="set").shots["a"].prompt == "@keeper, set"


@pytest.mark.parametrize(
    ("library", "own", "size"),
    [
        ("size: 848x480", "resolution: 720p", "1280x720"),
        ("{resolution: 720p, aspect: 1:1}", "size: 848x480", "848x480"),
        ("{resolution: 720p}", "aspect: 1:1", "960x960"),
    ],
)
def test_a_size_gives_way_to_what_the_board_says_of_it(library, own, size):
    inner = library.strip("{}")
    text = f"skyflow: 1\nuse: [lib/l.yaml]\ndefaults: {{{own}}}\nshots: {{a: {{prompt: x}}}}\n"
    assert str(board(text, project(l=f"defaults: {{{inner}}}\n")).shots["a"].size) == size


@pytest.mark.parametrize("text", ["", "[]", "shots: {}", "cut: [a]", "budget: 5", "use: []", "skyflow: 2", "\tx"])
def test_what_is_no_library_is_one_problem(text):
    found = codes("skyflow: 1\nuse: [lib/l.yaml]\nshots: {a: {prompt: x}}\n", project(l=text))
    assert len(found) == 1


def test_a_lost_library_is_one_problem_and_not_many():
    assert codes(BOARD.format("lib/gone.yaml"), project()) == ["SF0501"]


def test_a_clash_of_a_library_and_a_shot_is_told_of():
    assert "SF0303" in codes(BOARD.format("lib/l.yaml"), project(l="vars: {look: x}\ntags: {a: {describe: y}}\n"))


@pytest.mark.parametrize("junk", ["5", "lib/l.yaml", "~", "{a: b}", "[~]", "[[x]]", "['']", "true"])
def test_what_is_no_list_of_files_is_one_problem(junk):
    assert len(codes(BOARD.format("x").replace("[x]", junk), project())) == 1
