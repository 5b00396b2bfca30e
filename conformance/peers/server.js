// A server of Node's `ws` that echoes, and does what certain texts ask for: see server.py.
'use strict';

const { readFileSync } = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { WebSocketServer } = require('ws');

const [mode, certificate, key] = process.argv.slice(2);
const server = certificate
  ? https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) })
  : http.createServer();
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: mode === 'deflate',
  handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  maxPayload: 0,
});

sockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    const [word, code, reason] = isBinary ? [] : data.toString().split(' ');
    if (word === 'binary') {
      socket.send(Buffer.from([0x00, 0x7f, 0xff]));
    } else if (word === 'fragments') {
      for (const piece of ['frag', '', 'mented ']) socket.send(piece, { fin: false });
      socket.send('\u{1f600}');
    } else if (word === 'ping') {
      socket.once('pong', (payload) => socket.send(payload.length === 125 ? 'pong' : 'another pong'));
      socket.ping('x'.repeat(125));
    } else if (word === 'agreed') {
      socket.send(socket.extensions.split(';')[0] || 'nothing');
    } else if (word === 'close') {
      socket.close(Number(code), reason);
    } else {
      socket.send(data, { binary: isBinary });
    }
  });
  socket.on('close', (code) => console.log('closed', code));
});
server.listen(0, '127.0.0.1', () => console.log('listening on port', server.address().port));
