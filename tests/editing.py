"""A client of the YAML language server, as editors are: the real server, spoken to over its standard streams."""

from __future__ import annotations

import json
import subprocess
import threading
from itertools import count
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60
"""Seconds for one answer; a server that is deaf for longer is ended, so that a test fails and does not hang."""

SETTINGS = {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}


class LanguageServer:
    """One server process and the conversation with it.

    Args:
        command: what starts it.
        root: the folder that is open.
        schema: a schema for every document; without it, documents name their own.
    """

    def __init__(self, command: list[str], root: Path, schema: Path | None = None) -> None:
        self._settings = SETTINGS | ({"schemas": {schema.as_uri(): "*.yaml"}} if schema else {})
        self._root = root
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=root)  # noqa: S603 - the tests' own
        self._numbers = count(1)
        self._published: dict[str, list[dict[str, Any]]] = {}
        self._configured = False

    def __enter__(self) -> Self:
        can = {
            "workspace": {"configuration": True},
            "textDocument": {"completion": {}, "hover": {"contentFormat": ["markdown"]}},
        }
        self.ask("initialize", {"processId": None, "rootUri": self._root.as_uri(), "capabilities": can})
        self._tell("initialized", {})
        while not self._configured:  # what is opened before it has its settings is looked at without the schema
            self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, file: Path, text: str) -> list[dict[str, Any]]:
        """Show the server a document that an editor holds; give its diagnostics."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        while file.as_uri() not in self._published:
            self._take()
        return self._published.pop(file.as_uri())

    def completions(self, file: Path, line: int, column: int) -> dict[str, dict[str, Any]]:
        """What is offered at a place, counted from 0, by label."""
        answer = self.ask("textDocument/completion", _at(file, line, column))
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"]: item for item in items or ()}

    def hover(self, file: Path, line: int, column: int) -> str:
        """What is shown of the word at a place, counted from 0; empty where nothing is."""
        answer = self.ask("textDocument/hover", _at(file, line, column))
        contents = answer["contents"] if answer else ""
        return contents["value"] if isinstance(contents, dict) else str(contents)

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """The result of a request."""
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._take()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _take(self) -> dict[str, Any]:
        """Read one message, and do what it asks of an editor."""
        message = self._read()
        if message.get("method") == "textDocument/publishDiagnostics":
            self._published[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": self._reply(message)})
        return message

    def _reply(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        self._configured = True
        return [self._settings if item["section"] == "yaml" else {} for item in message["params"]["items"]]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        try:
            length = 0
            while line := self._process.stdout.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            message: dict[str, Any] = json.loads(self._process.stdout.read(length) or "null")
        finally:
            watchdog.cancel()
        assert message, "the language server has ended"
        return message


def _at(file: Path, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": column}}
