# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in for spdsync's panel.sock: canned answers whose every text is hostile, and a list of what was asked."""
import json, os, socket, threading

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&\u202e\u0007{{7*7}}</pre></textarea>"
SESSION = "cws_" + "A" * 43


def child(name):
    return {"name": "net", "full_name": name + "/net", "reqid": 1, "wanted": "up", "negotiated": "failed", "kernel": "none", "proven": False,
            "local_ts": HOSTILE, "remote_ts": HOSTILE, "agreed_local_ts": None, "agreed_remote_ts": HOSTILE, "spi_in": HOSTILE, "spi_out": None,
            "suite": HOSTILE, "encapsulation": None, "age_s": 1, "rekey_in_s": 3, "bytes_in": 2 ** 62, "bytes_out": 1, "packets_in": 1, "packets_out": 1,
            "policies": {"wanted": 2, "present": 2}}


def tunnel(name):
    return {"name": name, "state": "failed", "local_site": "tokyo", "remote_site": HOSTILE, "local": "20.0.0.1", "remote": HOSTILE,
            "id_local": "fqdn:tokyo", "id_remote": HOSTILE, "start": "always", "policy": None, "reason": "AUTH_FAILED", "message": HOSTILE,
            "hint": HOSTILE, "detail": HOSTILE, "retry_in_s": 4, "auth": {}, "secret": "OK", "children": [child(name)],
            "ike": {"up": True, "initiator": True, "local": HOSTILE, "remote": HOSTILE, "nat_local": False, "nat_remote": False, "id_remote": HOSTILE,
                    "proved": HOSTILE, "suite": HOSTILE, "age_s": 1, "rekey_in_s": 2}}


class Fake:
    """role: whose session it is; every call is kept in asked as (method, path, body, headers)."""

    def __init__(self, path, tunnels=3):
        self.role, self.asked, self.tunnels, self.extra = "admin", [], tunnels, {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            c, _ = self.listener.accept()
            try:
                self.one(c)
            except OSError:
                pass
            c.close()

    def one(self, c):
        c.settimeout(10)
        got = b""
        while b"\r\n\r\n" not in got:
            more = c.recv(65536)
            if not more:
                return
            got += more
        head, body = got.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {k.lower(): v for k, v in (x.split(": ", 1) for x in lines[1:])}
        while len(body) < int(headers.get("content-length", 0)):
            body += c.recv(65536)
        self.asked.append((method, path, body.decode(), headers))
        status, answer = self.answer(method, path, headers)
        out = json.dumps(answer).encode()
        c.sendall(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(out)) + out)

    def answer(self, method, path, headers):
        at = path.split("?")[0]
        if at in ("/v1/login", "/v1/first-user"):
            return 200, {"session": SESSION, "user": "eve", "role": self.role, "expires": "2030-01-01T00:00:00Z"}
        if headers.get("authorization") != "Bearer " + SESSION:
            return 401, {"code": 401, "reason": "NOT_SIGNED_IN", "message": "No session.", "hint": ""}
        if (method, at) in self.extra:
            return self.extra[method, at]
        if at == "/v1/self":
            return 200, {"user": HOSTILE, "role": self.role, "expires": "2030-01-01T00:00:00Z", "kind": "session"}
        if method != "GET":
            return 200, {"done": True, "revision": 4, "plan": [], "warnings": []}
        return 200, self.canned(at, path)

    def canned(self, at, path):
        names = ["t-%03d" % i for i in range(self.tunnels)]
        if at == "/v1/status":
            return {"site": "tokyo", "revision": {"number": 3, "time": "2026-01-01T00:00:00Z", "author": HOSTILE, "comment": HOSTILE, "current": True},
                    "confirm": None, "in_sync": False, "engine": {"host": "user", "asked": "auto", "version": HOSTILE, "up": True, "synced": True,
                    "guard": "closed"}, "daemons": {"ipsecd": "up", "keymgr": "up", "iked": "down", "keymgr-fetch": "up"}, "supervisor": HOSTILE,
                    "troubles": [{"reason": None, "message": HOSTILE}], "drops": {HOSTILE: 1}, "tunnels": None}
        if at == "/v1/tunnels":
            limit = int(path.split("limit=")[1].split("&")[0])
            offset = int(path.split("offset=")[1].split("&")[0]) if "offset=" in path else 0
            return {"total": len(names), "matching": len(names), "counts": {"failed": len(names)},
                    "tunnels": [tunnel(n) for n in names[offset:offset + limit]]}
        if at.startswith("/v1/explain/"):
            return {"tunnel": "t-000", "now": None, "records": [{"time": "2026-01-01T00:00:00Z", "tunnel": HOSTILE, "child": None,
                    "reason": HOSTILE, "message": HOSTILE, "hint": HOSTILE, "facts": {HOSTILE: HOSTILE, "exchange": HOSTILE, "peer": HOSTILE}}]}
        if at.startswith("/v1/tunnels/"):
            return tunnel(at.split("/")[3])
        return {}
