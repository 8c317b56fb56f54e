"""Measures a service that tests/bench/run has started, and prints the tables. Python's standard library only."""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import fcgi
import pgbench

HERE = pathlib.Path(__file__).parent
DATA = pathlib.Path(os.environ["BENCH_DATA"])
URL = os.environ["BENCH_URL"]
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
CONNECTIONS = (1, 8, 32, 128)
PGBENCH_MOST = 70  # PostgreSQL takes 100 connections as it is installed; the service has up to 16, its worker a few
TARGETS = {"read": 0.55, "list": 0.65, "create": 0.70}
TICK = os.sysconf("SC_CLK_TCK")
PGBENCH = next(p for p in ("/usr/lib/postgresql/15/bin/pgbench", "/usr/bin/pgbench") if os.path.exists(p))
NGINX = next(p for p in ("/usr/sbin/nginx", "/usr/bin/nginx") if os.path.exists(p))
CONF = dict(re.findall(r"^(\w+) = (.*)$", (DATA / "ballium.conf").read_text(), re.M))
misses = []


def say(text=""):
    print(text, flush=True)


def verdict(good, what):
    if not good:
        misses.append(what)
    return "reached" if good else "MISSED"


# --- the processes ------------------------------------------------------------------------------------------------------------
def stat(pid):
    """(parent, seconds of CPU, those of children that have ended too) or None when it has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), sum(map(int, fields[11:15])) / TICK


def tree(root):
    """root and all below it."""
    parents = {int(p.name): stat(p.name) for p in pathlib.Path("/proc").iterdir() if p.name.isdigit()}
    found, grew = {root}, True
    while grew:
        more = {pid for pid, s in parents.items() if s and s[0] in found} - found
        found |= more
        grew = bool(more)
    return found


def child(word):
    """The child of ./run that runs a program with this word in its command line."""
    for pid in tree(int(os.environ["BENCH_RUN_PID"])):
        s = stat(pid)
        if s and s[0] == int(os.environ["BENCH_RUN_PID"]):
            if word in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " "):
                return pid
    raise SystemExit(f"tests/bench/run: no process '{word}' below ./run")


def cpu(roots):
    return {name: sum((stat(pid) or (0, 0))[1] for pid in tree(root)) for name, root in roots.items()}


def pss(root):
    """MB of memory, shared pages divided among those who share them; and of each process."""
    each = []
    for pid in sorted(tree(root)):
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        each.append(int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) / 1024)
    return sum(each), each


# --- asking ---------------------------------------------------------------------------------------------------------------------
def ask(path, body=None, token=None):
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = "Bearer " + token
    request = urllib.request.Request(URL + path, json.dumps(body).encode() if body is not None else None, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def superuser(*commands):
    where = CONF["migrator"].replace("ballium_migrator", "postgres")
    subprocess.run(["psql", "-X", "-q", "-d", where] + [a for c in commands for a in ("-c", c)], check=True, stdout=subprocess.DEVNULL)


def load(actor):
    where = CONF["migrator"].replace("ballium_migrator", "postgres")
    subprocess.run(["psql", "-X", "-q", "-v", "actor=" + actor, "-d", where, "-f", str(HERE / "load.sql")], check=True)


def run_wrk(what, connections, token, seconds=SECONDS, url=URL):
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "wrk.lua"), url, "--", what],
                         env={**os.environ, "BENCH_TOKEN": token}, capture_output=True, text=True)
    found = re.search(r"^BENCH (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", out.stdout, re.M)
    if not found:
        raise SystemExit("tests/bench/run: wrk failed: " + out.stdout + out.stderr)
    requests, micro, p50, p99, most, errors = map(int, found.groups())
    return {"rate": requests / (micro / 1e6), "requests": requests, "errors": errors,
            "p50": p50 / 1e3, "p99": p99 / 1e3, "max": most / 1e3}


def run_pgbench(file, constants, connections, seconds=SECONDS):
    where = CONF["database"]
    defines = [a for name, value in constants.items() for a in ("-D", f"{name}={value}")]
    out = subprocess.run([PGBENCH, "-n", "-M", "prepared", f"-c{connections}", "-j1", f"-T{seconds}", "-f", str(file), *defines, where],
                         capture_output=True, text=True)
    found = re.search(r"^tps = ([\d.]+)", out.stdout, re.M)
    if not found or out.returncode != 0:
        raise SystemExit("tests/bench/run: pgbench failed: " + out.stdout + out.stderr)
    return float(found[1])


# --- the measurements -------------------------------------------------------------------------------------------------------------
def first_answers(serve, path, token, times=5):
    """Milliseconds from the start of `ballium serve` to its first answer to a read with a token, by its own socket."""
    status = pathlib.Path(f"/proc/{serve}/status").read_text()
    uid = int(re.search(r"^Uid:\s+(\d+)", status, re.M)[1])
    gid = int(re.search(r"^Gid:\s+(\d+)", status, re.M)[1])
    groups = [int(g) for g in re.search(r"^Groups:[ \t]*(.*)$", status, re.M)[1].split()]
    who = {"user": uid, "group": gid, "extra_groups": groups} if os.getuid() == 0 else {}
    conf, socket = DATA / "bench.conf", DATA / "run" / "bench.sock"
    conf.write_text(re.sub(r"^socket = .*$", f"socket = {socket}", (DATA / "ballium.conf").read_text(), flags=re.M))
    conf.chmod(0o644)
    took = []
    for _ in range(times):
        begun = time.monotonic()
        process = subprocess.Popen([DATA / "app/sbin/ballium", "serve"], env={**os.environ, "BALLIUM_CONFIG": str(conf)},
                                   stderr=subprocess.DEVNULL, **who)
        try:
            answer = fcgi.first_answer(socket, path, token, begun + 10)
            took.append((time.monotonic() - begun) * 1e3)
        finally:
            process.terminate()
            process.wait()
        if not answer.startswith(b"Status: 200") and b"\r\nStatus: 200" not in answer:
            raise SystemExit(f"tests/bench/run: the first answer was {answer[:300]!r}")
    return sorted(took)


def cells(what, roots, token, file, constants):
    run_wrk(what, 32, token, 1)  # prepares the statements, warms the caches
    run_pgbench(file, constants, 8, 1)
    for connections in CONNECTIONS:
        base = run_pgbench(file, constants, min(connections, PGBENCH_MOST))
        before = cpu(roots)
        w = run_wrk(what, connections, token)
        after = cpu(roots)
        ratio = w["rate"] / base
        per = {name: (after[name] - before[name]) / w["requests"] * 1000 for name in roots}
        note = ""
        if connections == 32:
            aim = TARGETS[what]
            note = f"target {aim:.2f} " + verdict(ratio >= aim, f"{what} at 32: {ratio:.2f} of pgbench, target {aim:.2f}")
        if connections == 128:
            calm = w["errors"] == 0 and w["p99"] < 1000
            note = f"longest {w['max']:.0f} ms, no starvation: "
            note += verdict(calm, f"{what} at 128: {w['errors']} errors, one in a hundred waits {w['p99']:.0f} ms")
        elif w["errors"]:
            note += verdict(False, f"{what} at {connections}: {w['errors']} errors")
        say(f"{what:7}{connections:5}{w['rate']:10.0f}{base:10.0f}{ratio:7.2f}{w['p50']:9.2f}{w['p99']:9.2f}{w['errors']:7}"
            f"{per['nginx']:9.3f}{per['core']:8.3f}{per['postgres']:8.3f}  {note}")


# --- what a user would otherwise write --------------------------------------------------------------------------------------------
PEERS = {"Django REST framework": 15, "Fastify": 4}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_peer(name, port):
    env = {**os.environ, "PEER_PORT": str(port), "PEER_DATABASE": CONF["database"], "PEER_PROCESSES": str(os.cpu_count()),
           "PEER_JWKS": URL + "/.well-known/jwks.json"}
    keys = pathlib.Path(CONF["keys_dir"])
    log = open(DATA / "log/peer.log", "w")  # a line a request, like ours
    secret = keys / ((keys / "signing").read_text().strip() + ".hs256.key")
    if secret.exists():
        env["PEER_SECRET"] = str(secret)
    if name == "Fastify":
        folder = HERE / "peers/fastify"
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return subprocess.Popen(["node", "peer.mjs"], cwd=folder, env=env, stdout=log)
    return subprocess.Popen(["/usr/bin/gunicorn", "--log-level", "warning", "--access-logfile", "-", "-w", str(2 * os.cpu_count() + 1),
                             "-b", f"127.0.0.1:{port}", "peer:application"], cwd=HERE / "peers/django", env=env, stdout=log)


def ready(url, token):
    """Asks until the peer answers; what it answers must be the record."""
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, None, {"Authorization": "Bearer " + token}), timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"tests/bench/run: the peer answers {error.code}: {error.read()[:500]!r}") from error
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def start_front(port, peer):
    """nginx before a peer: a service on the network has it, and so has ours."""
    text = (HERE / "peers/nginx.conf.in").read_text()
    for name, value in {"FOLDER": DATA, "PORT": port, "PEER": peer}.items():
        text = text.replace(f"@{name}@", str(value))
    conf = DATA / "nginx/peer.conf"
    conf.write_text(text)
    return subprocess.Popen([NGINX, "-p", DATA / "nginx", "-e", DATA / "log/peer-nginx-error.log", "-c", conf, "-g", "daemon off;"])


def settle():
    """What creating left to do is done now, not beside the next measurement."""
    superuser("VACUUM ANALYZE", "CHECKPOINT")


def beside(url, own_url, token):
    """The peer's measurement and ours: of five pairs that take turns the one with the middle ratio, since a moment's noise meets both."""
    pairs = [(run_wrk("read", 32, token, url=url), run_wrk("read", 32, token, url=own_url)) for _ in range(5)]
    return sorted(pairs, key=lambda pair: pair[1]["rate"] / pair[0]["rate"])[2]


def peers(record_path, token):
    """Reading one at 32 connections: through nginx like ours, which the target is for, and without it, which is to their advantage."""
    same = ask(record_path, token=token)
    say(f"\nread one at 32 connections, beside what one would otherwise write ({os.cpu_count()} cores)")
    for name, aim in PEERS.items():
        port, front = free_port(), free_port()
        process, nginx = start_peer(name, port), start_front(front, port)
        try:
            url = f"http://127.0.0.1:{front}"
            theirs = ready(f"http://127.0.0.1:{port}" + record_path, token)
            if any(str(theirs[k]) != str(same[k]) for k in ("id", "title", "priority", "version")):
                raise SystemExit(f"tests/bench/run: {name} answers another record: {theirs}")
            run_wrk("read", 32, token, 1, url)
            peer, own = beside(url, URL, token)
            bare = run_wrk("read", 32, token, url=f"http://127.0.0.1:{port}")  # last: it is warm by then
        finally:
            for started in (nginx, process):
                started.terminate()
                started.wait()
        ratio = own["rate"] / peer["rate"]
        good = ratio >= aim and peer["errors"] == 0
        say(f"{name:24}{peer['rate']:8.0f}/s ({bare['rate']:.0f} without nginx)  p99 {peer['p99']:7.1f} ms   ballium {own['rate']:8.0f}/s  p99 {own['p99']:5.1f} ms   "
            f"{ratio:5.1f} times; target {aim} " + verdict(good, f"{name}: {ratio:.1f} times, target {aim}, {peer['errors']} errors"))


def main():
    users = json.loads((DATA / "demo-credentials.json").read_text())["users"]
    user = next(u for u in users if u["organisation"] == "keep" and u["role"] == "manager")
    login = ask("/api/v1/auth/login", {"email": user["email"], "password": user["password"]})
    token = login["access_token"]
    actor = ask("/api/v1/me", token=token)["user"]["id"]
    say("loading 1,000 tenants with 1,000 issues each")
    begun = time.monotonic()
    load(actor)
    say(f"  {time.monotonic() - begun:.0f} s")

    slug, tenant, record = "bench-100000000007", pgbench.PREFIX + "100000000007", pgbench.PREFIX + "100000006001"
    issues = f"/api/v1/orgs/{slug}/context/issues"
    new = {"title": "Supplier 1 may fail without a notice",
           "description": "Two of the three suppliers of the main product work from the same region and share a carrier.",
           "origin": "external", "effect": "negative", "concern": "isms_outcome", "category": "economic", "influence": 3, "control": 2}
    requests = {"read": lambda: ask(f"{issues}/{record}", token=token), "list": lambda: ask(issues, token=token),
                "create": lambda: ask(issues, new, token)}
    files = {}
    for what, request in requests.items():
        statements = pgbench.capture(superuser, DATA / "postgresql.log", request)
        text, constants = pgbench.script(statements, actor, tenant, record)
        files[what] = DATA / f"{what}.sql"
        files[what].write_text(text)
        files[what] = files[what], constants
    got = len(ask(issues, token=token)["items"])
    assert got == 50, f"a list has {got} rows"

    roots = {"nginx": child("nginx"), "core": child("serve"), "postgres": int((DATA / "pg/postmaster.pid").read_text().split()[0])}
    peers(f"{issues}/{record}", token)  # before anything is created: a read of the same rows for all
    say(f"\n{os.cpu_count()} cores, {SECONDS} s a cell; wrk through nginx beside pgbench -M prepared, one flush a transaction, same statements")
    say("                 requests per second           latency, ms            CPU s per 1,000 requests")
    say("        conn   service   pgbench  ratio    p50      p99  errors    nginx    core postgres")
    for what in requests:
        cells(what, roots, token, *files[what])
    settle()

    say()
    whole, each = pss(roots["core"])
    say(f"memory of the daemon (PSS): {whole:.1f} MB = {' + '.join(f'{m:.1f}' for m in each)}; target 40 MB "
        + verdict(whole < 40, f"memory {whole:.1f} MB"))
    whole, _ = pss(child("ballium work"))
    say(f"memory of the worker of jobs (PSS): {whole:.1f} MB")
    took = first_answers(roots["core"], f"{issues}/{record}", token)
    middle = took[len(took) // 2]
    say(f"first answer after the start of serve: {middle:.0f} ms ({took[0]:.0f} to {took[-1]:.0f}); target 100 ms "
        + verdict(middle < 100, f"first answer after {middle:.0f} ms"))

    file, constants = files["read"]
    text = file.read_text()
    bare = file.with_name("bare.sql")
    unchecked = f"SELECT set_config('ballium.tenant', '{pgbench.PREFIX}' || :tenant::text, true);"
    bare.write_text(re.sub(r"^SELECT core\.enter\(.*$", unchecked, text, flags=re.M))
    with_enter, without = (run_pgbench(f, constants, 8) for f in (file, bare))
    say(f"core.enter on a read (pgbench, 8 clients): {with_enter:.0f}/s with it, {without:.0f}/s with the tenant set unchecked: "
        f"it takes {100 * (1 - with_enter / without):.0f} % of the rate")

    if misses:
        say("\nmissed:")
        for miss in misses:
            say("  " + miss)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
