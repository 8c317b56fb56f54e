"""What the fault scripts share: the running service's facts, requests, load, records, the database.

Each script breaks something while requests run and prints "ok - what" or "not ok - what". The facts come from the environment:
BALLIUM_URL, BALLIUM_SOCKET, BALLIUM_MASTER_PID, BALLIUM_CLUSTER_DIR, BALLIUM_CREDENTIALS, BALLIUM_CONFIG, BALLIUM_BINARY.
"""
import collections
import http.client
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
CLUSTER = os.path.join(HERE, "../../../sql/cluster")
URL = urllib.parse.urlsplit(os.environ["BALLIUM_URL"])
SOCKET = os.environ["BALLIUM_SOCKET"]
MASTER = int(os.environ["BALLIUM_MASTER_PID"])
DATA = os.environ["BALLIUM_CLUSTER_DIR"]
PATIENCE = 20  # seconds after which something that should happen counts as not happening

failed = False


def check(good, what, more=""):
    global failed
    failed |= not good
    print(("ok - " if good else "not ok - ") + what + (f" ({more})" if more else ""), flush=True)
    return good


def finish():
    sys.exit(1 if failed else 0)


def until(condition, seconds=PATIENCE):
    """The condition's first true value; None when the time is over. Looks every millisecond."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.001)
    return None


# --- processes -------------------------------------------------------------------------------------------------------------


def workers(master=MASTER):
    """Living worker processes of the master."""
    found = set()
    for task in os.listdir(f"/proc/{master}/task"):
        with open(f"/proc/{master}/task/{task}/children", encoding="ascii") as children:
            for pid in children.read().split():
                try:
                    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                        if ") Z " not in stat.read():
                            found.add(int(pid))
                except (FileNotFoundError, ProcessLookupError):
                    pass
    return found


def threads(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def replaced(gone, count):
    """Seconds until `count` workers live and serve (have threads) without `gone`; None: never."""
    start = time.monotonic()
    good = until(lambda: len(now := workers() - gone) == count and all(threads(pid) > 1 for pid in now))
    return time.monotonic() - start if good else None


# --- requests through nginx ------------------------------------------------------------------------------------------------


class Client:
    """One kept connection to nginx, as a member of the organisation."""

    token = None
    organisation = "keep"

    def __init__(self):
        self.connection = None

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, body). An OSError or HTTPException is nginx's fault: callers count it."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(URL.hostname, URL.port, timeout=PATIENCE)
        send = dict(headers or {})
        if Client.token:
            send["Authorization"] = "Bearer " + Client.token
        if body is not None:
            send["Content-Type"] = "application/json"
        try:
            self.connection.request(method, path, None if body is None else json.dumps(body), send)
            answer = self.connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise

    def status(self, path):
        return self.ask("GET", path)[0]


def log_in():
    with open(os.environ["BALLIUM_CREDENTIALS"], encoding="utf-8") as file:
        users = json.load(file)["users"]
    user = next(u for u in users if u["organisation"] == Client.organisation and u["role"] == "manager")
    status, _, body = Client().ask("POST", "/api/v1/auth/login", {"email": user["email"], "password": user["password"]})
    if status != 200:
        sys.exit(f"log-in: {status} {body!r}")
    Client.token = json.loads(body)["access_token"]


LIST = f"/api/v1/orgs/{Client.organisation}/context/issues?limit=5"
CREATE = f"/api/v1/orgs/{Client.organisation}/context/issues"


def issue(title):
    return {"title": title, "origin": "internal", "effect": "negative", "category": "technology", "influence": 3, "control": 3}


class Load:
    """Threads that read and create by turns, without a pause, until the end of the `with`."""

    def __init__(self, threads_count=4):
        self.mark = f"fault {os.getpid()} {time.monotonic_ns()}"
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.answers = collections.Counter()  # (method, status)
        self.bare = 0  # 503 without Retry-After, or not a problem document
        self.broken = []  # what nginx did not answer
        self.done = 0
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(threads_count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self, number):
        client = Client()
        turn = 0
        while not self.over.is_set():
            turn += 1
            method = "POST" if turn % 2 else "GET"
            try:
                if method == "POST":
                    status, headers, _ = client.ask("POST", CREATE, issue(f"{self.mark} {number} {turn}"))
                else:
                    status, headers, _ = client.ask("GET", LIST)
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.broken.append(f"{method}: {error!r}")
                continue
            with self.lock:
                self.done += 1
                self.answers[method, status] += 1
                if status == 503:
                    plain = headers.get("Retry-After") and headers.get_content_type() == "application/problem+json"
                    self.bare += 0 if plain else 1

    def more(self, count=20):
        """Waits until so many more requests were answered."""
        goal = self.done + count
        return until(lambda: self.done >= goal)

    def count(self, *statuses):
        return sum(n for (_, status), n in self.answers.items() if status in statuses)

    def others(self, *expected):
        return {f"{m} {s}": n for (m, s), n in self.answers.items() if s not in expected}

    def check_writes(self):
        """Every acknowledged record is there. (One whose answer was lost may be there as well.)"""
        created = self.answers["POST", 201]
        kept = int(sql(f"SELECT count(*) FROM context.issue WHERE title LIKE '{self.mark} %'"))
        unknown = self.count(503) + len(self.broken)
        check(created <= kept <= created + unknown, "no acknowledged write is lost", f"{created} acknowledged, {kept} there")


# --- requests to the socket -------------------------------------------------------------------------------------------------

BEGIN, END, PARAMS, STDIN, STDOUT, GET_VALUES = 1, 3, 4, 5, 6, 9


def record(kind, content=b"", request=1):
    return struct.pack("!BBHHBB", 1, kind, request, len(content), 0, 0) + content


def begin(keep=True, role=1):
    return record(BEGIN, struct.pack("!HB5x", role, 1 if keep else 0))


def pair(name, value):
    name, value = name.encode(), value.encode()
    size = lambda n: struct.pack("!B", n) if n < 128 else struct.pack("!I", n | 1 << 31)
    return size(len(name)) + size(len(value)) + name + value


def get(path, keep=True):
    params = {"REQUEST_METHOD": "GET", "REQUEST_URI": path, "QUERY_STRING": path.partition("?")[2], "REMOTE_ADDR": "127.0.0.1"}
    if Client.token:
        params["HTTP_AUTHORIZATION"] = "Bearer " + Client.token
    content = b"".join(pair(n, v) for n, v in params.items())
    return begin(keep) + record(PARAMS, content) + record(PARAMS) + record(STDIN)


def dial(path=SOCKET):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(PATIENCE)
    s.connect(path)
    return s


def read_answer(s):
    """(standard output, whether FCGI_END_REQUEST came)."""
    out, stream = b"", s.makefile("rb")
    try:
        while len(head := stream.read(8)) == 8:
            _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", head)
            content = stream.read(length + padding)[:length]
            if kind == END:
                return out, True
            if kind == STDOUT:
                out += content
    except ConnectionError:
        pass
    return out, False


# --- a master of its own ------------------------------------------------------------------------------------------------------


class Service:
    """Another `ballium serve` on the same database, with a socket of its own, for what ends a service."""

    def __init__(self, folder, **environment):
        self.socket = os.path.join(folder, "s")
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        settings = {"BALLIUM_SOCKET": self.socket, "BALLIUM_PROCESSES": "2", "BALLIUM_THREADS": "2", **environment}
        self.started = time.monotonic()
        self.process = subprocess.Popen([os.environ["BALLIUM_BINARY"], "serve"], env={**os.environ, **settings}, stderr=self.log)

    def dial(self):
        def attempt():
            try:
                return dial(self.socket)
            except OSError:
                return None

        return until(attempt)

    def ask(self, path):
        """The answer's status."""
        with self.dial() as s:
            s.sendall(get(path))
            return status_of(read_answer(s)[0])

    def said(self, words):
        self.log.seek(0)
        return words in self.log.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def status_of(text):
    found = re.match(rb"Status: (\d+)", text)
    return int(found[1]) if found else 0


# --- the database ----------------------------------------------------------------------------------------------------------------


def superuser():
    lines = subprocess.run([CLUSTER, "env", DATA], check=True, capture_output=True, text=True).stdout
    return re.search(r"BALLIUM_TEST_SUPERUSER='(.*)'", lines)[1]


def sql(statement):
    return subprocess.run(["psql", "-XAtq", "-d", superuser(), "-c", statement], check=True, capture_output=True,
                          text=True).stdout.strip()


def cluster(what):
    subprocess.run([CLUSTER, what, DATA], check=True, env={**os.environ, "BALLIUM_CLUSTER_FAST": "1"})


class Lock:
    """Holds a table so that requests wait for it, from the `with` to release()."""

    def __init__(self, table):
        self.table = table
        self.psql = subprocess.Popen(["psql", "-XAtq", "-d", superuser()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        self.say(f"BEGIN; LOCK TABLE {self.table} IN ACCESS EXCLUSIVE MODE; SELECT 'locked';")
        assert self.psql.stdout.readline() == "locked\n"
        return self

    def say(self, text):
        self.psql.stdin.write(text + "\n")
        self.psql.stdin.flush()

    def waiting(self):
        """Waits until somebody waits for the table."""
        return until(lambda: sql(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{self.table}'::regclass") != "0")

    def release(self):
        self.say("ROLLBACK;")

    def __exit__(self, *error):
        self.psql.stdin.close()
        self.psql.wait()


def readable(s, seconds=0.0):
    return bool(select.select([s], [], [], seconds)[0])
