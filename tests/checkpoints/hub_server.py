"""A hub of models on this machine: as much of its protocol as the client asks for."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Hub:
    """Serves `owner/name` from a folder, at one commit.

    Attributes:
        asked: method and path of each request, in order.
        ranges: the Range header of each that has one.
        tokens: the Authorization header of each that has one.
        breaks: names of files of which, the first time, only half is sent.
        status: by repository, another answer than its files: a code and an X-Error-Code.
    """

    commit = "0123456789abcdef0123456789abcdef01234567"
    revisions = ("main", "refs/pr/1", commit)

    def __init__(self, folder: Path, repo: str = "me/model"):
        self.folder, self.repo = folder, repo
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self.tokens: list[str] = []
        self.breaks: set[str] = set()
        self.status: dict[str, tuple[int, str]] = {}
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def files(self) -> list[str]:
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return [path.relative_to(self.folder).as_posix() for path in found]

    @property
    def sent(self) -> list[str]:
        """Files that were asked for."""
        return sorted({line.split("/", 5)[-1] for line in self.asked if line.startswith("GET /me")})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *args) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        hub.asked.append(f"{self.command} {path}")
        if token := self.headers.get("Authorization"):
            hub.tokens.append(token)
        parts = path.removeprefix("/api/models").strip("/").split("/")
        repo, action = "/".join(parts[:2]), parts[2] if len(parts) > 2 else "revision"
        rest = "/".join(parts[3:]) or "main"
        if repo in hub.status:
            return self._refuse(*hub.status[repo])
        if repo != hub.repo:
            return self._refuse(401, "RepoNotFound")
        revision = next((r for r in hub.revisions if f"{rest}/".startswith(f"{r}/")), None)
        if revision is None:
            return self._refuse(404, "RevisionNotFound")
        if action == "revision":
            siblings = [{"rfilename": name} for name in hub.files]
            return self._json({"id": repo, "sha": hub.commit, "siblings": siblings})
        if action == "tree":
            entries = [
                {
                    "type": "file",
                    "path": name,
                    "size": (hub.folder / name).stat().st_size,
                    "oid": "0" * 40,
                }
                for name in hub.files
            ]
            return self._json(entries)
        return self._file(rest.removeprefix(f"{revision}/"))

    def _file(self, name: str) -> None:
        if name not in self.hub.files:
            return self._refuse(404, "EntryNotFound")
        content = (self.hub.folder / name).read_bytes()
        headers = {
            "X-Repo-Commit": self.hub.commit,
            "ETag": f'"{hashlib.sha1(content).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        total, status, wanted = len(content), 200, self.headers.get("Range")
        if wanted:
            self.hub.ranges.append(wanted)
            begin = int(wanted.removeprefix("bytes=").partition("-")[0])
            content, status = content[begin:], 206
            headers["Content-Range"] = f"bytes {begin}-{total - 1}/{total}"
        half = self.command == "GET" and name in self.hub.breaks
        self.hub.breaks -= {name} if half else set()
        self._answer(status, content, headers, sent=len(content) // 2 if half else None)

    def _json(self, values) -> None:
        self._answer(200, json.dumps(values).encode(), {"Content-Type": "application/json"})

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, b"", {"X-Error-Code": code, "X-Error-Message": code})

    def _answer(self, status: int, content: bytes, headers, sent: int | None = None) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[:sent])
        if sent is not None:
            self.close_connection = True
