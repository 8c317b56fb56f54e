"""Guard patches of SQL that say nothing: a later migration makes anew what they change, before any has called it. Prints a line for each."""
import pathlib
import re
import sys

MADE = re.compile(r"^CREATE(?: OR REPLACE)? (FUNCTION|VIEW|PROCEDURE) ([\w.]+)", re.M)
STATEMENT = re.compile(r"^[A-Z]+ [A-Z]+", re.M)  # at the margin: bodies are indented, but for their BEGIN and END


def changed(patch):
    """(file, what its hunk had before, the place of the first changed line in it) for each hunk."""
    file, old, at = None, [], None
    for line in patch.splitlines() + ["@@"]:
        if line.startswith("@@") or line.startswith("--- "):
            if file and at is not None:
                yield file, "\n".join(old), at
            old, at = [], None
        if line.startswith("+++ "):
            file = line.split("\t")[0][6:]
        elif line.startswith("-") and not line.startswith("--- "):
            at = len("\n".join(old)) + 1 if at is None else at
            old.append(line[1:])
        elif line.startswith("+"):
            at = len("\n".join(old)) if at is None else at
        elif line.startswith(" "):
            old.append(line[1:])


def made_by(text, position):
    """(kind, name) of the function or view that holds this position."""
    starts = [m.start() for m in STATEMENT.finditer(text) if m.start() <= position]
    match = MADE.match(text, starts[-1]) if starts else None
    return match.groups() if match else None


def main():
    found = 0
    for patch in sorted(pathlib.Path("tests/guards").glob("*/*.patch")):
        for name, old, at in changed(patch.read_text()):
            file = pathlib.Path(name)
            if file.suffix != ".sql" or not file.exists():
                continue
            text = file.read_text()
            start = text.find(old)
            made = made_by(text, start + at) if start >= 0 else None
            if made and f"SELECT {made[1]}(" in text:
                continue  # called where it is made, as core.fence is: what that did stays
            for later in sorted(file.parent.glob("*.sql")) if made else []:
                if later.name > file.name and made in MADE.findall(later.read_text()):
                    print(f"{patch}: {later} makes {made[1]} anew, so the patch changes nothing")
                    found += 1
    return found > 0


if __name__ == "__main__":
    sys.exit(main())
