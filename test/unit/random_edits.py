# SPDX-License-Identifier: BSD-2-Clause
# random_edits.py WORLD_DIR YAML_WORDS: what becomes of a site file that has all the language has, when it is cut off at every octet, and when ten
# thousand random edits are made in it. Each text goes to the real spdsync as "ikectl apply" sends it. Refused: with file, line, column and a caret,
# and neither the store nor a daemon nor the engine has anything of it. Taken: the store has its octets, and status and the engine's policies are
# what the file says, as libyaml's own loader reads it (yaml_words.c). SEED and COUNT make it other edits; a failure is told with its text's name.
import http.client, ipaddress, json, os, random, socket, sqlite3, subprocess, sys, urllib.parse

W, WORDS = sys.argv[1:3]
SEED = int(os.environ.get("SEED", "20110"))
COUNT = int(os.environ.get("COUNT", "10000"))
FIRST = int(os.environ.get("FIRST", "1"))
SITE = "a"

WHOLE = b"""# All that the language has.
version: 1
sites:
  a:
    address: 192.0.2.1
    networks: [10.0.1.0/24, 10.1.0.0/16, "fd00:1::/64"]
  b: {address: 192.0.2.2, networks: [10.0.2.0/24, 10.0.3.0/24]}
  c: {address: any, id: "email:c@example.org", networks: [10.0.5.0/24, "fd00:5::/64"]}
  d: {address: gw.example.org, networks: [10.0.6.0/24]}	# by its name
  e: {address: "192.0.2.5", networks: [10.0.7.0/24], auth: {trust: corp}}
  six: {address: "2001:db8::6", networks: ["fd00:6::/64"]}
  seven: {address: "2001:db8::7", networks: ["fd00:7::/64"]}
tunnels:
  # with children of their own
  a-b:
    between: [a, b]
    auth: {psk: a-b}
    policy: modern
    start: always
    child_lifetime: 30m
    ike_lifetime: 4h
    child_bytes: 1GiB
    replay_window: 64
    encapsulation: auto
    children:
      lan: {a: [10.0.1.0/25], b: [10.0.2.0/24]}
      voice: {b: [10.0.3.0/24], protocol: udp}
      web:
        b: [10.0.3.0/24]
        protocol: tcp
        ports: {b: 443}
    labels: {region: asia, customer: acme}
  a-c: {between: [c, a], auth: {trust: corp}, ike: [aes256gcm16-prfsha384-x25519], esp: [aes256gcm16-x25519-esn, aes256gcm16], start: respond-only}
  a-d:
    between: [d, a]
    auth: {psk: d}
    policy: compatible
    start: on-demand
  # no tunnel of ours
  b-e: {between: [b, e], auth: {psk: b-e}, policy: modern, start: always}
  a-e:
    between: [a, e]
    auth:
      a: {psk: one}
      e: {trust: corp, certificate: e-gw}
    policy: modern
    start: always
    child_hard_lifetime: 2h
    child_packets: 1000000
  six-seven: {between: [six, seven], auth: {psk: s}, policy: modern, start: always}
trust:
  corp: {revocation: strict}
"""

PIECES = [b": ", b"- ", b"\n", b"  ", b"{", b"}", b"[", b"]", b"#", b"'", b'"', b"any", b"0", b"9", b"ff", b"\t", b"---\n", b"&a ", b"*a", b"|", b"!!x ",
          b"a-b", b"\xc3\xbc", b"\xff", b"\0", b"tunnels:", b"10.0.2.0/24", b"start: always\n", b"psk", b"--- # file: x\n", b", ", b"\r\n", b"<<: ", b"x"]

# ---- edits ----

def some(rng, text):
    at = rng.randrange(len(text) + 1)
    return at, min(at + rng.randint(1, 40), len(text))

def octet(rng, text):
    at = rng.randrange(len(text))
    return text[:at] + bytes([rng.choice(list(range(256)) + list(b"0123456789abcdef ,:/") * 6)]) + text[at + 1:]

def gone(rng, text):
    at, end = some(rng, text)
    return text[:at] + text[end:]

def one_gone(rng, text):
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1:]

def more(rng, text):
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(PIECES) + text[at:]

def twice(rng, text):
    at, end = some(rng, text)
    return text[:end] + text[at:end] + text[end:]

def lines(rng, text):
    v = text.splitlines(keepends=True)
    i, j = rng.randrange(len(v)), rng.randrange(len(v))
    how = rng.randrange(3)
    if how == 0:
        v[i], v[j] = v[j], v[i]
    elif how == 1:
        del v[i]
    else:
        v.insert(j, v[i])
    return b"".join(v)

def digit(rng, text):
    at = [i for i in range(len(text)) if text[i:i + 1].isdigit()]
    i = rng.choice(at) if at else 0
    return text[:i] + b"%d" % rng.randrange(10) + text[i + 1:]

WORDS_OF = [[b"always", b"on-demand", b"respond-only"], [b"modern", b"compatible", b"legacy"], [b"udp", b"tcp", b"sctp", b"icmp"], [b"psk", b"trust"],
            [b"asia", b"europe"], [b"30m", b"1h", b"2h", b"4h"], [b"/24", b"/25", b"/16", b"/64"], [b"strict", b"soft", b"off"], [b"auto", b"esp"]]

def word(rng, text):
    kin = rng.choice(WORDS_OF)
    old = rng.choice(kin)
    at = [i for i in range(len(text)) if text.startswith(old, i)]
    if not at:
        return text
    i = rng.choice(at)
    return text[:i] + rng.choice(kin) + text[i + len(old):]

def cut(rng, text):
    return text[:rng.randrange(len(text) + 1)]

KINDS = [octet, octet, gone, one_gone, more, more, twice, lines, lines, cut, digit, digit, word, word]

def edited(number):
    rng = random.Random(SEED * 1000003 + number)
    text = WHOLE
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        text = rng.choice(KINDS)(rng, text) or b"\n"
    return text, rng.random() < 0.5

# ---- spdsync ----

class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("x", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)

links = {}

def ask(name, method, path, body=None):
    for again in (False, True):
        c = links.get(name) or links.setdefault(name, Unix(f"{W}/{name}"))
        try:
            c.request(method, "/v1/" + path, body)
            r = c.getresponse()
            return r.status, json.loads(r.read())
        except (http.client.HTTPException, ConnectionError):
            links.pop(name).close()
            if again:
                raise

def get(path):
    return ask("ro.sock", "GET", path)[1]

def apply(text, remove):
    return ask("rw.sock", "POST", "apply?file=edit.yaml" + ("&remove=all" if remove else ""), text)

class Seen:
    """What the daemons and the engine were told since the last look: changes, not questions."""
    def __init__(self):
        self.f = open(f"{W}/heard", "rb")

    def changes(self):
        return [l for l in self.f.read().decode().splitlines() if l.split()[1] in ("PUT", "DEL", "SPDADD", "SPDUPDATE", "SPDDELETE", "SPDFLUSH", "SYNC", "RULE")]

db = sqlite3.connect(f"file:{W}/causeway.db?mode=ro", uri=True)

def store():
    return (db.execute("SELECT max(number), count(*) FROM revision").fetchone(), db.execute("SELECT name, value FROM state ORDER BY name").fetchall(),
            db.execute("SELECT * FROM reqid ORDER BY reqid").fetchall())

# ---- what a text says, by another reader ----

words = subprocess.Popen([WORDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

def says(text):
    words.stdin.write(b"%d\n" % len(text) + text)
    words.stdin.flush()
    return json.loads(words.stdout.readline())

PROTOCOLS = {"icmp": "1", "tcp": "6", "udp": "17", "ipv6-icmp": "58", "sctp": "132"}

def nets(v):
    return [ipaddress.ip_network(x) for x in v]

def number(address):
    """None: 'any', or a name."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None

def expected(tree):
    """{tunnel: facts} and the set of policies at our site."""
    tunnels, policies = {}, set()
    for name, t in (tree.get("tunnels") or {}).items():
        if SITE not in t["between"]:
            continue
        other = t["between"][1 - t["between"].index(SITE)]
        here, there = tree["sites"][SITE], tree["sites"][other]
        address = there["address"]
        remote = number(address)
        host = None if remote or address == "any" else address.lower()
        children = t.get("children") or {"net": {}}
        for child, c in children.items():
            proto = PROTOCOLS.get(c.get("protocol", ""), c.get("protocol", "any"))
            ports = c.get("ports") or {}
            mine, theirs = ports.get(SITE), ports.get(other)
            for x in nets(c.get(SITE, here["networks"])):
                for y in nets(c.get(other, there["networks"])):
                    if x.version == y.version:
                        policies.add(("out", str(x), str(y), proto, mine, theirs, name, child))
                        policies.add(("in", str(y), str(x), proto, theirs, mine, name, child))
        auth = t["auth"]
        tunnels[name] = {
            "local": number(here["address"]), "remote": remote, "remote_name": host,
            "id_local": here.get("id", "fqdn:" + SITE), "id_remote": there.get("id", "fqdn:" + other), "remote_site": other,
            "start": t["start"], "policy": t.get("policy"), "labels": t.get("labels", {}), "children": sorted(children),
            "psk": auth["psk"] if isinstance(auth, dict) and set(auth) == {"psk"} else None,
        }
    return tunnels, policies

def in_force():
    tunnels, n = {}, get("status")
    for t in n["tunnels"]:
        facts = {k: t[k] for k in ("local", "remote", "remote_name", "id_local", "id_remote", "remote_site", "start", "policy", "labels")}
        facts["remote_name"] = t["remote_name"] and t["remote_name"]["host"]
        facts["children"] = sorted(c["name"] for c in t["children"])
        l, r = t["auth"]["local"], t["auth"]["remote"]
        facts["psk"] = l["psk"] if l["how"] == r["how"] == "psk" and l["psk"] == r["psk"] else None
        tunnels[t["name"]] = facts
    policies = {(p["direction"], p["source"], p["destination"], p["protocol"], p["source_port"] and str(p["source_port"]),
                 p["destination_port"] and str(p["destination_port"]), p["tunnel"], p["child"]) for p in get("policies")["policies"] if p["ours"]}
    return tunnels, policies

# ---- one text ----

class Wrong(Exception):
    pass

seen = Seen()

def must(what, condition, *more):
    if not condition:
        raise Wrong(" ".join([what] + [str(m) for m in more]))

def refused(text, code, a, before):
    must("an error", 400 <= code < 500 and a.get("reason") not in (None, "OK"), code, a)
    must("file, line, column, caret:", a.get("file") == "edit.yaml" and 1 <= a["line"] <= text.count(b"\n") + text.count(b"\r") + 2 and a["column"] >= 1 and
         a["message"] and "\n" in a["excerpt"] and a["excerpt"].split("\n")[1].strip() == "^", a)
    must("the store stays:", store() == before, before, store())
    told = seen.changes()
    must("nobody is told:", not told, told)

def same_facts(want, have):
    for name in want:
        a, b = dict(want[name]), dict(have[name])
        if a["psk"] is None:      # another form of proof; which, the unit tests know
            a.pop("psk"), b.pop("psk")
        if a["id_remote"] != b["id_remote"] and ":" in a["id_remote"] and a["id_remote"].split(":")[0] in ("dn", "key", "ip"):
            b["id_remote"] = a["id_remote"]      # those are told in their canonical form
        if a != b:
            return f"{name}: {a} / {b}"
    return ""

def taken(text, a, before):
    tree = says(text)
    must("it is YAML", tree is not None)
    must("it is in force", a["in_sync"] is True, a)
    if not a["unchanged"]:
        must("it is one revision more", a["revision"] == (before[0][0] or 0) + 1, a, before)
    row = db.execute("SELECT text FROM revision WHERE number = ?", (a["revision"],)).fetchone()
    must("the store has its octets", row and row[0] == text)
    must("it is the current one", dict(store()[1])["current"] == a["revision"])
    want, want_policies = expected(tree)
    have, have_policies = in_force()
    must("the tunnels:", sorted(want) == sorted(have), sorted(want), sorted(have))
    different = same_facts(want, have)
    must("what they are:", not different, different)
    must("the policies:", want_policies == have_policies, sorted(map(str, want_policies ^ have_policies)))
    live = {(t, c) for t, c in db.execute("SELECT tunnel, child FROM reqid WHERE retired IS NULL")}
    must("the numbers:", live == {(t, c) for t in want for c in want[t]["children"]}, live)
    seen.changes()

def one(text, remove):
    before = store()
    code, a = apply(text, remove)
    if code == 200:
        taken(text, a, before)
    else:
        refused(text, code, a, before)
    return code

# ---- all of them ----

n = FIRST - 1
bad = 0

def ok(what, good, why=""):
    global n, bad
    n += 1
    bad += not good
    print(f"{'ok' if good else 'not ok'} {n} - {what}", flush=True)
    if not good:
        print("# " + str(why)[:3000], flush=True)

def start():
    code, a = apply(WHOLE, True)
    taken(WHOLE, a, store() if a["unchanged"] else ((a["revision"] - 1,),))

def failing(what, texts):
    """How many were taken; the first that went wrong."""
    good = 0
    for name, text, remove in texts:
        try:
            good += one(text, remove) == 200
        except (Wrong, KeyError, TypeError, ValueError, AttributeError) as e:
            path = f"{os.environ.get('TMPDIR', '/tmp')}/cw-edit-{SEED}-{name}.yaml"
            with open(path, "wb") as f:
                f.write(text)
            return good, f"{what} {name} (kept as {path}): {type(e).__name__}: {e}"
    return good, ""

start()
ok("the whole file is in force as it says", True)
good, why = failing("cut at octet", ((i, WHOLE[:i], False) for i in range(len(WHOLE))))
ok(f"cut off at each of its {len(WHOLE)} octets it is refused with a place and changes nothing", not why and good == 0, why or f"{good} were taken")
good, why = failing("edit", ((i, *edited(i)) for i in range(1, COUNT + 1)))
ok(f"{COUNT} random edits (seed {SEED}): what is not valid as a whole changes nothing, and says where", not why, why)
ok(f"  and the {good} that were are in force as they say", not why and COUNT // 50 < good < COUNT - COUNT // 10, f"{good} of {COUNT}")
with open(f"{W}/result", "w") as f:
    f.write(f"{n} {bad}\n")
