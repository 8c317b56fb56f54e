"""Reads archives of `ballium org export`.

  transfer.py same A B       do two archives say the same, ids apart? Lists what differs
  transfer.py check A        is every part what the manifest says?
  transfer.py spoil A B NAME B is A with one letter of that part changed
  transfer.py drop A B NAME  ... without that part; add: with another part; older: made with an earlier migration of that area;
                             forge: a letter of that part changed, and the manifest's hash of it made anew
  transfer.py intrude A B NAME TENANT … its first row is another organisation's, and the manifest's hash of it made anew
  transfer.py counts A B     have they as many rows in each part?
  transfer.py huge A         makes one that says it has more records than an import takes
  transfer.py loose A        how many links begin at a record without an event
"""
import hashlib
import io
import json
import re
import sys
import tarfile

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

SUM = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")  # of texts and ids


def parts(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar.getmembers()}


def plain(archive):
    """Every part with its ids numbered in the order in which they turn up, over all parts."""
    numbers = {}

    def number(match):
        return f"#{numbers.setdefault(match[0], len(numbers))}"

    out = {}
    for name in sorted(archive):
        if name.startswith("files/"):
            out[name] = archive[name]
        elif name == "members.jsonl":  # who came by an engagement, and programs, are named there and let in no more
            people = [json.loads(line) for line in archive[name].decode().splitlines()]
            for p in people:
                if p.pop("engaged") or "service_client" in p["roles"]:
                    p["status"] = "ended"
                if "service_client" in p["roles"]:  # its id is new, and so is the place in the list
                    del p["id"], p["email"]
            # the address of one who was erased is made of the id
            people.sort(key=lambda p: ("" if p.get("email", "").endswith("@erased.invalid") else p.get("email", ""), p["name"], p["created_at"]))
            out[name] = UUID.sub(number, "\n".join(json.dumps(p, sort_keys=True) for p in people))
        elif name in ("core.checkpoint.jsonl", "core.tree.jsonl", "core.tree_node.jsonl"):
            continue  # the seals of the trail: made anew where the ids are new
        elif name == "core.event.jsonl":
            events = [{k: v for k, v in json.loads(line).items() if k not in ("seq", "leaf")} for line in archive[name].decode().splitlines()]
            out[name] = UUID.sub(number, SUM.sub(number, "\n".join(json.dumps(e, sort_keys=True) for e in events)))
        elif name.endswith(".jsonl"):
            out[name] = UUID.sub(number, SUM.sub(number, archive[name].decode()))
    return out


def same(one, two):
    a, b = plain(parts(one)), plain(parts(two))
    differ = sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
    for name in differ:
        print(f"{name} differs")
        if name in a and name in b and isinstance(a[name], str):
            for x, y in zip(a[name].splitlines(), b[name].splitlines()):
                if x != y:
                    print(f"  {x[:300]}\n  {y[:300]}")
                    break
    ids = [set(UUID.findall(b"".join(v for n, v in sorted(parts(p).items()) if n.startswith("context.")).decode())) for p in (one, two)]
    shared = ids[0] & ids[1] - set(UUID.findall(parts(one)["members.jsonl"].decode()))
    if shared:
        print(f"{len(shared)} ids are the same in both")
    return not differ and not shared and len(a) > 20


def huge(path):
    """An archive of two parts, whose second one says that it has 301 MiB, and has: a hole in the file."""
    with open(path, "wb") as file:
        for name, size in (("organisation.json", 0), ("core.event.jsonl", 301 << 20)):
            head = tarfile.TarInfo(name)
            head.size = size
            file.write(head.tobuf(tarfile.USTAR_FORMAT))
        file.truncate(file.tell() + (301 << 20) + 1024)
    return True


def check(path):
    archive = parts(path)
    manifest = json.loads(archive.pop("manifest.json"))
    told = {p["name"]: p for p in manifest["parts"]}
    bad = [n for n in archive.keys() | told.keys()
           if n not in archive or n not in told or hashlib.sha256(archive[n]).hexdigest() != told[n]["sha256"]]
    print("\n".join(bad))
    return not bad and "core.event.jsonl" in archive and "core.link.jsonl" in archive


def write(target, archive):
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as tar:
        for n, content in archive.items():
            info = tarfile.TarInfo(n)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return True


def changed(content):
    return content.replace(b"e", b"a", 1) if b"e" in content else bytes([content[0] ^ 1]) + content[1:]


def spoil(source, target, name):
    archive = parts(source)
    archive[name] = changed(archive[name])
    return write(target, archive)


def drop(source, target, name):
    return write(target, {n: c for n, c in parts(source).items() if n != name})


def add(source, target, name):
    archive = parts(source)
    archive = {"core.more.jsonl": archive[name], **archive}
    return write(target, archive)


def older(source, target, area):
    archive = parts(source)
    manifest = json.loads(archive["manifest.json"])
    manifest["migrations"][area] += 1
    archive["manifest.json"] = json.dumps(manifest).encode()
    return write(target, archive)


def resign(archive, name):
    manifest = json.loads(archive["manifest.json"])
    for p in manifest["parts"]:
        if p["name"] == name:
            p["sha256"], p["size"] = hashlib.sha256(archive[name]).hexdigest(), len(archive[name])
    archive["manifest.json"] = json.dumps(manifest).encode()


def forge(source, target, name):
    archive = parts(source)
    archive[name] = archive[name].replace(b'"title": "', b'"title": "Forged ', 1)
    resign(archive, name)
    return write(target, archive)


def intrude(source, target, name, tenant):
    archive = parts(source)
    lines = archive[name].decode().splitlines()
    lines[0] = json.dumps(json.loads(lines[0]) | {"tenant_id": tenant, "ref": "SITE-99999", "name": "Intruder"})
    archive[name] = ("\n".join(lines) + "\n").encode()
    resign(archive, name)
    return write(target, archive)


def counts(one, two):
    seals = ("core.checkpoint.jsonl", "core.tree.jsonl", "core.tree_node.jsonl")
    a, b = ({n: c.count(b"\n") for n, c in parts(p).items() if n.endswith(".jsonl") and n not in seals} for p in (one, two))
    print("\n".join(f"{n}: {a.get(n)} and {b.get(n)}" for n in sorted(a.keys() | b.keys()) if a.get(n) != b.get(n)))
    return a == b and sum(a.values()) > 3000


def loose(path):
    archive = parts(path)
    known = {json.loads(line)["record_id"] for line in archive["core.event.jsonl"].decode().splitlines()}
    print(sum(json.loads(line)["from_id"] not in known for line in archive["core.link.jsonl"].decode().splitlines()))
    return True


if __name__ == "__main__":
    acts = {f.__name__: f for f in (same, check, spoil, drop, add, older, forge, intrude, counts, loose, huge)}
    sys.exit(0 if acts[sys.argv[1]](*sys.argv[2:]) else 1)
