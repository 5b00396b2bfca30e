"""A server of Python's `websockets` that echoes, and does what certain texts ask for.

    server.py deflate|plain [CERTIFICATE KEY]

It prints where it listens, and for each connection the code that the client closed with.
"""

import asyncio
import ssl
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosedError

mode, *identity = sys.argv[1:]
tls = None
if identity:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*identity)


async def attend(socket):
    assert socket.subprotocol == "chat", socket.subprotocol
    try:
        async for message in socket:
            await answer(socket, message)
    except ConnectionClosedError:
        # That is what a code other than 1000 and 1001 gives, even where this end has sent it first.
        pass
    print("closed", socket.close_code, flush=True)


async def answer(socket, message):
    match message.split(" ") if isinstance(message, str) else []:
        case ["binary"]:
            await socket.send(b"\x00\x7f\xff")
        case ["fragments"]:
            await socket.send(["frag", "", "mented ", "\U0001f600"])
        case ["ping"]:
            await (await socket.ping(b"x" * 125))
            await socket.send("pong")
        case ["agreed"]:
            agreed = [extension.name for extension in socket.protocol.extensions]
            await socket.send(" ".join(agreed) or "nothing")
        case ["close", code, reason]:
            await socket.close(int(code), reason)
        case _:
            await socket.send(message)


async def main():
    compression = "deflate" if mode == "deflate" else None
    options = {"compression": compression, "subprotocols": ["chat"], "ssl": tls, "max_size": None}
    async with serve(attend, "127.0.0.1", 0, **options) as server:
        print("listening on port", server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
