// A client of Node's `ws` against an echo server: see client.py.
'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const WebSocket = require('ws');

const [url, mode, trusted] = process.argv.slice(2);

function opening() {
  return new WebSocket(url, ['other', 'chat'], {
    perMessageDeflate: mode === 'deflate',
    ca: trusted && readFileSync(trusted),
    maxPayload: 0,
  });
}

async function received(socket) {
  const [data, isBinary] = await once(socket, 'message');
  return isBinary ? data : data.toString();
}

async function echoed(socket, message) {
  socket.send(message);
  assert.deepEqual(await received(socket), message);
}

async function echoes() {
  const socket = opening();
  await once(socket, 'open');
  assert.equal(socket.protocol, 'chat');
  assert.equal(socket.extensions.includes('permessage-deflate'), mode === 'deflate');
  const random = randomBytes(3 << 20);
  const texts = ['hello', '', 'Grüße \u{1f600}', 'x'.repeat(1 << 20)];
  for (const message of [...texts, Buffer.from([0, 255]), Buffer.alloc(0), random, random.subarray(0, 65536)]) {
    await echoed(socket, message);
  }
  for (const [piece, fin] of [['frag', false], ['', false], ['mented ', false], ['\u{1f600}', true]]) {
    socket.send(piece, { fin });
  }
  assert.equal(await received(socket), 'fragmented \u{1f600}');
  for (const [start, end] of [[0, 100000], [100000, 100000], [100000, 200000]]) {
    socket.send(random.subarray(start, end), { fin: end === 200000 });
  }
  assert.deepEqual(await received(socket), random.subarray(0, 200000));
  let next = 0;
  const all = new Promise((resolve) => {
    socket.on('message', (data) => {
      assert.equal(data.toString(), String(next));
      next += 1;
      if (next === 1000) resolve();
    });
  });
  for (let number = 0; number < 1000; number += 1) socket.send(String(number));
  await all;
  socket.ping('x'.repeat(125));
  const [payload] = await once(socket, 'pong');
  assert.equal(payload.toString(), 'x'.repeat(125));
  socket.close(4000, 'bye');
  const [code] = await once(socket, 'close');
  assert.equal(code, 4000);
}

async function tooBig() {
  const socket = opening();
  await once(socket, 'open');
  // The rest of the message may find the connection closed.
  socket.on('error', () => {});
  socket.send(randomBytes((4 << 20) + 1));
  const [code] = await once(socket, 'close');
  assert.equal(code, 1009);
}

echoes().then(tooBig).catch((error) => {
  console.error(error);
  process.exit(1);
});
