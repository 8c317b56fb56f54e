"""Searches 100,000 records beside the statements that the service sends for it. Started by tests/bench/search."""
import random
import re
import urllib.parse

import pgbench
from planning import DATA, SUPERUSER, ask, bare, log_in, psql, served, superuser

ROWS = {"keep": 100000, "moat": 20000}  # the second one's records hold every word that the first one's do, and one of their own
PATH = "/api/v1/orgs/keep/search?limit=100&q="
QUERIES = {"a word of every record": "wharfside", "a word of 100 records": "quay17", "a word of one record": "berth4711",
           "a word of 50 titles and 20,000 texts": "gantrycrane",
           "two words": "gantrycrane quay17", "three words": "wharfside gantrycrane pier5", "a beginning": "gantrycrane quay1"}
# Title 4, description 2, as the engine weighs them.
TERMS = """
INSERT INTO core.search_term (tenant_id, lexeme, resource, record_id, weight)
SELECT i.tenant_id, lower(p.token), 'context.issues', i.id, max(w.weight) FROM context.issue i
CROSS JOIN LATERAL (VALUES (i.title, 4), (i.description, 2)) w(text, weight) CROSS JOIN LATERAL ts_parse('default', w.text) p
WHERE i.ref LIKE 'BENCH-%' AND p.tokid <> 12 GROUP BY 1, 2, 3, 4"""


def world(token):
    issue = ask("POST", "/api/v1/orgs/keep/context/issues", {"title": "Bench", "origin": "internal", "effect": "negative",
                                                             "category": "people", "influence": 2, "control": 2}, token)[0]["id"]
    columns = psql(SUPERUSER, "SELECT column_name FROM information_schema.columns WHERE table_schema = 'context' AND table_name = 'issue'"
                              " AND is_generated = 'NEVER'").split()
    other = {"tenant_id": "o.id", "id": "gen_random_uuid()", "ref": "'BENCH-' || n", "owner_id": "NULL",
             "title": "concat('Wharfside quay', n % 1000, ' pier', n % 10, CASE WHEN n % 2000 = 5 THEN ' gantrycrane' END,"
                      " CASE WHEN o.slug = 'moat' THEN ' zwinger' END)",
             "description": "concat('The berth', n, ' of the wharfside', CASE WHEN n % 10 IN (6, 7) THEN ' with a gantrycrane' END)"}
    chosen = ", ".join(other.get(c, "t." + c) for c in columns)
    for org, rows in ROWS.items():
        superuser(f"INSERT INTO context.issue ({', '.join(columns)}) SELECT {chosen} FROM context.issue t, generate_series(1, {rows}) n,"
                  f" core.organisation o WHERE t.id = '{issue}' AND o.slug = '{org}'")
    superuser(TERMS, "VACUUM ANALYZE context.issue", "VACUUM ANALYZE core.search_term")
    return psql(SUPERUSER, "SELECT string_agg(format('%s|%s', slug, n), ' ') FROM (SELECT o.slug, count(*) AS n FROM context.issue i"
                           " JOIN core.organisation o ON o.id = i.tenant_id WHERE i.ref LIKE 'BENCH-%' GROUP BY 1) c").strip()


def search(query, token):
    return ask("GET", PATH + urllib.parse.quote(query), token=token)[0]["items"]


def expected(query):
    """The ranks of the best hundred by the words themselves, without the index and past row-level security."""
    words = query.split()
    forms = [rf"\m{word}" + ("" if n == len(words) - 1 else r"\M") for n, word in enumerate(words)]
    weights = " + ".join(f"CASE WHEN title ~* '{f}' THEN 4 ELSE 2 END" for f in forms)
    every = " AND ".join(f"(title ~* '{f}' OR description ~* '{f}')" for f in forms)
    return [int(rank) for rank in psql(SUPERUSER, f"SELECT {weights} AS rank FROM context.issue i JOIN core.organisation o"
                                                  f" ON o.id = i.tenant_id AND o.slug = 'keep' WHERE ref LIKE 'BENCH-%' AND {every}"
                                                  " ORDER BY rank DESC LIMIT 100").split()]


def strangers(found):
    """How many of these ids are not keep's."""
    ids = ", ".join(f"'{i}'" for i in found) or "NULL"
    return int(psql(SUPERUSER, f"SELECT count(*) FROM context.issue i JOIN core.organisation o ON o.id = i.tenant_id WHERE o.slug <> 'keep'"
                               f" AND i.id IN ({ids})"))


def random_queries(count):
    draw = random.Random(27001)
    words = [lambda: "wharfside", lambda: "gantrycrane", lambda: f"quay{draw.randrange(1000)}", lambda: f"pier{draw.randrange(10)}",
             lambda: f"berth{draw.randrange(1, 20001)}", lambda: "zwinger", lambda: "zwi", lambda: f"berth{draw.randrange(1, 99)}"]
    return [" ".join(word() for word in draw.sample(words, draw.randrange(1, 4))) for _ in range(count)]


def main():
    token = log_in("manager")
    print("records: " + world(token))
    missed, found = 0, set()
    print(f"{'':36} {'served':>10} {'bare SQL':>10}  ratio")
    for name, query in QUERIES.items():
        items = search(query, token)
        found |= {item["id"] for item in items}
        ranks = [item["rank"] for item in items if item["ref"].startswith("BENCH-")]
        ranked = ranks == expected(query) and ranks
        path = PATH + urllib.parse.quote(query)
        captured = pgbench.capture(superuser, DATA / "postgresql.log", lambda path=path: ask("GET", path, token=token))
        # without those of the worker, which looks into its queue meanwhile
        statements = [s for s in captured if s[0].startswith("BEGIN") or s[0] == "COMMIT" or
                      re.search(r"core\.enter\(|core\.search_term|t\.archived_at IS NULL", s[0])]
        there, here = served(path, token), bare(statements)
        slow = there > 3 * here
        missed += slow + (not ranked)
        print(f"{name:36} {there:7.2f} ms {here:7.2f} ms  {there / here:5.2f}{'  more than 3' if slow else ''}"
              f"{'' if ranked else '  not ranked as plain SQL ranks it'}")
    queries = random_queries(300)
    for query in queries:
        items = search(query, token)
        found |= {item["id"] for item in items}
        if "zwinger" in query and items:  # a word that only the other one has
            missed += 1
            print(f"{query}: finds {items[0]}")
    other = strangers(found)
    print(f"{len(queries) + len(QUERIES)} queries found {len(found)} records, {other} of them another organisation's")
    raise SystemExit(1 if missed or other or not found else 0)


if __name__ == "__main__":
    main()
