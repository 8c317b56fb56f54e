"""A FastCGI client of one request: enough to see the first answer of a daemon that has no nginx in front of it."""
import socket
import struct
import time


def record(kind, content=b""):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def length(n):
    return struct.pack(">B", n) if n < 128 else struct.pack(">I", n | 1 << 31)


def get(path, token):
    """The records of a GET with a bearer token."""
    params = {"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": "GET", "REQUEST_URI": path,
              "QUERY_STRING": "", "CONTENT_TYPE": "", "CONTENT_LENGTH": "", "REMOTE_ADDR": "127.0.0.1", "REQUEST_SCHEME": "http",
              "SERVER_NAME": "127.0.0.1", "REQUEST_ID": "0" * 32, "HTTP_AUTHORIZATION": "Bearer " + token}
    packed = b"".join(length(len(k)) + length(len(v)) + k.encode() + v.encode() for k, v in params.items())
    return record(1, struct.pack(">HB5x", 1, 0)) + record(4, packed) + record(4) + record(5)


def first_answer(path_of_socket, path, token, deadline):
    """Tries each millisecond until the daemon listens and answers."""
    while True:
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(str(path_of_socket))
                s.sendall(get(path, token))
                answer = b""
                while chunk := s.recv(65536):
                    answer += chunk
                if answer:
                    return answer[8:]
            except (FileNotFoundError, ConnectionError):
                pass
        if time.monotonic() > deadline:
            raise SystemExit("tests/bench/run: no answer from a fresh `ballium serve` in 10 s")
        time.sleep(0.001)
