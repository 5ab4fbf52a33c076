"""Hostile input through the command line: whatever it is, it ends in words, soon, and in little memory.

What a case may cost is counted beside starting Python: time of the processor, so that a busy machine fails nothing,
and the most memory that the process held.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import zlib
from typing import TYPE_CHECKING

import av
import pytest

from skyflow.board import events
from skyflow.board.source import Source
from tests.measured import Ended, Measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

SECONDS = 4
"""Two on a quiet machine; where others share its cores and caches, the processor's time itself grows."""
MEGABYTES = 300
MOST_SAID = 200_000
"""Characters of an answer to a person: fifty problems with their lines."""

MIB = 1024 * 1024
HEAD = "skyflow: 1\nshots:\n"
SHOT = "skyflow: 1\nshots:\n  a: {prompt: x}\n"


def each(times: int, line: Callable[[int], str]) -> str:
    return "".join(map(line, range(times)))


def shot(keys: str) -> str:
    return f"{HEAD}  a: {{prompt: x, {keys}}}\n"


def prompt(text: str) -> str:
    return f"{HEAD}  a:\n    prompt: |-\n      {text}\n"


@pytest.fixture(scope="module")
def skyflow() -> Iterator[Measured]:
    with Measured() as calls:
        yield calls


def bounded(ended: Ended, *codes: int) -> Ended:
    """See that a call ended in words, soon, and in little memory."""
    assert ended.code in codes, ended
    assert "Traceback" not in ended.said
    assert "defect" not in ended.said
    assert ended.seconds <= SECONDS
    assert ended.megabytes <= MEGABYTES
    assert len(ended.said) <= MOST_SAID
    return ended


def refused(ended: Ended, code: str) -> None:
    assert f"[{code}]" in bounded(ended, 2).said


def said(ended: Ended, words: str) -> None:
    assert words in bounded(ended, 2).said


# --- the board itself ----------------------------------------------------------------------------------------------

ALIASES = "".join(f"x-{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
ROOM = 16 * MIB - 200

REFUSED: dict[str, tuple[str, Callable[[], str | bytes]]] = {
    "aliases that multiply": ("SF0102", lambda: f"x-a: &a [x,x,x,x,x,x,x,x,x]\n{ALIASES}{SHOT}"),
    "brackets": ("SF0102", lambda: "[" * 100_000),
    "braces": ("SF0102", lambda: "{a: " * 100_000),
    "braces in braces": ("SF0106", lambda: "{" * ROOM),
    "dashes": ("SF0102", lambda: "- " * (ROOM // 2)),
    "questions": ("SF0106", lambda: "? " * (ROOM // 2)),
    "indentation": ("SF0102", lambda: each(5000, lambda n: " " * n + "a:\n")),
    "over the limit": ("SF0102", lambda: "#" * (16 * MIB + 1)),
    "a long title": ("SF0102", lambda: f"{SHOT}title: {'x' * ROOM}\n"),
    "a long prompt": ("SF0102", lambda: prompt("@a " * (ROOM // 3))),
    "a long prompt of lines": ("SF0102", lambda: prompt("y\n      " * (ROOM // 8))),
    "a long quoted prompt": ("SF0102", lambda: HEAD + '  a: {prompt: "' + "\\u0041" * (ROOM // 7) + '"}\n'),
    "a long path": ("SF0102", lambda: shot(f"frames: [{'x/' * (ROOM // 2)}]")),
    "a long path that a value may have": ("SF0503", lambda: shot(f"frames: [{'x/' * 30_000}]")),
    "a long shot's name": ("SF0102", lambda: f"{HEAD}  ? {'x' * ROOM}\n  : {{prompt: x}}\n"),
    "a long unknown key": ("SF0102", lambda: f"{SHOT}? {'x' * ROOM}\n: 1\n"),
    "a long anchor": ("SF0107", lambda: f"*{'a' * ROOM}"),
    "a long tag": ("SF0111", lambda: f"!{'a' * ROOM} x"),
    "a long number": ("SF0102", lambda: f"skyflow: {'9' * ROOM}\nshots: {{a: {{prompt: x}}}}\n"),
    "a long data URI": ("SF0704", lambda: shot(f"frames: ['data:image/png;base64,{'A' * ROOM}']")),
    "line breaks": ("SF0104", lambda: "\n" * ROOM),
    "carriage returns": ("SF0104", lambda: "\r" * ROOM),
    "spaces": ("SF0104", lambda: " " * ROOM),
    "tabs": ("SF0101", lambda: "\t" * ROOM),
    "a tab for indentation": ("SF0101", lambda: "skyflow: 1\nshots:\n\ta: {prompt: x}\n"),
    "NULs": ("SF0103", lambda: b"\0" * ROOM),
    "a NUL": ("SF0103", lambda: prompt("a\0b")),
    "no UTF-8": ("SF0103", lambda: b"\xff" * ROOM),
    "no UTF-8 at the end": ("SF0103", lambda: SHOT.encode() + b"#" * ROOM + b"\xff"),
    "UTF-16": ("SF0103", lambda: SHOT.encode("utf-16")),
    "a lone surrogate": ("SF0103", lambda: prompt("\ud800").encode("utf-8", "surrogatepass")),
    "a lone surrogate, escaped": ("SF0101", lambda: f'{HEAD}  a: {{prompt: "\\ud800"}}\n'),
    "documents": ("SF0105", lambda: "---\n" * (ROOM // 4)),
    "directives": ("SF0101", lambda: "%YAML 1.2\n" * 10_000),
    "entries of a list": ("SF0102", lambda: shot(f"needs: [{'a,' * 5_000_000}]")),
    "a key over and over": ("SF0108", lambda: "a: 1\n" * (ROOM // 5)),
    "keys twice on every level": ("SF0108", lambda: each(60, lambda n: "  " * n + "a: 1\n" + "  " * n + "a:\n")),
    "keys that are no text": ("SF0106", lambda: f"{{{each(1000, lambda n: f'{n}: 1, ')}}}"),
    "a list for a key": ("SF0106", lambda: f"{HEAD}  [a]: {{prompt: x}}\n"),
    "an object": ("SF0111", lambda: shot("x-a: !!python/object/apply:os.system [id]")),
    "a name of Python": ("SF0111", lambda: shot("x-a: !!python/name:os.system x")),
    "binary": ("SF0111", lambda: shot("x-a: !!binary aGk=")),
    "a set": ("SF0111", lambda: shot("x-a: !!set {b}")),
    "an ordered mapping": ("SF0111", lambda: shot("x-a: !!omap [b: 1]")),
    "a time": ("SF0111", lambda: shot("duration: !!timestamp 2001-01-01")),
    "a merge of a list of text": ("SF0109", lambda: f"{SHOT}<<: [a]\n"),
    "a merge of text": ("SF0109", lambda: f"{SHOT}<<: a\n"),
    "a merge of itself": ("SF0107", lambda: f"{HEAD}  a: &a {{prompt: x, <<: *a}}\n"),
    "merges that multiply": (
        "SF0102",
        lambda: (
            "a: &a {k0: 0}\n"
            + each(3000, lambda n: f"m{n}: &m{n} {{<<: [*a, *{f'm{n - 1}' if n else 'a'}], k{n}: &a{n} [*a, *a]}}\n")
        ),
    ),
    "1e999": ("SF0110", lambda: shot("duration: 1e999")),
    "no number": ("SF0110", lambda: shot("duration: .nan")),
    "infinity": ("SF0110", lambda: shot("duration: -.inf")),
    "minus nought": ("SF0205", lambda: shot("duration: -0")),
    "hexadecimal": ("SF0205", lambda: shot("duration: 0xffffffffffffffffffffffff")),
    "octal": ("SF0205", lambda: shot("duration: 0o777")),
    "sexagesimal": ("SF0203", lambda: shot("duration: 1:30")),
    "a date": ("SF0203", lambda: shot("duration: 2001-01-01")),
    "a name that turns text round": ("SF0207", lambda: f"{HEAD}  '\u202eevil': {{prompt: x}}\n"),
    "a name without width": ("SF0207", lambda: f"{HEAD}  a\u200bb: {{prompt: x}}\n"),
    "a name in another script": ("SF0207", lambda: f"{HEAD}  \u0430: {{prompt: x}}\n"),
    "a thousand wrong shots on a line": (
        "SF0201",
        lambda: f"{{skyflow: 1, shots: {{{each(300, lambda n: f's{n}: {{prompt: x, foo: 1, bar: 2}}, ')}}}}}",
    ),
    "words that multiply": (
        "SF0205",
        lambda: (
            f"skyflow: 1\ntags: {{t: {{describe: {'y' * 60_000}}}}}\nshots: {{a: {{prompt: '{'@t ' * 20_000}'}}}}\n"
        ),
    ),
    "words that multiply within their limit": (
        "SF0610",
        lambda: (
            f"skyflow: 1\ntags: {{t: {{describe: {'y' * 1000}}}}}\nshots: {{a: {{prompt: '{'@t ' * 20_000}'}}}}\n"
        ),
    ),
    "mentions without end": ("SF0304", lambda: prompt("@b" * 30_000)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_hostile_board_is_refused_in_words(skyflow: Measured, project: Path, case: str) -> None:
    code, content = REFUSED[case]
    text = content()
    (project / "board.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    refused(skyflow(project, "validate", "board.yaml"), code)


TAKEN: dict[str, Callable[[], str]] = {
    "a byte-order mark and CRLF": lambda: f"\ufeff{SHOT}".replace("\n", "\r\n"),
    "comments": lambda: SHOT + "#\n" * (ROOM // 2),
    "a long comment": lambda: f"{SHOT}#{'x' * ROOM}",
    "line breaks below": lambda: SHOT + "\n" * ROOM,
    "carriage returns below": lambda: SHOT + "\r" * ROOM,
    "aliases within their limit": lambda: f"vars:\n  l: &a [{'1,' * 1000}]\n  b: [{'*a,' * 98}]\n{SHOT}",
    "anchors on everything": lambda: f"x-l: [{each(19_000, lambda n: f'&a{n} x, ')}]\n{SHOT}",
    "vars": lambda: "vars:\n" + each(19_000, lambda n: f"  v{n}: 1\n") + SHOT,
    "a date that is a title": lambda: f"{SHOT}title: 2001-01-01\n",
    "a deep parameter": lambda: shot(f"request: {'{a: ' * 58}1{'}' * 58}"),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_only_strange_is_taken_and_plans(skyflow: Measured, project: Path, case: str) -> None:
    (project / "board.yaml").write_text(TAKEN[case]())
    for verb in ("validate", "plan"):
        bounded(skyflow(project, verb, "board.yaml"), 0)


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_a_circle_of_two_hundred_is_named_and_a_chain_of_two_hundred_plans(
    skyflow: Measured, project: Path, verb: str
) -> None:
    """Neither needs a stack as deep as it is long; more of them take longer in proportion only."""
    circle = HEAD + each(200, lambda n: f"  s{n}: {{prompt: x, duration: 3, extends: s{(n + 1) % 200}}}\n")
    (project / "board.yaml").write_text(circle)
    refused(skyflow(project, verb, "board.yaml"), "SF0302")
    (project / "board.yaml").write_text(circle.replace(", extends: s0}", "}"))
    bounded(skyflow(project, verb, "board.yaml"), 0)


# --- what stands where the board should be -------------------------------------------------------------------------


def _listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(path.parent, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{folder}/{path.name}")  # a socket's own path may not be long
        os.close(folder)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 5 << 30)


def _lead_in_a_circle(path: Path) -> None:
    path.symlink_to(path.name)


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "regular file"),
    "a device without end": (lambda path: path.symlink_to("/dev/zero"), "regular file"),
    "a terminal": (lambda path: path.symlink_to("/dev/tty"), "regular file"),
    "a socket": (_listening, "regular file"),
    "a folder": (lambda path: path.mkdir(), "folder"),
    "a link to itself": (_lead_in_a_circle, "cannot be read"),
    "five gigabytes of nothing": (_sparse, "over 16 MiB"),
    "memory": (lambda path: path.symlink_to("/proc/self/mem"), "cannot be read"),
    "nothing": (lambda path: path.touch(), "empty"),
}


@pytest.mark.parametrize("case", NO_FILES)
def test_what_is_no_file_is_no_board(skyflow: Measured, project: Path, case: str) -> None:
    make, words = NO_FILES[case]
    make(project / "board.yaml")
    said(skyflow(project, "validate", "board.yaml"), words)


@pytest.mark.parametrize("case", NO_FILES)
def test_what_is_no_file_holds_no_values(skyflow: Measured, project: Path, case: str) -> None:
    (project / "board.yaml").write_text(SHOT)
    NO_FILES[case][0](project / "vars.yaml")
    said(skyflow(project, "validate", "board.yaml", "--vars", "vars.yaml"), "vars.yaml")


@pytest.mark.parametrize("key", ["a: {prompt_file: it}", "a: {prompt: x, frames: [it]}", "a: {footage: it}"])
@pytest.mark.parametrize("case", NO_FILES)
def test_what_is_no_file_is_no_medium_and_no_prompt(skyflow: Measured, project: Path, case: str, key: str) -> None:
    (project / "board.yaml").write_text(f"{HEAD}  {key}\n")
    NO_FILES[case][0](project / "it")
    said(skyflow(project, "validate", "board.yaml"), "error[SF0")


@pytest.mark.parametrize("case", NO_FILES)
def test_what_is_no_file_is_no_library_and_nothing_to_include(skyflow: Measured, project: Path, case: str) -> None:
    (project / "board.yaml").write_text(f"use: [it]\n{HEAD}  a: {{prompt: \"{{% include 'it' %}}\"}}\n")
    NO_FILES[case][0](project / "it")
    ended = skyflow(project, "validate", "board.yaml")
    said(ended, "error[SF0")


# --- templates -----------------------------------------------------------------------------------------------------

TEMPLATES = [
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(10 ** 9) %}{% endfor %}",
    "{{ 'x' * 10 ** 9 }}",
    "{{ [[0] * 1000] * 1000 * 1000 }}",
    "{{ 9 ** 9999999 }}",
    "{{ 'a' | center(10 ** 9) }}",
    "{{ 'a' | indent(10 ** 9, true) }}",
    "{{ '%1000000000d' % 5 }}",
    "{{ '{:1000000000}'.format(5) }}",
    "{{ '%*d' % (1000000000, 5) }}",
    "{{ '{0:{1[0]}}'.format('x', [1000000000]) }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ '{0.__init__.__globals__}'.format(range) }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ('' | attr('__class__')).mro() }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ lipsum(10 ** 9) }}",
    "{{ cycler.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'me.j2' %}",
    "{% import 'me.j2' as me %}{{ me.m() }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../../../etc/passwd' %}",
    "{% include '.env' %}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{% if 1 %}" * 2000,
    "{{ " + " ~ ".join(["'x' * 60000"] * 500) + " }}",
    "{{" * 30_000,
    "{%" * 30_000,
    "{#" * 30_000,
    "{%- " * 15_000,
    "{% raw %}" * 7000,
    " " * 60_000 + "{{x",
]


@pytest.mark.parametrize("text", TEMPLATES, ids=range(len(TEMPLATES)))
@pytest.mark.parametrize("place", ["the board", "a prompt's file", "a var's value"])
def test_a_template_ends_in_words(skyflow: Measured, project: Path, text: str, place: str) -> None:
    (project / "me.j2").write_text("{% include 'me.j2' %}{% import 'me.j2' as me %}{% macro m() %}{% endmacro %}")
    (project / ".env").write_text("RUNWARE_API_KEY=very-secret")
    if place == "a prompt's file":
        (project / "p.j2").write_text(text)
        board = f"{HEAD}  a: {{prompt_file: p.j2}}\n"
    elif place == "the board":
        board = prompt(text)
    else:  # a value is words and no template: it is printed as it is
        board = f"vars:\n  v: |-\n    {text}\n{HEAD}  a: {{prompt: 'x {{{{ v }}}}'}}\n"
    (project / "board.yaml").write_text(board)
    ended = bounded(skyflow(project, "validate", "board.yaml"), *([0, 2] if place == "a var's value" else [2]))
    assert "very-secret" not in ended.said
    assert "root:" not in ended.said


def test_spaces_that_a_template_takes_away_cost_nothing(skyflow: Measured, project: Path) -> None:
    (project / "board.yaml").write_text(prompt((" " * 100 + "{{-1-}}") * 600))
    bounded(skyflow(project, "validate", "board.yaml"), 0)


def test_many_greedy_templates_share_one_bound(skyflow: Measured, project: Path) -> None:
    greedy = "{% for i in range(90000) %}{% endfor %}"
    (project / "board.yaml").write_text(HEAD + each(300, lambda n: f"  s{n}: {{prompt: '{greedy}'}}\n"))
    ended = skyflow(project, "validate", "board.yaml")
    assert ended.code == 2
    assert "does or writes too much" in ended.said
    assert ended.megabytes <= MEGABYTES


# --- pictures, clips and voices ------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def squeezed(times: int) -> bytes:
    """Megabytes of nothing, in kilobytes: one that stands alone, over and over."""
    packer = zlib.compressobj(9, wbits=-15)
    one = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    size = times * MIB % 65_521
    return b"\x78\xda" + one * times + b"\x03\0" + struct.pack(">HH", size, 1)


def test_what_is_squeezed_is_nothing() -> None:
    assert zlib.decompress(squeezed(5)) == bytes(5 * MIB)


def wave(samples: int, rate: int = 48_000) -> bytes:
    """A WAV that claims as many bytes of sound, and holds none to speak of."""
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2 % 2**32, 2, 16)
    return (
        b"RIFF\xff\xff\xff\xffWAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", samples)
        + b"\0" * 64
    )


def gif(width: int, height: int) -> bytes:
    body = b"\x2c\0\0\0\0" + struct.pack("<HH", width, height) + b"\0\x08\x02\x4c\x01\0\x3b"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\0\0\0\xff\xff\xff" + body


MEDIA: dict[str, Callable[[], bytes]] = {
    "a PNG of 200000x200000": lambda: png(200_000, 200_000, chunk(b"IDAT", squeezed(1))),
    "a PNG whose size is a lie": lambda: png(8000, 8000, chunk(b"IDAT", squeezed(1))),
    "a PNG with a bomb of words": lambda: png(1, 1, *[chunk(b"zTXt", b"a\0\0" + squeezed(64))] * 20),
    "a PNG with a bomb for a profile": lambda: png(1, 1, chunk(b"iCCP", b"a\0\0" + squeezed(500))),
    "a PNG with a bomb behind its pixels": lambda: png(1, 1, chunk(b"IDAT", squeezed(900))),
    "a GIF of 65535x65535": lambda: gif(65_535, 65_535),
    "a BMP of 2^31 pixels": lambda: (
        b"BM" + struct.pack("<IIIIiiHHIIIIII", 60, 0, 54, 40, 65_000, 65_000, 1, 24, *[0] * 6)
    ),
    "a BMP upside down": lambda: b"BM" + struct.pack("<IIIIiiHHIIIIII", 60, 0, 54, 40, 1, -(2**31), 1, 24, *[0] * 6),
    "a TIFF": lambda: b"II*\0" + b"\xff" * 1000,
    "a WebP of 16383x16383": lambda: b"RIFF\xff\0\0\0WEBPVP8L\xff\0\0\0\x2f\xff\xff\xff\x0f" + bytes(300),
    "a ZIP": lambda: b"PK\x03\x04" + squeezed(100),
    "a gzip": lambda: b"\x1f\x8b\x08" + squeezed(100),
    "an SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    "a WAV of 2^32 bytes": lambda: wave(2**32 - 1),
    "a WAV of no rate": lambda: wave(64, rate=0),
    "a WAV of an absurd rate": lambda: wave(64, rate=2**32 - 1),
    "a playlist": lambda: b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.mp4\n",
    "a list to concatenate": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a data URI": lambda: b"data:video/mp4;base64,AAAA",
    "an MP4 of nothing but its beginning": lambda: b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
    "an MP4 with a box of 2^63 bytes": lambda: b"\0\0\0\x18ftypisom\0\0\0\0isommp42\0\0\0\1moov\x7f" + b"\xff" * 7,
    "an MP4 of boxes in boxes": lambda: _boxes(20_000),
    "a Matroska of 2^56 bytes": lambda: b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe" + bytes(100),
    "an Ogg of noise": lambda: b"OggS" + bytes(range(256)) * 200,
    "an MP3 with a tag of 256 MB": lambda: b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(1000),
    "a FLAC of noise": lambda: b"fLaC" + b"\xff" * 5000,
}


def _boxes(deep: int) -> bytes:
    """As many boxes as fit, each in the one before."""
    inner = b"".join(struct.pack(">I", 8 * (deep - n)) + b"moov" for n in range(deep))
    return b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + inner


@pytest.mark.parametrize("case", MEDIA)
def test_hostile_media_are_refused_in_words(skyflow: Measured, project: Path, case: str) -> None:
    (project / "it").write_bytes(MEDIA[case]())
    (project / "board.yaml").write_text(
        "skyflow: 1\ntags: {t: {images: [it], voice: it}}\n"
        "shots:\n  a: {prompt: '@t', frames: [it]}\n  b: {footage: it}\n  c: {prompt: x, edits: it}\n"
    )
    ended = bounded(skyflow(project, "validate", "board.yaml"), 2)
    assert "error[SF0504]" in ended.said


def clip(tracks: int = 1, pictures: int = 12) -> bytes:
    """An MP4 of small grey pictures, its index at its end."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        streams = [container.add_stream("mpeg4", rate=24) for _ in range(tracks)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(pictures):
            for stream in streams:
                container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        for stream in streams:
            container.mux(stream.encode())
    return written.getvalue()


def patched(content: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """A clip with other bytes at an offset from a box's name."""
    at = content.index(box) + offset
    return content[:at] + value + content[at + len(value) :]


MOST = b"\xff" * 4

CLIPS: dict[str, Callable[[], bytes]] = {
    "many tracks": lambda: clip(tracks=50, pictures=2),
    "pictures of 65535x65535": lambda: patched(clip(), b"mp4v", 28, MOST),
    "no ticks in a second": lambda: patched(clip(), b"mdhd", 16, bytes(4)),
    "2^32 ticks in a second": lambda: patched(clip(), b"mdhd", 16, MOST),
    "pictures that last no time": lambda: patched(clip(), b"stts", 16, bytes(4)),
    "pictures that last 2^32 ticks": lambda: patched(clip(), b"stts", 16, MOST),
    "2^32 pictures of one length": lambda: patched(clip(), b"stts", 12, MOST),
    "2^32 kinds of length": lambda: patched(clip(), b"stts", 8, MOST),
    "2^32 sizes of pictures": lambda: patched(clip(), b"stsz", 12, MOST),
    "a picture of 2^32 bytes": lambda: patched(clip(), b"stsz", 16, MOST),
    "2^32 places of pictures": lambda: patched(clip(), b"stco", 8, MOST),
    "pictures beyond its end": lambda: patched(clip(), b"stco", 12, b"\x7f" + MOST[1:]),
    "2^32 entries of a list of edits": lambda: patched(clip(), b"elst", 8, MOST),
    "an absurd rotation": lambda: patched(clip(), b"tkhd", 44, b"\x7f\xff\xff\xff" * 9),
    "a rotation of nothing": lambda: patched(clip(), b"tkhd", 44, bytes(36)),
    "noise for pictures": lambda: patched(clip(), b"mdat", 4, b"\xa5" * 200),
}


@pytest.mark.parametrize("case", CLIPS)
def test_a_clip_whose_index_lies_is_refused_or_taken_at_little_cost(
    skyflow: Measured, project: Path, case: str
) -> None:
    """Some lies harm nobody: FFmpeg counts for itself. None may take long, take memory or end the process."""
    (project / "it").write_bytes(CLIPS[case]())
    (project / "board.yaml").write_text(f"{HEAD}  a: {{footage: it}}\n")
    ended = bounded(skyflow(project, "plan", "board.yaml"), 0, 2)
    assert ended.code == 0 or "error[SF0" in ended.said


def test_a_clip_that_was_cut_off_is_refused_wherever_it_was_cut(skyflow: Measured, project: Path) -> None:
    whole = clip()
    lengths = [1, 7, 8, 9, 31, 32, 40, len(whole) // 2, len(whole) - 1, *range(50, len(whole), len(whole) // 20)]
    shots = ""
    for number, length in enumerate(lengths):
        (project / f"{number}.mp4").write_bytes(whole[:length])
        shots += f"  s{number}: {{footage: {number}.mp4}}\n"
    (project / "board.yaml").write_text(HEAD + shots)
    ended = bounded(skyflow(project, "validate", "board.yaml"), 2)
    assert ended.said.count("error[SF0504]") == len(lengths)


def test_the_clip_that_these_are_made_of_is_sound(skyflow: Measured, project: Path) -> None:
    (project / "it").write_bytes(clip())
    (project / "board.yaml").write_text(f"{HEAD}  a: {{footage: it}}\n")
    bounded(skyflow(project, "validate", "board.yaml"), 0)


@pytest.mark.parametrize("target", ["/etc/hostname", "/dev/zero", "/proc/self/environ", "../outside.png"])
def test_no_link_leads_out_of_the_project(skyflow: Measured, tmp_path: Path, target: str) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (tmp_path / "outside.png").write_bytes(png(1, 1))
    (project / "it").symlink_to(target)
    keys = ["a: {prompt_file: it}", "b: {prompt: x, frames: [it]}", "c: {footage: it}"]
    (project / "board.yaml").write_text(f"use: [it]\n{HEAD}" + "".join(f"  {key}\n" for key in keys))
    ended = bounded(skyflow(project, "validate", "board.yaml"), 2)
    assert ended.said.count("error[SF0502]") == 4


# --- what skyflow itself wrote -------------------------------------------------------------------------------------

DEEP = b'{"skyflow_lock": 1, "shots": {"a": ' + b'{"versions": ' * 100_000

LOCKS = [
    b"[" * 1_000_000,
    b'{"a":' * 1_000_000,
    b'{"skyflow_lock": ' + b"9" * 1_000_000 + b"}",
    b'{"skyflow_lock": 1e999}',
    b'{"skyflow_lock": NaN}',
    b'{"skyflow_lock": 1, "shots": {"\\ud800": {}}}',
    b"\xff" * 1_000_000,
    b"\0",
    b"null",
    b"",
    DEEP,
]


JOURNALS: dict[str, bytes] = {
    "a text": b"{}",
    "noise": bytes(range(256)) * 4000,
    "the head of a database and no more": b"SQLite format 3\0",
    "the head of a database, then noise": b"SQLite format 3\0\x10\0\1\1\0\x40\x20\x20" + b"\xff" * 100_000,
    "pages of 65536 bytes that are not there": b"SQLite format 3\0\0\1\1\1\0\x40\x20\x20"
    + bytes(4)
    + b"\x7f\xff\xff\xff",
}


@pytest.mark.parametrize("place", ["board.lock", ".skyflow/animatic.lock", ".skyflow/journal.sqlite"])
@pytest.mark.parametrize("case", [case for case in NO_FILES if case != "nothing"])
def test_what_is_no_file_is_no_record(skyflow: Measured, project: Path, case: str, place: str) -> None:
    """Neither a plan nor tidying waits for it, or reads it to an end that never comes."""
    (project / "board.yaml").write_text(SHOT)
    (project / ".skyflow").mkdir()
    NO_FILES[case][0](project / place)
    name = place.rpartition("/")[2]
    backend = ["--backend", "runware"] if place != ".skyflow/animatic.lock" else []
    for verb in (["plan", "board.yaml", *backend], ["gc", "board.yaml", "--dry-run"]):
        ended = bounded(skyflow(project, *verb, environment={"RUNWARE_API_KEY": "x" * 32}), 1, 2, 3)
        assert name in ended.said


@pytest.mark.parametrize("case", JOURNALS)
def test_a_hostile_journal_is_damaged_and_no_more(skyflow: Measured, project: Path, case: str) -> None:
    (project / "board.yaml").write_text(SHOT)
    (project / ".skyflow").mkdir()
    (project / ".skyflow" / "journal.sqlite").write_bytes(JOURNALS[case])
    for verb in (["plan", "board.yaml", "--backend", "runware"], ["gc", "board.yaml", "--dry-run"]):
        ended = bounded(skyflow(project, *verb, environment={"RUNWARE_API_KEY": "x" * 32}), 1, 2, 3)
        assert "journal.sqlite" in ended.said


@pytest.mark.parametrize("content", LOCKS, ids=range(len(LOCKS)))
def test_a_hostile_lock_is_damaged_and_no_more(skyflow: Measured, project: Path, content: bytes) -> None:
    (project / "board.yaml").write_text(SHOT)
    (project / ".skyflow").mkdir()
    (project / ".skyflow" / "animatic.lock").write_bytes(content)
    (project / "board.lock").write_bytes(content)
    assert "is damaged" in bounded(skyflow(project, "plan", "board.yaml"), 1, 3).said


SELECTORS = [
    "+" * 50_000,
    "a+" * 30_000,
    "*" * 60_000,
    "(" * 60_000,
    "a:" * 30_000,
    ",".join("a" * 30_000),
    "a\0",
    "\u202e",
]


@pytest.mark.parametrize("words", SELECTORS, ids=range(len(SELECTORS)))
def test_a_hostile_selection_is_refused_or_empty(skyflow: Measured, project: Path, words: str) -> None:
    (project / "board.yaml").write_text(SHOT)
    bounded(skyflow(project, "plan", "board.yaml", "--select", words), 0, 2)


MORE_THAN_A_HUNDREDTH: dict[str, Callable[[], str]] = {
    "values": lambda: f"{SHOT}x-l: [{'[1,1,1,1,1,1,1,1,1,1],' * 2000}]\n",
    "shots": lambda: HEAD + each(2500, lambda n: f"  s{n}: {{}}\n"),
    "entries of a list": lambda: shot(f"needs: [{'a,' * 3000}]"),
}


@pytest.mark.parametrize("name", MORE_THAN_A_HUNDREDTH)
def test_what_is_larger_than_any_film_is_refused_before_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A hundred thousand shots are a film, so reading up to the limits takes long: here they are a hundredth."""
    for limit in ("MAX_VALUES", "MAX_ENTRIES"):
        monkeypatch.setattr(events, limit, getattr(events, limit) // 100)
    source = Source("board.yaml", MORE_THAN_A_HUNDREDTH[name]().encode())
    assert [problem.code for problem in source.problems] == ["SF0102"]
