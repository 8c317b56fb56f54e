"""Times pages of planning beside the statements that they send. Started by tests/bench/planning."""
import http.client
import json
import os
import pathlib
import re
import subprocess
import time

import pgbench

DATA = pathlib.Path(os.environ["BENCH_DATA"])
PORT = int(os.environ["BENCH_PORT"])
CONF = dict(re.findall(r"^(\w+) *= *(.*?)\s*$", (DATA / "ballium.conf").read_text(), re.M))
SUPERUSER = CONF["migrator"].replace("ballium_migrator", "postgres")
TIMES = 25
BASE = "/api/v1/orgs/keep/planning/"
connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)


def psql(where, text):
    done = subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", where], input=text, text=True, check=True,
                          capture_output=True)
    return done.stdout


def superuser(*commands):
    for command in commands:
        psql(SUPERUSER, command)


def fetch(method, path, body=None, token=None, **headers):
    """The answer to its last byte, unread."""
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token:
        headers["Authorization"] = "Bearer " + token
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path}: {answer.status} {text[:500]}")
    return text, answer.getheader("etag")


def ask(method, path, body=None, token=None, **headers):
    text, tag = fetch(method, path, body, token, **headers)
    return (json.loads(text) if text else {}), tag


def log_in(role):
    users = json.loads((DATA / "demo-credentials.json").read_text())["users"]
    user = next(u for u in users if u["organisation"] == "keep" and u["role"] == role)
    return ask("POST", "/api/v1/auth/login", {"email": user["email"], "password": user["password"]})[0]["access_token"]


def step(token, resource, record, verb):
    _, etag = ask("GET", BASE + f"{resource}/{record}", token=token)
    ask("POST", BASE + f"{resource}/{record}:{verb}", token=token, **{"If-Match": etag})


def world(manager, top):
    """A template by the API, then 10,000 copies of it, each with five controls: 50,000 links."""
    places = [{"name": f"Place {n}"} for n in range(5)]
    levels = [{"name": f"Level {n}", "rank": "risk_owner"} for n in range(5)]
    method = ask("POST", BASE + "risk-methods", {"title": "Bench", "grid_name": "5x5_5", "likelihood_scale": places, "impact_scale": places,
                                                 "levels": levels, "accept_up_to": 1}, manager)[0]["id"]
    step(top, "risk-methods", method, "approve")
    round_id = ask("POST", BASE + "risk-rounds", {"title": "Bench", "method_id": method}, manager)[0]["id"]
    step(manager, "risk-rounds", round_id, "start")
    scope = ask("GET", "/api/v1/orgs/keep/context/scopes?status=in_force", token=manager)[0]["items"][0]["id"]
    soa = ask("POST", BASE + "soa-versions", {"title": "Bench", "edition": "2022", "scope_id": scope}, manager)[0]["id"]
    rating = {"likelihood": 3, "impact": 3, "reason": "As judged"}
    risk = ask("POST", BASE + "risks", {"title": "Bench", "round_id": round_id, "treatment_option": "modify",
                                        "ratings": [{**rating, "stage": "inherent"}, {**rating, "stage": "current"}]}, manager)[0]["id"]
    columns = psql(SUPERUSER, "SELECT column_name FROM information_schema.columns WHERE table_schema = 'planning' AND table_name = 'risk'"
                              " AND is_generated = 'NEVER'").split()
    other = {"id": "gen_random_uuid()", "ref": "'BENCH-' || n", "title": "'Risk ' || n", "counted_level": "n % 5", "current_level": "n % 5",
             "current_likelihood": "n % 5", "current_impact": "n / 5 % 5"}
    chosen = ", ".join(other.get(c, "t." + c) for c in columns)
    superuser(f"INSERT INTO planning.risk ({', '.join(columns)}) SELECT {chosen} FROM planning.risk t, generate_series(1, 10000) n"
              f" WHERE t.id = '{risk}'",
              "INSERT INTO core.link (tenant_id, relation, from_id, to_id, created_by) SELECT k.tenant_id, 'planning.risks.controls', k.id,"
              " c.id, k.created_by FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM planning.risk WHERE ref LIKE 'BENCH-%') k"
              " CROSS JOIN generate_series(0, 4) s JOIN (SELECT *, row_number() OVER (ORDER BY catalogue_id) - 1 AS n FROM annex_a.control"
              " WHERE edition = '2022') c ON c.tenant_id = k.tenant_id AND c.n = (k.n * 5 + s * 17) % 93",
              f"UPDATE planning.soa_row SET applicable = 'yes', reasons = '{{risk}}' WHERE soa_id = '{soa}'",
              "VACUUM ANALYZE planning.risk", "VACUUM ANALYZE core.link", "VACUUM ANALYZE planning.soa_row")
    counts = psql(SUPERUSER, "SELECT (SELECT count(*) FROM planning.risk WHERE ref LIKE 'BENCH-%'), (SELECT count(*) FROM core.link"
                             " WHERE relation = 'planning.risks.controls')").strip()
    return round_id, soa, counts


def bare(statements):
    """The best time of the same transaction by psql, prepared, under the same role."""
    lines, execute = ["\\o /dev/null"], []
    for n, (text, values) in enumerate(statements):
        if text.startswith("BEGIN") or text == "COMMIT":
            execute.append(text + ";")
            continue
        lines.append(f"PREPARE s{n} AS {text};")
        arguments = ", ".join(values[k] for k in sorted(values))
        execute.append(f"EXECUTE s{n}({arguments});" if arguments else f"EXECUTE s{n};")
    lines += ["\\timing on"] + execute * TIMES
    times = [float(t) for t in re.findall(r"^Time: ([0-9.]+) ms", psql(CONF["database"], "\n".join(lines)), re.M)]
    size = len(execute)
    return min(sum(times[i:i + size]) for i in range(0, len(times), size))


def served(path, token):
    times = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        fetch("GET", path, token=token)  # what the caller makes of it is the caller's time, as it is psql's
        times.append((time.perf_counter() - begun) * 1000)
    return min(times)


def main():
    manager, top = log_in("manager"), log_in("top_management")
    round_id, soa, counts = world(manager, top)
    print("risks|links: " + counts)
    pages = {"register, first page of 50": f"risks?round_id={round_id}",
             "register, 500 risks at once": f"risks?round_id={round_id}&limit=500",
             "heat map": f"heat-map?round={round_id}",
             "checks of the Statement": f"soa-versions/{soa}/checks"}
    missed = 0
    print(f"{'':28} {'served':>9} {'bare SQL':>9}  ratio")
    for name, path in pages.items():
        captured = pgbench.capture(superuser, DATA / "postgresql.log", lambda path=path: ask("GET", BASE + path, token=manager))
        # without those of the worker, which looks into its queue meanwhile
        statements = [s for s in captured if s[0].startswith("BEGIN") or s[0] == "COMMIT" or re.search(r"core\.enter\(|planning\.", s[0])]
        there, here = served(BASE + path, manager), bare(statements)
        missed += there > 3 * here
        print(f"{name:28} {there:6.2f} ms {here:6.2f} ms  {there / here:5.2f}{'  more than 3' if there > 3 * here else ''}")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
