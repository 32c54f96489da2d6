# SPDX-License-Identifier: BSD-2-Clause
"""test_openapi's second half: openapi.py OPENAPI ROUTES DIR. Holds the OpenAPI file against the routes and against the answers of a real spdsync
in DIR, whose world (sync_world) hears commands on DIR/in. Every operation, every query parameter and every documented status is provoked; every
answer is validated against its schema.

A new route needs two things, or the test fails and names what is missing:
 1. Its entry in etc/openapi.json (one blank a level; json.dump(..., indent=1, ensure_ascii=False)): "paths" / the path with {name} for * / the method.
    Copy a neighbour: "summary", "operationId" (METHOD_path_words, once each), every "parameters" (the one in the path, each req_query of the code), the
    "requestBody" if it reads one, and "responses": 200 with its schema, and each error it can answer by "$ref": "#/components/responses/E4xx". Whatever
    is not a GET answers 403 on ro.sock, but for what only looks at a text (LOOKS): list E403 (provoked for all of them below). What every operation may answer (400 address, 405, 413, 503 memory)
    stands in "info" once and in no entry. An answer of a new form used twice gets a name in components/schemas.
 2. Below, one call(STATUS, METHOD, PATH, NAME, query=, body=, sock=, token=) for each documented status and each query parameter: 200 as well as each
    error. A daemon that does not answer: world("mute"), and the query wait=1.
A new query parameter of a known route: its line in "parameters", and one call that uses it."""
import array, http.client, json, os, re, socket, sys, threading, time

spec = json.load(open(sys.argv[1]))
routes = [l.split()[:2] for l in open(sys.argv[2])]
W = sys.argv[3]
number, bad = int(os.environ.get("FIRST", "1")), 0


def ok(what, wrong):
    global number, bad
    if wrong:
        bad += 1
        print("not ok %d - %s" % (number, what))
        for w in list(wrong)[:20]:
            print("# " + str(w))
    else:
        print("ok %d - %s" % (number, what))
    number += 1


# ---- a small checker: the part of JSON Schema that the file uses ----
KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
KNOWN = {"type", "enum", "pattern", "format", "properties", "required", "additionalProperties", "items", "oneOf", "allOf", "$ref", "minimum", "maximum",
         "maxItems", "default", "description"}


def resolve(s):
    while "$ref" in s:
        at = spec
        for part in s["$ref"].lstrip("#/").split("/"):
            at = at[part]
        s = at
    return s


def check(s, v, where):
    s = resolve(s)
    unknown = set(s) - KNOWN
    if unknown:
        return ["%s: the checker does not know %s" % (where, unknown)]
    out = []
    if "oneOf" in s and sum(not check(x, v, where) for x in s["oneOf"]) != 1:
        return ["%s: fits not exactly one of them: %s" % (where, [check(x, v, where) for x in s["oneOf"]])]
    for x in s.get("allOf", []):
        out += check(x, v, where)
    if "type" in s:
        kinds = s["type"] if isinstance(s["type"], list) else [s["type"]]
        if not any(isinstance(v, KINDS[k]) and not (k == "integer" and isinstance(v, bool)) for k in kinds):
            return out + ["%s: %.60r is no %s" % (where, v, "/".join(kinds))]
    if "enum" in s and v is not None and v not in s["enum"]:
        out.append("%s: %r is not one of %s" % (where, v, s["enum"]))
    if "pattern" in s and isinstance(v, str) and not re.search(s["pattern"], v):
        out.append("%s: %r does not fit %s" % (where, v, s["pattern"]))
    if isinstance(v, dict):
        out += ["%s: '%s' is missing" % (where, k) for k in s.get("required", []) if k not in v]
        for k, x in v.items():
            if k in s.get("properties", {}):
                out += check(s["properties"][k], x, where + "." + k)
            elif isinstance(s.get("additionalProperties"), dict):
                out += check(s["additionalProperties"], x, where + "." + k)
            elif s.get("additionalProperties") is False:
                out.append("%s: '%s' is not among its members" % (where, k))
    if isinstance(v, list) and "items" in s:
        for i, x in enumerate(v):
            out += check(s["items"], x, "%s[%d]" % (where, i))
    return out


# ---- the two of them ----
there = {(m, p.replace("*", "{name}")) for m, p in routes}
described = {(m, p) for p, ops in spec["paths"].items() for m in ops}
ok("every route is described", sorted(there - described))
ok("every operation that is described is a route", sorted(described - there))
names = {p["name"] for ops in spec["paths"].values() for o in ops.values() for p in o.get("parameters", []) if p["in"] == "query"}
asked = set()
for f in [x for x in os.listdir(os.path.join(os.environ["top_srcdir"], "spdsync")) if x.endswith(".c")]:
    asked |= set(re.findall(r'req_query\(\w+, "(\w+)"\)', open(os.path.join(os.environ["top_srcdir"], "spdsync", f), encoding="utf-8").read()))
asked |= {"from", "to"}       # revisions.c asks for both by a variable
ok("every query parameter that the code asks for is described, and no other", sorted(asked ^ names))


# ---- calls ----
class Unix(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("causeway", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


seen, params, wrong = set(), set(), []
fifo = open(W + "/in", "w")


def world(line):
    before = sum(1 for _ in open(W + "/answers"))
    fifo.write(line + "\n")
    fifo.flush()
    while sum(1 for _ in open(W + "/answers")) == before:
        time.sleep(0.01)


def request(method, path, body=None, sock="rw", accept=None, token=None, timeout=90):
    c = Unix("%s/%s.sock" % (W, sock), timeout)
    try:
        head = {"Accept": accept, "Authorization": token and "Bearer " + token}
        c.request(method.upper(), path, body, {k: v for k, v in head.items() if v})
    except BrokenPipeError:
        pass                # it was refused before its end; the answer is there
    r = c.getresponse()
    stream = r.getheader("Content-Type", "").startswith("text/event-stream")
    text = r.read(64) if stream else r.read()
    kind = r.getheader("Content-Type", "").split(";")[0]
    c.close()
    return r.status, kind, text


def call(want, method, path, name="a-b", query=None, body=None, sock="rw", accept=None, token=None):
    """One call of an operation; its answer is what it should be, and fits the schema."""
    q = "&".join("%s=%s" % x for x in (query or {}).items())
    status, kind, text = request(method, path.replace("{name}", name) + ("?" + q if q else ""), body, sock, accept, token)
    where = "%s %s%s -> %d" % (method, path, "?" + q if q else "", status)
    seen.add((method, path, status))
    params.update((method, path, k) for k in query or {})
    if status != want:
        wrong.append("%s instead of %d: %.300s" % (where, want, text))
        return None
    answer = spec["paths"][path][method]["responses"].get(str(status))
    if answer is None:
        wrong.append(where + " is not described")
        return None
    content = resolve(answer)["content"]
    if kind not in content:
        wrong.append("%s: '%s' is not described" % (where, kind))
        return None
    if kind != "application/json":
        return text
    v = json.loads(text)
    wrong.extend(check(content[kind]["schema"], v, where))
    if status >= 400 and v.get("code") != status:
        wrong.append(where + ": its code is another")
    return v


def ticket():
    """files.sock takes a descriptor and gives a ticket, which lasts as long as the connection."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(W + "/files.sock")
    fd = os.memfd_create("box", os.MFD_ALLOW_SEALING)
    os.write(fd, b"\0" * 12)
    s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
    return s, s.recv(64).decode()


def until(what):
    for _ in range(400):
        if what():
            return
        time.sleep(0.05)
    wrong.append("it never came")


def settled():
    return json.loads(request("get", "/v1/status")[2])["in_sync"]


one, two = open(W + "/one.yaml").read(), open(W + "/two.yaml").read()
refused = one.replace("a-b:\n", "refused:\n")
flow = "version: 1\nsites:\n  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}\n  b: {address: 192.0.2.2, networks: [10.0.2.0/24]}\n" \
       "tunnels: {a-b: {between: [a, b], auth: {psk: a-b}, policy: modern, start: always}}\n"
block = "a-b:\n  between: [a, b]\n  auth: {psk: a-b}\n  policy: modern\n  start: always\n"
T = "/v1/tunnels/{name}"

# Nothing is applied yet.
call(404, "post", "/v1/compare", body=one)
call(409, "put", T, body=block)
call(200, "get", "/v1/status")
call(400, "post", "/v1/apply", body=one.replace("policy", "polcy"), query={"file": "x.yaml"})
call(200, "post", "/v1/apply", body=one, query={"comment": "first", "file": "one.yaml"})
call(200, "post", "/v1/apply", body=two)
until(settled)
world("up a-b")
world("record a-b")
world("stranger 203.0.113.9")
until(lambda: json.loads(request("get", T.replace("{name}", "a-b"))[2])["state"] == "up")

# Reading.
for path, name in (("/v1/status", ""), ("/v1/tunnels", ""), (T, "a-b"), (T + "/text", "a-b"), ("/v1/sites", ""), (T + "/traffic", "a-b"), ("/v1/traffic", ""), ("/v1/sas", ""), ("/v1/policies", ""), ("/v1/explain/{name}", "a-b"),
                   ("/v1/explain/{name}", "-"), ("/v1/counters", ""), ("/v1/revisions", ""), ("/v1/revisions/{name}", "1"), ("/v1/diff", ""), ("/v1/audit", ""),
                   ("/metrics", ""), ("/v1/events", ""), ("/v1/certs", ""), ("/v1/ca/{name}/issued", "ca")):
    call(200, "get", path, name, sock="ro")
call(200, "get", "/metrics", accept="application/openmetrics-text")
call(200, "get", "/v1/status", query={"tunnels": "none"})
call(200, "get", "/v1/status", query={"label": "region=asia"})
call(200, "get", "/v1/tunnels", query={"label": "region=asia,customer"})
call(200, "get", "/v1/events", query={"follow": "0", "since": "oldest"})
call(400, "get", "/v1/events", query={"since": "x"})
ids = [e["id"] for e in call(200, "get", "/v1/events", query={"follow": "0", "since": "oldest"})["events"]]
for query, want in (({"newest": "2"}, ids[-2:]), ({"newest": "2", "before": str(ids[-2])}, ids[-4:-2]), ({"newest": "8192"}, ids), ({"newest": "3", "before": str(ids[1])}, ids[:1]),
                    ({"newest": "3", "before": str(ids[0])}, []), ({"newest": "2", "before": str(ids[-1] + 9)}, ids[-2:])):
    got = call(200, "get", "/v1/events", query=dict(query, follow="0"))
    if [e["id"] for e in got["events"]] != want or got["oldest"] != ids[0] or len(ids) < 5:
        wrong.append("/v1/events %s: %s, not %s; oldest %s" % (query, [e["id"] for e in got["events"]], want, got["oldest"]))
every = call(200, "get", "/v1/events", query={"follow": "0", "since": "oldest"})["events"]
for query, fits in (({"event": "revision"}, lambda e: e["event"] == "revision"), ({"tunnel": "a-b", "event": "", "match": ""}, lambda e: e.get("tunnel") == "a-b"), ({"match": "NOTHING%20IS"}, lambda e: 0),
                    ({"match": "OK"}, lambda e: any(isinstance(v, str) and "ok" in v.lower() for v in e.values())), ({"match": "a%22b"}, lambda e: 0),
                    ({"match": "in_sync"}, lambda e: any(isinstance(v, str) and "in_sync" in v.lower() for v in e.values()))):
    want = [e["id"] for e in every if fits(e)]
    for n in (1, 2, 8192):
        got = [e["id"] for e in call(200, "get", "/v1/events", query=dict(query, follow="0", newest=str(n), before=str(every[-1]["id"] + 1)))["events"]]
        if got != want[-n:] or not len(every) > len(want):
            wrong.append("/v1/events %s: %s, not %s" % (query, got, want[-n:]))
for query in ({"newest": "0"}, {"newest": "8193"}, {"newest": "x"}, {"before": "7"}, {"newest": "2", "before": "x"}, {"event": "guard"}, {"tunnel": "a"}, {"match": "a"}):
    call(400, "get", "/v1/events", query=dict(query, follow="0"))
for form in ("causeway", "strongswan", "libreswan", "openiked", "fields"):
    call(200, "get", T + "/export", query={"for": form})
call(400, "get", T + "/export", query={"for": "x"})
for span in ("2h", "1d", "31d"):
    call(200, "get", T + "/traffic", query={"span": span})
    call(200, "get", "/v1/traffic", query={"span": span})
call(400, "get", T + "/traffic", query={"span": "x"})
call(400, "get", "/v1/traffic", query={"span": "2"})
call(200, "get", "/v1/revisions", query={"limit": "1"})
call(400, "get", "/v1/revisions", query={"limit": "0"})
call(200, "get", "/v1/tunnels", query={"limit": "5", "offset": "1", "match": "a", "state": "not-up", "order": "worst"})
call(400, "get", "/v1/tunnels", query={"limit": "0"})
for path in ("/v1/tunnels", "/v1/status"):
    call(400, "get", path, query={"after": "a-b", "order": "worst"})
    call(200, "get", path, query={"limit": "1", "offset": "1", "match": "a", "state": "", "order": "worst", "label": "no"})
    first = call(200, "get", path, query={"limit": "1"})
    brief = call(200, "get", path, query={"limit": "1", "brief": "yes"})["tunnels"][0]
    same = lambda b, w: all(same(v, w[k]) for k, v in b.items()) if isinstance(b, dict) and w else all(map(same, b, w)) if isinstance(b, list) else b == w
    wrong.extend(["%s, brief: %s" % (path, brief)] if "auth" in brief or not same(brief, first["tunnels"][0]) else [])
    call(400, "get", path, query={"brief": "no"})
    second = call(200, "get", path, query={"limit": "1", "after": first["next"]})
    wrong.extend(["%s in parts: %s" % (path, (first, second))] if [first["tunnels"][0]["name"], first["next"], first["more"], second["tunnels"][0]["name"],
                 second["next"], second["more"], second["matching"], second["total"]] != ["a-b", "a-b", True, "a-c", None, False, 2, 2] else [])
for path, key in (("/v1/revisions", "number"), ("/v1/audit", "number")):
    rows = call(200, "get", path)[path[4:]]
    part = call(200, "get", path, query={"limit": "1"})
    rest = call(200, "get", path, query={"limit": "1", "before": str(part["next"])})
    wrong.extend(["%s in parts: %s" % (path, (part, rest))] if part["next"] != rows[0][key] or rest[path[4:]] != rows[1:2] else [])
    wrong.extend(["%s ends with %s" % (path, rest["next"])] if len(rows) == 2 and rest["next"] is not None else [])
    call(400, "get", path, query={"before": "x"})
call(200, "get", "/v1/audit", query={"limit": "1", "before": "2"})
call(400, "get", "/v1/audit", query={"before": "x"})
for what in ("sas", "policies"):
    whole = call(200, "get", "/v1/" + what)
    part = call(200, "get", "/v1/" + what, query={"limit": "1", "offset": "1"})
    if part[what] != whole[what][1:2] or part["total"] != len(whole[what]) or part["more"] != (len(whole[what]) > 2) or whole["more"]:
        wrong.append((what, part["total"], len(whole[what])))
    call(400, "get", "/v1/" + what, query={"limit": "0"})
    call(400, "get", "/v1/" + what, query={"offset": "x"})
call(200, "get", "/v1/diff", query={"from": "1", "to": "2"})
call(404, "get", "/v1/diff", query={"from": "77"})
for path, name, key in (("/v1/revisions/{name}", "2", "text"), ("/v1/diff", "", "diff")):
    all_of = call(200, "get", path, name)
    part = call(200, "get", path, name, query={"head": "60"})
    if all_of["octets"] != len(all_of[key].encode()) or part["octets"] != all_of["octets"] or not all_of[key].startswith(part[key]) or not 0 < len(part[key]) <= 60 < len(all_of[key]) or part[key][-1] != "\n":
        wrong.append("%s with head: %s" % (path, part))
    call(400, "get", path, name, query={"head": "0"})
for path, name, key in (("/v1/certs", "", "certs"), ("/v1/ca/{name}/issued", "ca", "issued")):
    rows = call(200, "get", path, name)
    want = rows[key][::-1] if name else rows[key]
    parts = [call(200, "get", path, name, query={"limit": "1", "offset": str(i)}) for i in range(len(want) + 1)]
    if [p[key] for p in parts] != [[w] for w in want] + [[]] or {p["total"] for p in parts} != {len(want)} or not (want or name):
        wrong.append("%s in parts: %s" % (path, parts))
    for query in ({"limit": "0"}, {"offset": "1"}, {"limit": "1", "offset": "x"}):
        call(400, "get", path, name, query=query)
rows = call(200, "get", "/v1/certs")
worst = call(200, "get", "/v1/certs", query={"order": "worst"})
call(400, "get", "/v1/certs", query={"order": "x"})
if sorted(c["reason"] != "OK" for c in worst["certs"])[::-1] != [c["reason"] != "OK" for c in worst["certs"]] or sorted(c["name"] for c in worst["certs"]) != sorted(c["name"] for c in rows["certs"]) or \
        rows["issuing"] != [c["name"] for c in rows["certs"] if c["issues"]]:
    wrong.append("/v1/certs, the worst first: %s" % worst)
for path in (T, T + "/text", T + "/export", T + "/traffic", "/v1/explain/{name}", "/v1/revisions/{name}"):
    call(404, "get", path, "none")

# Changing the file.
call(200, "post", "/v1/check", body=one, query={"file": "x", "remove": "all"})
call(400, "post", "/v1/check", body="nonsense")
call(409, "post", "/v1/apply", body=one)
call(200, "post", "/v1/compare", body=one, query={"file": "x"})
call(400, "post", "/v1/compare", body="nonsense")
for path in ("/v1/compare", "/v1/check", "/v1/apply"):
    call(400, "post", path, body="")
call(200, "post", "/v1/apply", body=one, query={"remove": "all"})
call(200, "post", "/v1/rollback", query={"to": "1", "comment": "back"})
call(404, "post", "/v1/rollback", query={"to": "99"})
call(400, "post", "/v1/rollback", query={"to": "1", "confirm": "x"})
call(200, "get", "/v1/confirm")
call(409, "post", "/v1/confirm")
call(409, "post", "/v1/undo")
call(200, "post", "/v1/rollback", query={"to": "2", "confirm": "600"})
call(200, "get", "/v1/confirm")
call(409, "post", "/v1/rollback", query={"to": "1"})
call(200, "post", "/v1/confirm", query={"revision": str(json.loads(request("get", "/v1/status")[2])["revision"]["number"])})
call(200, "post", "/v1/apply", body=one, query={"remove": "all", "confirm": "600"})
call(200, "post", "/v1/undo", query={"revision": str(json.loads(request("get", "/v1/status")[2])["revision"]["number"])})
call(200, "get", "/v1/confirm")
call(200, "post", "/v1/apply", body=one, query={"remove": "all"})
was = json.loads(request("get", "/v1/tunnels/a-b/text")[2])["sha256"]
call(200, "put", T, body=block.replace("modern", "compatible"), query={"was": was, "comment": "c", "file": "b.yaml", "confirm": "600"})
call(200, "post", "/v1/confirm")
call(409, "put", T, body=block, query={"was": was})
call(400, "put", T, body="nonsense")
call(409, "delete", T, query={"was": was})
call(404, "delete", T, "none")
call(400, "delete", T, "A")
call(200, "delete", T, query={"comment": "c", "confirm": "600"})
call(200, "post", "/v1/confirm")
call(200, "post", "/v1/apply", body=flow, query={"remove": "all"})
call(409, "get", T + "/text")
call(200, "post", "/v1/apply", body=refused, query={"remove": "all"})
call(200, "post", "/v1/apply", body=two, query={"remove": "all"})

# Accounts.
U, K = "/v1/users/{name}", '{"user": "ann", "password": "%s"}'
good = "a sentence of my own"
call(400, "post", "/v1/first-user", body="{}")
call(401, "post", "/v1/first-user", body='{"token": "x", "user": "ann", "password": "%s"}' % good)
first = call(200, "post", "/v1/first-token")["token"]
ses = call(200, "post", "/v1/first-user", body=json.dumps({"token": first, "user": "ann", "password": good}))["session"]
call(409, "post", "/v1/first-user", body=json.dumps({"token": first, "user": "ann", "password": good}))
call(409, "post", "/v1/first-token")
call(400, "post", "/v1/login", body="{}")
call(401, "post", "/v1/login", body=K % "wrong")
call(200, "post", "/v1/login", body=K % good)
call(200, "get", "/v1/self")
call(200, "get", "/v1/self", sock="panel", token=ses)
call(401, "get", "/v1/self", sock="panel")
OWN = {"/v1/self/proof": '{"password": "%s"}', "/v1/self/password": '{"password": "%s", "new": "a sentence of my own"}'}
got = []
for path, body in OWN.items():
    call(400, "post", path, body="{}", sock="panel", token=ses)
    call(400, "post", path, body=body % good)
    call(401, "post", path, body=body % good, sock="panel")
    until(lambda: request("post", path, body % "wrong", "panel", token=ses)[0] == 401)
    seen.add(("post", path, 401))
    until(lambda: got.append(request("post", path, body % good, "panel", token=ses)) or got[-1][0] == 200)	# guesses have made it slow
    seen.add(("post", path, 200))
    ses = json.loads(got[-1][2])["session"]
call(200, "delete", "/v1/self/others", sock="panel", token=ses)
call(401, "delete", "/v1/self/others", sock="panel")
call(400, "delete", "/v1/self/others")
call(200, "post", "/v1/login", body=K % good)
for path, key in (("/v1/users", "users"), ("/v1/sessions", "sessions"), ("/v1/tokens", "tokens")):
    call(200, "get", path)
    call(403, "get", path, sock="ro")
call(200, "post", "/v1/users", body='{"user": "bob", "password": "%s", "role": "viewer"}' % good)
call(409, "post", "/v1/users", body='{"user": "bob", "password": "%s", "role": "viewer"}' % good)
call(400, "post", "/v1/users", body='{"user": "cid", "password": "short", "role": "viewer"}')
call(200, "post", U, "bob", body='{"role": "editor"}')
call(400, "post", U, "bob", body='{"role": "king"}')
call(404, "post", U, "none", body='{"role": "editor"}')
call(409, "post", U, "ann", body='{"role": "viewer"}')
call(200, "delete", U, "bob")
call(404, "delete", U, "bob")
call(409, "delete", U, "ann")
tok = call(200, "post", "/v1/tokens", body='{"name": "prometheus", "role": "viewer", "days": 30}')
call(400, "post", "/v1/tokens", body='{"name": "prometheus", "role": "viewer", "days": 0}')
call(200, "get", "/v1/tokens")
call(200, "get", "/v1/sessions")
call(200, "delete", "/v1/tokens/{name}", str(tok["id"]))
call(404, "delete", "/v1/tokens/{name}", str(tok["id"]))
call(200, "post", "/v1/logout", sock="panel", token=ses)
call(401, "post", "/v1/logout", sock="panel", token=ses)
call(400, "post", "/v1/logout")
call(200, "delete", "/v1/sessions/{name}", str(json.loads(request("get", "/v1/sessions")[2])["sessions"][0]["id"]))
call(404, "delete", "/v1/sessions/{name}", "99")
ses = call(200, "post", "/v1/login", body=K % good)["session"]
until(lambda: re.search(rb"in ([2-9]|\d\d) s", request("post", "/v1/login", K % "wrong")[2]))
call(429, "post", "/v1/login", body=K % good)
for path, body in OWN.items():
    call(429, "post", path, body=body % good, sock="panel", token=ses)
call(429, "post", "/v1/first-user", body=json.dumps({"token": first, "user": "ann", "password": good}))

for path, cursor in (("/v1/users", "after"), ("/v1/sessions", "before"), ("/v1/tokens", "before")):
    got = call(200, "get", path, query={"limit": "1"})
    call(200, "get", path, query={cursor: "1"})
    call(400, "get", path, query={"limit": "0"})
got = []
while not got or got[-1]["next"]:
    got.append(call(200, "get", "/v1/users", query={"limit": "1", **({"after": got[-1]["next"]} if got else {})}))
wrong.extend(["users in parts: %s" % got] if [u["user"] for g in got for u in g["users"]] != [u["user"] for u in call(200, "get", "/v1/users")["users"]] else [])

# Tunnels by hand.
for verb in ("up", "down", "restart", "rekey"):
    path = T + "/" + verb
    call(200, "post", path, body='{"child": "net"}')
    call(400, "post", path, body='{"x": 1}')
    call(404, "post", path, "none")
P = T + "/capture"
taker = threading.Thread(target=call, args=(200, "post", P), kwargs={"query": {"child": "net", "seconds": "60", "packets": "2", "snaplen": "100", "rate": "9"}})
taker.start()
until(lambda: "octets=100 rate=9" in open(W + "/heard").read())
world("taps 2")
taker.join()
call(400, "post", P, query={"rate": "0"})
call(404, "post", P, "none")
for status, why in ((503, "busy"), (502, "none")):
    world("notaps " + why)
    call(status, "post", P)
world("notaps no")
call(200, "post", "/v1/apply", body=refused, query={"remove": "all"})
for verb in ("up", "down", "restart", "rekey"):
    call(502, "post", T + "/" + verb, "refused")
world("cut iked")
until(lambda: json.loads(request("get", "/v1/status")[2])["daemons"]["iked"] == "down")
for verb in ("up", "down", "restart", "rekey"):
    call(503, "post", T + "/" + verb, "refused")
world("drop iked")

# Certificates.
s, t = ticket()
FILES = {"/v1/certs/import", "/v1/certs/{name}/export", "/v1/ca/{name}/crl"}
BODIES = {"/v1/secrets/{name}": "x", "/v1/ca/{name}/issue": '{"site": "b"}', "/v1/ca/{name}/revoke": '{"site": "b"}'}
certs = [p for p in spec["paths"] if p.startswith(("/v1/certs/", "/v1/ca/")) and "post" in spec["paths"][p]]
for path in certs:
    def cert(want, name="ca", body=None):
        h = ticket() if path in FILES else (None, None)
        call(want, "post", path, name, body=body or BODIES.get(path), query={"files": h[1]} if h[1] else None)
    cert(200)
    if path in FILES:
        call(400, "post", path, "ca", query={"files": "0" * 32})
    elif path.endswith("remove"):
        cert(400, "A")
    else:
        cert(400, "ca", '{"x": 1}')
    for want, reason in ((404, "CA_MISSING"), (409, "CERT_EXISTS"), (400, "CSR_INVALID"), (502, "INTERNAL")):
        world("fails " + reason)
        cert(want)
    world("fails OK")
call(200, "post", "/v1/certs/import", body=json.dumps({"pem": "-----BEGIN CERTIFICATE-----", "replace": True}))
call(400, "post", "/v1/certs/import", body=json.dumps({"pem": "-----BEGIN PRIVATE KEY-----"}))
call(400, "post", "/v1/certs/import", body=json.dumps({"pem": ""}))
S = "/v1/secrets/{name}"
for body, weak in (("hex:" + "61" * 32, None), ("short", "it has fewer than 16 octets")):
    if call(200, "post", S, body=body, query={"replace": "yes"} if weak else None)["weak"] != weak:
        wrong.append(body)
call(400, "post", S, "A", body="x")
call(400, "post", S, body="")
call(400, "post", S, body="x", query={"replace": "no"})
for want, reason in ((409, "SECRET_EXISTS"), (400, "SECRET_INVALID"), (502, "KEYS_UNWRITABLE")):
    world("fails " + reason)
    call(want, "post", S, body="x")
world("fails OK")
call(200, "post", S + "/remove")
call(400, "post", S + "/remove", "A")
for want, reason in ((404, "NOT_FOUND"), (409, "CERT_IN_USE"), (502, "KEYS_UNWRITABLE")):
    world("fails " + reason)
    call(want, "post", S + "/remove")
world("fails OK")
R, K = "/v1/racoon", "/v1/racoon/keys"
CONF = """remote anonymous { proposal { encryption_algorithm aes; hash_algorithm sha256; authentication_method pre_shared_key; dh_group 14; } }
sainfo anonymous { encryption_algorithm aes_gcm; } padding { }
"""
call(404, "get", R)
if call(200, "put", R, body=CONF, query={"check": "yes"})["notes"][0]["line"] != 2:
    wrong.append("notes")
call(404, "get", R)
call(400, "put", R, body=CONF, query={"check": "no"})
if call(400, "put", R, body=CONF + "remote x", query={"file": "racoon.conf"}).get("line") != 3:
    wrong.append("line")
call(200, "put", R, body=CONF, query={"file": "racoon.conf"})
if call(200, "get", R)["text"] != CONF:
    wrong.append("text")
call(200, "delete", R)
call(404, "get", R)
call(200, "post", K, body="192.0.2.1 x")
call(200, "post", K, body="")
for want, reason in ((409, "SECRET_EXISTS"), (400, "SECRET_INVALID"), (502, "KEYS_UNWRITABLE")):
    world("fails " + reason)
    call(want, "post", K, body="x")
world("fails OK")
world("fails INTERNAL")
call(502, "get", "/v1/certs")
call(502, "get", "/v1/ca/{name}/issued", "ca")
for v in ("open", "close"):
    call(502, "post", "/v1/guard/" + v)
world("fails CA_MISSING")
call(404, "get", "/v1/ca/{name}/issued", "ca")
world("fails OK")
call(400, "get", "/v1/ca/{name}/issued", "A")
for v in ("open", "close"):
    call(200, "post", "/v1/guard/" + v)
for path in ["/v1/guard/open", "/v1/guard/close"]:
    call(400, "post", path, query={"wait": "61"})
world("mute")
waiting = [("post", p) for p in certs + [S, S + "/remove", K, "/v1/guard/open", "/v1/guard/close"] + [T + "/" + v for v in ("up", "down", "restart", "rekey")]]


def late(path):
    h = ticket() if path in FILES else (None, None)
    call(504, "post", path, "refused" if path.startswith(T) else "ca", body=BODIES.get(path), query={"wait": "1", **({"files": h[1]} if h[1] else {})})


threads = [threading.Thread(target=late, args=(p,)) for _, p in waiting]
for t in threads:
    t.start()
for t in threads:
    t.join()
call(504, "get", "/v1/certs")
call(504, "get", "/v1/ca/{name}/issued", "ca")
world("speak")
for link, paths in (("keymgr", [*certs, S, S + "/remove", K]), ("ipsecd", ["/v1/guard/open", "/v1/guard/close"])):
    world("cut " + link)
    until(lambda: json.loads(request("get", "/v1/status")[2])["daemons"][link] == "down")
    for path in paths:
        h = ticket() if path in FILES else (None, None)
        call(503, "post", path, "ca", body=BODIES.get(path), query={"files": h[1]} if h[1] else None)
    if link == "keymgr":
        call(503, "get", "/v1/certs")
        call(503, "get", "/v1/ca/{name}/issued", "ca")
    world("drop " + link)
until(settled)

# The engine, the sockets, and who listens.
world("deaf 128")
call(503, "get", "/v1/events")
world("leave")
world("hang")
call(504, "get", "/v1/sas")
call(504, "get", "/v1/policies")
world("cut pfkey")
until(lambda: not json.loads(request("get", "/v1/status")[2])["engine"]["up"])
call(503, "get", "/v1/sas")
call(503, "get", "/v1/policies")
world("drop pfkey")
until(settled)
LOOKS = {("post", "/v1/check"), ("post", "/v1/compare")}
for method, path in sorted(described):
    if method != "get" and (method, path) not in LOOKS:
        call(403, method, path, sock="ro")
for method, path in sorted(LOOKS):
    call(200, method, path, body=one, sock="ro")
common = []
for what, want, got in (("another method", 405, request("post", "/v1/status")[0]), ("no route", 404, request("get", "/v1/none")[0]),
                        ("a body that is too long for ro.sock", 413, request("post", "/v1/check", "x" * (2 ** 20 + 1), "ro")[0])):
    if got != want:
        common.append("%s: %d instead of %d" % (what, got, want))
ok("what every operation may answer: 404, 405 and 413", common)
call(200, "post", "/v1/shutdown")

ok("every answer is the one that was to come, and fits its schema", wrong)
documented = {(m, p, int(c)) for p, ops in spec["paths"].items() for m, o in ops.items() for c in o["responses"]}
ok("every documented status was provoked", sorted(documented - seen))
every = {(m, p, x["name"]) for p, ops in spec["paths"].items() for m, o in ops.items() for x in o.get("parameters", []) if x["in"] == "query"}
ok("every query parameter was used", sorted(every - params))
print("# %d operations, %d statuses, %d parameters" % (len(described), len(documented), len(every)))
open(W + "/result", "w").write("%d %d\n" % (number - 1, bad))
