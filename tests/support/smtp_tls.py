#!/usr/bin/python3
"""A real mail server (aiosmtpd) of the tests: smtp_tls.py FOLDER HOW NAME. Listens on a free port of 127.0.0.1, which it prints. HOW:
starttls (a password only over TLS), plain (takes passwords, has no TLS), tls (at once, as port 465). It makes itself a certificate
for NAME, FOLDER/ca.pem, that nobody knows. Each mail is written to FOLDER/<number>: "TLSv1.3 user", the envelope, an empty line, the
message; each password that it is sent, right or wrong, becomes a line of FOLDER/passwords."""
import asyncio
import logging
import os
import ssl
import subprocess
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

warnings.simplefilter("ignore")  # that a password without TLS is unwise: whether one comes is what is tested
logging.disable()
folder, how, name = sys.argv[1:]
taken = 0


def context():
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "ca.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=" + name, "-addext", "subjectAltName=DNS:" + name, "-keyout", key, "-out", certificate],
                   check=True, stderr=subprocess.DEVNULL)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


def authenticate(server, session, envelope, mechanism, data):
    with open(os.path.join(folder, "passwords"), "a") as f:
        f.write(data.password.decode() + "\n")
    return AuthResult(success=data.password == b"gruft-and-tomb", auth_data=data.login.decode())


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        global taken
        taken += 1
        tls = server.transport.get_extra_info("ssl_object")
        lines = [(tls.version() if tls else "none") + " " + str(session.auth_data), "MAIL FROM:<" + envelope.mail_from + ">"]
        lines += ["RCPT TO:<" + to + ">" for to in envelope.rcpt_tos]
        with open(os.path.join(folder, "new"), "wb") as f:
            f.write("\r\n".join(lines).encode() + b"\r\n\r\n" + envelope.original_content)
        os.rename(os.path.join(folder, "new"), os.path.join(folder, str(taken)))
        return "250 taken"


async def serve():
    made = context()
    given = {"starttls": {"tls_context": made, "require_starttls": True}, "plain": {"auth_require_tls": False},
             "tls": {"auth_require_tls": False}}[how]
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Keeper(), authenticator=authenticate, auth_required=True, hostname=name, **given), "127.0.0.1", 0,
        ssl=made if how == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
