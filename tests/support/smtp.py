#!/usr/bin/env python3
"""A mail server of the tests: smtp.py FOLDER. Listens on a free port of 127.0.0.1, which it prints, and writes each mail that it takes to
FOLDER/<number>: the envelope, an empty line, the message. While FOLDER/answer holds a line like "RCPT 450 later" or "DATA drop", that
command is answered so ("END": the end of a message; drop: the connection ends without an answer)."""
import os
import socket
import sys

folder, taken = sys.argv[1], 0
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)


def odd(command):
    try:
        with open(os.path.join(folder, "answer")) as f:
            name, _, words = f.read().strip().partition(" ")
    except FileNotFoundError:
        return None
    return words if name == command else None


def talk(line, answer):
    global taken
    envelope = []

    def say(command, usual):
        words = odd(command) or usual
        if words == "drop":
            raise ConnectionError
        answer(words)
        return words[0] in "23"

    say("HELLO", "220 tests")
    while command := line():
        word = command.strip().split(b" ")[0].split(b":")[0].upper().decode()
        if word == "EHLO":
            answer("250-tests\r\n250 AUTH PLAIN")
        elif word == "QUIT":
            answer("221 bye")
            return
        elif word == "DATA" and say("DATA", "354 go on"):
            message = b""
            while (got := line()) != b".\r\n":
                message += got[1:] if got.startswith(b".") else got
            if say("END", "250 taken"):
                taken += 1
                with open(os.path.join(folder, "new"), "wb") as f:
                    f.write(b"".join(envelope) + b"\r\n" + message)
                os.rename(os.path.join(folder, "new"), os.path.join(folder, str(taken)))
        elif word in ("MAIL", "RCPT"):
            envelope = [command] if word == "MAIL" else envelope + [command]
            say(word, "250 good")
        elif word != "DATA":
            if word == "AUTH" and len(command.split()) == 2:
                answer("334 ")
                line()
            say(word, "235 in" if word == "AUTH" else "250 good")


while True:
    caller = listener.accept()[0]
    caller.settimeout(20)
    try:
        with caller, caller.makefile("rb") as lines:
            talk(lines.readline, lambda words: caller.sendall(words.encode() + b"\r\n"))
    except OSError:
        pass
