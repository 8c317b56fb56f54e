"""The engine's own statements as pgbench scripts.

They are not written here: the service is asked once with the statement log on, and what PostgreSQL received is taken from the log.
Only the values change: ids are made from random numbers, what else varies is a constant of the request that was logged.
"""
import re
import time

PREFIX = "00000000-0000-7000-8000-"
FRESH = "00000000-0000-7000-9000-"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parameters(text):
    """'$1 = 'a', $2 = NULL' as {1: "'a'", 2: 'NULL'}."""
    return {int(n): value for n, value in re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", text)}


def executed(log):
    """(statement, parameters) of every execution in a statement log, in order."""
    entry = re.compile(r"^\d{4}-\d\d-\d\d \S+ \S+ \[(\d+)\] (\w+):  (.*)$")
    entries = []
    for line in log.splitlines():
        match = entry.match(line)
        if match:
            entries.append(list(match.groups()))
        elif entries:
            entries[-1][2] += "\n" + line.lstrip("\t")
    entered = {process for process, _, text in entries if "core.enter(" in text}  # the others are the worker of jobs
    statements = []
    for process, kind, text in entries:
        if process not in entered:
            continue
        match = re.match(r"duration: \S+ ms  execute \w+: (.*)", text, re.S)
        if kind == "LOG" and match:
            statements.append([match[1], {}])
        elif kind == "DETAIL" and text.startswith("parameters: ") and statements and not statements[-1][1]:
            statements[-1][1] = parameters(text)
    return statements


def script(statements, actor, tenant, record):
    """One transaction, sent in one flush as the service does, and the constants of it (for pgbench's -D)."""
    lines = ["\\set tenant random(1, 1000)", "\\set record 100000000000 + (:tenant - 1) * 1000 + random(1, 1000)",
             "\\set tenant 100000000000 + :tenant", "\\set new random(100000000000, 999999999999)",
             "\\set event random(100000000000, 999999999999)", "\\startpipeline"]
    constants = {}
    fresh = {}
    for number, (text, values) in enumerate(statements):

        def value(match):
            literal = values[int(match[1])]
            bare = literal.strip("'").replace("''", "'")
            if literal == "NULL":
                return "NULL"
            if bare == tenant:
                return f"('{PREFIX}' || :tenant::text)::uuid"
            if bare == record:
                return f"('{PREFIX}' || :record::text)::uuid"
            if bare != actor and UUID.fullmatch(bare):  # an id that the service has drawn
                variable = fresh.setdefault(bare, ":event" if fresh else ":new")
                return f"('{FRESH}' || {variable}::text)::uuid"
            name = f"s{number}p{match[1]}"
            constants[name] = bare
            return ":" + name

        lines.append(re.sub(r"\$(\d+)", value, " ".join(text.split())) + ";")
    return "\n".join(lines + ["\\endpipeline", ""]), constants


def capture(superuser, log, ask):
    """What PostgreSQL was sent while ask() ran."""
    superuser("ALTER SYSTEM SET log_min_duration_statement = 0", "SELECT pg_reload_conf()")
    time.sleep(0.5)
    ask()  # prepares the statements
    start = log.stat().st_size
    ask()
    text = log.read_bytes()[start:].decode()
    superuser("ALTER SYSTEM RESET log_min_duration_statement", "SELECT pg_reload_conf()")
    time.sleep(0.5)
    found = executed(text)
    if not found:
        raise SystemExit("tests/bench/run: the statement log does not hold the request: " + text[:2000])
    return found
