# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in for spdsync's panel.sock: canned answers whose every text is hostile, and a list of what was asked."""
import json, os, socket, struct, threading, urllib.parse

PLAIN = "a text of thirty-two characters."
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&\u202e\u0007{{7*7}}</pre></textarea>"
SESSION = "cws_" + "A" * 43
AFTER = "cws_" + "B" * 43	# the name of a session from when its password was shown again
PASSWORD = "eve's password"


def child(name):
    return {"name": "net", "full_name": name + "/net", "reqid": 1, "wanted": "up", "negotiated": "failed", "kernel": "none", "proven": False,
            "local_ts": HOSTILE, "remote_ts": HOSTILE, "agreed_local_ts": None, "agreed_remote_ts": HOSTILE, "spi_in": HOSTILE, "spi_out": None,
            "suite": HOSTILE, "protocol": "esp", "ipcomp": False, "encapsulation": None, "age_s": 1, "rekey_in_s": 3, "bytes_in": 2 ** 62, "bytes_out": 1, "packets_in": 1, "packets_out": 1,
            "rate_bytes_in": 155000, "rate_bytes_out": None, "last_in_s": 3, "last_out_s": 200,
            "policies": {"wanted": 2, "present": 2}}


def tunnel(name):
    return {"name": name, "state": "failed", "local_site": "tokyo", "remote_site": HOSTILE, "local": "20.0.0.1", "remote": HOSTILE,
            "id_local": "fqdn:tokyo", "id_remote": HOSTILE, "start": "always", "policy": None, "reason": "AUTH_FAILED", "message": HOSTILE,
            "hint": HOSTILE, "detail": HOSTILE, "retry_in_s": 4, "auth": {"local": {"how": "psk", "psk": "a-b"}}, "secret": "OK", "children": [child(name)],
            "ike": {"up": True, "initiator": True, "local": HOSTILE, "remote": HOSTILE, "nat_local": False, "nat_remote": False, "id_remote": HOSTILE,
                    "proved": HOSTILE, "suite": HOSTILE, "age_s": 1, "rekey_in_s": 2}}


def brief(t):
    """As "brief=yes" has it."""
    children = [{k: c[k] for k in ("name", "wanted", "negotiated", "kernel", "rekey_in_s", "rate_bytes_in", "rate_bytes_out", "last_in_s", "last_out_s")} for c in t["children"]]
    return dict({k: t[k] for k in ("name", "state", "remote_site", "remote", "reason", "message", "hint")}, ike={"remote": t["ike"]["remote"]}, children=children)


def events_part(answer, path):
    """Of the events those that "newest" and "before" ask for."""
    q, all_of = dict(x.split("=") for x in path.split("?")[1].split("&")), answer.get("events", [])
    fits = lambda e: all(q.get(k, "") in ("", e.get(k)) for k in ("tunnel", "event")) and \
        ("match" not in q or any(urllib.parse.unquote(q["match"]).lower() in v.lower() for v in e.values() if isinstance(v, str)))
    fit = [e for e in all_of if e["id"] < int(q.get("before", 2 ** 62)) and fits(e)]
    return dict(answer, events=fit[-int(q.get("newest", 8192)):], oldest=all_of[0]["id"] if all_of else 1)


def window(rows, path):
    """As "limit" and "offset" have it."""
    q = dict(x.split("=") for x in path.split("?")[1].split("&")) if "?" in path else {}
    at = int(q.get("offset", 0))
    return rows[at:at + int(q.get("limit", 10 ** 6))]


def head(text, path):
    """As "head" has it."""
    n = int(path.split("head=")[1]) if "head=" in path else len(text)
    return text if n >= len(text) else text[:text.rfind("\n", 0, n) + 1]


def traffic(path):
    n, every = {"2h": (120, 60), "1d": (288, 300), "31d": (372, 7200)}[path.split("span=")[1]]
    lists = {k: [(i * 7919) % 1000 * scale for i in range(n)] for k, scale in (("bytes_in", 9000), ("bytes_out", 700), ("packets_in", 9), ("packets_out", 1))}
    return {"tunnel": HOSTILE, "span": "2h", "every_s": every, "until": HOSTILE, **lists, "children": [],
            "now": {"bytes_in": 9000000, "bytes_out": None, "packets_in": 1, "packets_out": 1}}


def confined(c):
    pid = struct.unpack("iII", c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    status = dict(line.split(":\t", 1) for line in open("/proc/%d/status" % pid))
    return status["Seccomp"].strip(), status["NoNewPrivs"].strip(), len(os.listdir("/proc/%d/fd" % pid))


def site_file(n):
    """A site file of so many tunnels, as the panel's wizard writes them."""
    return "version: 1\nsites:\n  tokyo: {address: 20.0.0.1, networks: [10.0.1.0/24]}\n" + \
        "".join("  site-%05d: {address: 203.0.113.%d, networks: [10.%d.%d.0/24]}\n" % (i, i % 250, i // 250, i % 250) for i in range(n)) + "tunnels:\n" + \
        "".join("  site-%05d-tokyo:\n    between: [site-%05d, tokyo]\n    policy: modern\n    start: always\n    auth: {psk: site-%05d-tokyo}\n" % (i, i, i) for i in range(n))


class Fake:
    """plain: no text is hostile, all are as long as such texts are, and the lists are as long as on a gateway of so many tunnels: what weight and time are measured of.
    role: whose session it is; every call is kept in asked as (method, path, body, headers).
    stale: its password was shown long ago, and what changes something is refused until it is shown again.
    accounts: so many users, sessions and tokens; 0: one of each, hostile.
    confined: how the last who asked was closed in at that moment, and how many descriptors it had."""

    def __init__(self, path, tunnels=3, plain=False):
        self.plain = plain
        self.role, self.asked, self.tunnels, self.extra, self.connections, self.confined, self.accounts, self.stale = "admin", [], tunnels, {}, 0, None, 0, False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            c, _ = self.listener.accept()
            threading.Thread(target=self.visitor, args=(c,), daemon=True).start()

    def visitor(self, c):
        """One connection, with as many questions as its other end has."""
        first = True
        c.settimeout(10)
        try:
            while self.one(c, first):
                first = False
        except OSError:
            pass
        c.close()

    def one(self, c, first):
        got = b""
        while b"\r\n\r\n" not in got:
            more = c.recv(65536)
            if not more:
                return False
            got += more
        self.connections += first	# not when it is accepted: one without a question (/first) may be noticed when the next page is asked for already
        self.confined = self.look(c)
        head, body = got.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {k.lower(): v for k, v in (x.split(": ", 1) for x in lines[1:])}
        while len(body) < int(headers.get("content-length", 0)):
            body += c.recv(65536)
        self.asked.append((method, path, body.decode(), headers))
        status, out = self.octets(method, path, headers)
        c.sendall(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(out)) + out)
        return headers.get("connection") == "keep-alive"	# as spdsync has it

    look = staticmethod(confined)

    def octets(self, method, path, headers):
        status, answer = self.answer(method, path, headers)
        if path.startswith("/v1/events?"):
            answer = events_part(answer, path)
        out = json.dumps(answer, separators=(",", ":"))
        return status, (out.replace(json.dumps(HOSTILE)[1:-1], PLAIN) if self.plain else out).encode()

    def answer(self, method, path, headers):
        at = path.split("?")[0]
        if at in ("/v1/login", "/v1/first-user"):
            return 200, {"session": SESSION, "user": "eve", "role": self.role, "expires": "2030-01-01T00:00:00Z"}
        if headers.get("authorization") not in ("Bearer " + SESSION, "Bearer " + AFTER):
            return 401, {"code": 401, "reason": "SESSION_NONE", "message": "No session.", "hint": ""}
        if (method, at) in self.extra:
            return self.extra[method, at]
        if at == "/v1/self":
            return 200, {"user": HOSTILE, "role": self.role, "expires": "2030-01-01T00:00:00Z", "kind": "session", "proof_s": 0 if self.stale else 250, "others": 2}
        if at in ("/v1/self/proof", "/v1/self/password"):
            if json.loads(self.asked[-1][2])["password"] != PASSWORD:
                return 401, {"code": 401, "reason": "LOGIN_FAILED", "message": H, "hint": H}
            self.stale = False
            return 200, {"session": AFTER, "user": "eve", "role": self.role, "expires": "2030-01-01T00:00:00Z"}
        if method != "GET" and self.stale and at not in ("/v1/logout", "/v1/self/others"):
            return 403, {"code": 403, "reason": "PROOF_OLD", "message": "m", "hint": "h"}
        if method != "GET":
            return 200, {"done": True, "revision": 4, "token": H, "warnings": [{"tunnel": H, "message": H, "hint": H}],
                         "plan": [{"tunnel": H, "action": "rekeyed", "why": H}]}
        return 200, self.many(at, path) or self.canned(at, path)

    def many(self, at, path):
        """The lists of a gateway with as many tunnels as ours has."""
        n, q = self.tunnels, dict(x.split("=") for x in path.split("?")[1].split("&")) if "?" in path else {}
        first, rows = int(q.get("offset", 0)), int(q.get("limit", 100))
        shown = lambda row, all_of: [row] * max(0, min(rows, all_of - first))
        if not self.plain:
            return None
        if at in ("/v1/sas", "/v1/policies"):
            return {"total": 2 * n, "foreign": 2, "more": True, at[4:]: shown(SA if at == "/v1/sas" else dict(POLICY, ours=True, tunnel="site-00001-tokyo", child="net"), 2 * n)}
        if at == "/v1/certs":
            rows = [CERT] + [dict(CERT, name="site-%05d" % i, issues=False, is_ca=False, reason="OK", expires_in_s=10 ** 7) for i in range(n)]
            return {"certs": window(rows, path), "total": n + 1, "issuing": ["ca"]}
        if at.endswith("/issued"):
            rows = [{"serial": "%040x" % i, "site": "site-%05d" % i, "names": ["fqdn:site-%05d" % i], "not_after": T, "expired": False, "revoked": None, "why": ""} for i in range(n)]
            return {"ca": "ca", "issued": window(rows, path), "total": n}
        if at == "/v1/sites":
            return {"here": "tokyo", "sites": [{"name": "tokyo", "address": "20.0.0.1", "id": "fqdn:tokyo", "networks": ["10.0.1.0/24"]}] +
                    [{"name": "site-%05d" % i, "address": "203.0.113.9", "id": "fqdn:site", "networks": ["10.%d.%d.0/24" % (i // 250, i % 250)]} for i in range(n)]}
        if at == "/v1/revisions":
            return {"revisions": [REVISION] * rows, "next": 3}
        if at == "/v1/audit":
            return {"audit": LISTS[at]["audit"] * rows}
        if at == "/v1/diff":
            text = "".join("+%s\n" % x for x in site_file(n).split("\n"))
            return {"from": 2, "to": 3, "octets": len(text), "diff": head(text, path), "plan": None}
        if at.startswith("/v1/revisions/"):
            return dict(REVISION, octets=len(site_file(n)), text=head(site_file(n), path))
        if at == "/v1/events":
            return {"events": [dict(EVENT, id=i, event="child", tunnel="site-%05d-tokyo" % (i % n), child="net", wanted="up", negotiated="up", was="up", rekeyed=True, proven=True,
                                    spi_in="0xc0000001", spi_out="0xc0000002") for i in range(1, 8193)], "lost": 0, "last": 8192}
        return None

    def part(self, what, path):
        """As spdsync gives its lists: so many users after a name, sessions and tokens before a number."""
        q = dict(x.split("=") for x in path.split("?")[1].split("&"))
        row = LISTS["/v1/" + what][what][0]
        if what == "users":
            rows = [dict(row, user=n) for n in ("user-%04d" % i for i in range(self.accounts)) if n > q.get("after", "")]
        else:
            rows = [dict(row, id=i) for i in range(self.accounts, 0, -1) if i < int(q.get("before", 2 ** 62))]
        n = int(q["limit"])
        return {what: rows[:n], "next": rows[n - 1]["user" if what == "users" else "id"] if len(rows) > n else None}

    def canned(self, at, path):
        if at == "/v1/status":
            part = self.canned("/v1/tunnels", path) if "limit=" in path else {"tunnels": None}
            return {**part, "site": "tokyo", "time": HOSTILE, "certificates": {"all": 3, "ending": 1, "bad": 0, "lists_bad": 0}, "revision": {"number": 3, "time": "2026-01-01T00:00:00Z", "author": HOSTILE, "comment": HOSTILE, "current": True},
                    "confirm": None, "in_sync": False, "engine": {"host": "user", "asked": "auto", "version": HOSTILE, "up": True, "synced": True,
                    "guard": "closed"}, "daemons": {"ipsecd": "up", "keymgr": "up", "iked": "down", "keymgr-fetch": "up"}, "supervisor": HOSTILE,
                    "processes": [{"program": "iked", "pid": 7, "state": "ready", "since": "2026-01-01T00:00:00Z", "version": "1.2", "restarts": 2, "last_exit": "status:1"},
                                  {k: HOSTILE for k in ("program", "pid", "state", "since", "version", "restarts", "last_exit")}],
                    "troubles": [{"reason": None, "message": HOSTILE}], "drops": {HOSTILE: 1}}
        if at == "/v1/tunnels":
            limit = int(path.split("limit=")[1].split("&")[0])
            offset = int(path.split("offset=")[1].split("&")[0]) if "offset=" in path else 0
            return {"total": self.tunnels, "matching": self.tunnels, "counts": {"failed": self.tunnels},
                    "rates": {"bytes_in": 1, "bytes_out": None, "packets_in": 1, "packets_out": 1},
                    "tunnels": [(brief if "brief=yes" in path else lambda t: t)(tunnel("t-%03d" % i)) for i in range(offset, min(offset + limit, self.tunnels))]}
        if at in ("/v1/users", "/v1/sessions", "/v1/tokens") and self.accounts:
            return self.part(at[4:], path)
        if at.startswith("/v1/explain/"):
            return {"tunnel": "t-000", "now": None, "records": [{"time": "2026-01-01T00:00:00Z", "tunnel": HOSTILE, "child": None,
                    "reason": HOSTILE, "message": HOSTILE, "hint": HOSTILE, "facts": {HOSTILE: HOSTILE, "exchange": HOSTILE, "peer": HOSTILE}}]}
        if at.endswith("/issued"):
            return {"ca": HOSTILE, "total": 2, "issued": [{"serial": HOSTILE, "site": HOSTILE, "names": [HOSTILE], "not_after": T, "expired": False, "revoked": r, "why": HOSTILE}
                                              for r in (None, T)]}
        if at.endswith("/traffic"):
            return traffic(path)
        if at.endswith("/text"):
            return {"tunnel": "t-000", "revision": 3, "sha256": "ab", "text": HOSTILE}
        if at.endswith("/export"):
            return {"tunnel": "t-000", "for": "causeway", "text": HOSTILE}
        if at.startswith("/v1/tunnels/"):
            return tunnel(at.split("/")[3])
        return LISTS.get(at, {})


H, T = HOSTILE, "2026-01-01T00:00:00Z"
REVISION = {"number": 3, "time": T, "author": H, "comment": H, "sha256": H, "current": False, "text": H}
SA = {"spi": H, "direction": "in", "protocol": H, "source": H, "destination": H, "mode": H, "reqid": 1, "tunnel": H, "child": H, "owner": H, "ours": True,
      "state": H, "encryption": H, "integrity": H, "esn": True, "bytes": 1, "age_s": 1}
POLICY = {"direction": H, "action": H, "source": H, "destination": H, "protocol": H, "owner": H, "ours": False, "tunnel": None,
          "created": H, "last_used": H, "packets": 2 ** 62, "bytes": 2 ** 62, "dropped": 2 ** 62,
          "requests": [{"protocol": H, "mode": H, "level": H, "reqid": 1}]}
CERT = {"name": H, "kept": "keymgr", "certificate": True, "is_ca": True, "issues": True, "private_key": True, "key": H, "subject": H, "issuer": H, "names": [H], "fingerprint_sha256": H,
        "not_after": T, "expires_in_s": -3, "reason": "X", "message": H, "hint": H, "detail": H, "used_by": ["t-000"]}
EVENT = {"id": 1, "time": T, "event": H, "tunnel": H, "state": H, "reason": H, "message": H, "detail": H, "peer": H, "remote": H}
LISTS = {
    "/v1/revisions": {"revisions": [REVISION], "next": 3}, "/v1/revisions/3": REVISION,
    "/v1/diff": {"from": 2, "to": 3, "diff": "@@ -1 +1 @@\n-%s\n+%s\n %s\n" % (H, H, H), "plan": None},
    "/v1/sas": {"total": 3000, "foreign": 7, "more": True, "sas": [SA, dict(SA, ours=False)]}, "/v1/policies": {"total": 2, "foreign": 1, "more": False, "policies": [POLICY, dict(POLICY, ours=True, tunnel=H, child=H)]},
    "/v1/certs": {"certs": [CERT], "total": 1, "issuing": [H]}, "/v1/events": {"events": [EVENT, dict(EVENT, tunnel="t-000")], "lost": 0, "last": 1},
    "/v1/audit": {"audit": [{"number": 12, "time": T, "author": H, "origin": H, "action": H, "detail": H, "result": H}]},
    "/v1/confirm": {"pending": {"revision": 3, "back_to": 2, "seconds": 120, "seconds_left": 90}, "undone": {"revision": 2, "why": H}},
    "/v1/counters": {"engine": None, "iked": {H: 1}, "spdsync": {H: 2}},
    "/v1/sites": {"here": "tokyo", "sites": [{"name": "tokyo", "address": H, "id": H, "networks": ["10.0.1.0/24"]}]},
    "/v1/users": {"users": [{"user": H, "role": "viewer", "disabled": True}]},
    "/v1/sessions": {"sessions": [{"id": 1, "user": H, "client": H, "created": T, "expires": T}]},
    "/v1/tokens": {"tokens": [{"id": 1, "name": H, "role": H, "expires": T}]},
}
