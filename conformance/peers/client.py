"""A client of Python's `websockets` against an echo server.

    client.py URL deflate|plain [CA]

The server agrees to the subprotocol `chat`, and takes messages of up to 4 MiB. CA is the certificate to trust for wss.
"""

import asyncio
import os
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import PerMessageDeflate

url, mode, *trusted = sys.argv[1:]
tls = ssl.create_default_context(cafile=trusted[0]) if trusted else None


def opening():
    compression = "deflate" if mode == "deflate" else None
    return connect(url, compression=compression, subprotocols=["other", "chat"], ssl=tls, max_size=None)


async def echoes():
    async with opening() as socket:
        assert socket.subprotocol == "chat", socket.subprotocol
        agreed = any(isinstance(extension, PerMessageDeflate) for extension in socket.protocol.extensions)
        assert agreed == (mode == "deflate"), socket.protocol.extensions
        random = os.urandom(3 << 20)
        for message in ["hello", "", "Grüße \U0001f600", b"\x00\xff", b"", "x" * (1 << 20), random, random[:65536]]:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(["frag", "", "mented ", "\U0001f600" * 9])
        assert await socket.recv() == "fragmented " + "\U0001f600" * 9
        await socket.send([random[:100_000], b"", random[100_000:200_000], b"end"])
        assert await socket.recv() == random[:200_000] + b"end"
        for message in map(str, range(1000)):
            await socket.send(message)
        for message in map(str, range(1000)):
            assert await socket.recv() == message
        await (await socket.ping(b"x" * 125))
        await socket.close(4000, "bye")
    assert (socket.close_code, socket.close_reason) == (4000, ""), socket.close_reason


async def too_big():
    # Not `async with`: its close of a connection that has just been lost can fail in asyncio.
    socket = await opening()
    try:
        await socket.send(os.urandom((4 << 20) + 1))
        await socket.recv()
    except ConnectionClosed as closed:
        assert closed.rcvd.code == 1009, closed
    else:
        raise AssertionError("the server took a message over its limit")


asyncio.run(echoes())
asyncio.run(too_big())
