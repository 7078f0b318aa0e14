// SPDX-License-Identifier: MIT
// The second, independent QUIC client: Cloudflare's quiche (native code in the npm package @matrixai/quic-linux-x64).
// Asks as quic-echo's client does and says what it sees in the same words; IPv4 only.
//
//   NODE_PATH=MODULES node quiche_client.mjs client --connect ADDRESS:PORT --local ADDRESS[,ADDRESS...] [--connections N]
//     [--rounds N] [--gap-ms N] [--answer-within-ms N] [--rebind-at R,...] [--migrate-at R,...]
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { createRequire } from 'node:module';

const quiche = createRequire(import.meta.url)('@matrixai/quic-linux-x64');

const words = process.argv.slice(3);
const option = (name, otherwise) => (words.includes(`--${name}`) ? words[words.indexOf(`--${name}`) + 1] : otherwise);
const list = (text) => (text === '' ? [] : text.split(','));
const rounds = Number(option('rounds', '3'));
const gapMs = Number(option('gap-ms', '200'));
const answerWithinMs = Number(option('answer-within-ms', '10000'));
const rebindAt = list(option('rebind-at', '')).map(Number);
const migrateAt = list(option('migrate-at', '')).map(Number);
const locals = list(option('local', ''));
const [host, port] = option('connect', '').split(':');
const server = { host, port: Number(port) };

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const name = (address) => `${address.host}:${address.port}`;
const tell = (event, rest) => console.log(JSON.stringify({ event, ...rest }));

function configuration() {
  const config = new quiche.Config();
  config.verifyPeer(false);
  config.setApplicationProtos(['qlb-echo']);
  config.setMaxIdleTimeout(60000);
  config.setMaxSendUdpPayloadSize(1200);
  config.setInitialMaxData(1 << 20);
  config.setInitialMaxStreamDataBidiLocal(1 << 18);
  config.setInitialMaxStreamDataBidiRemote(1 << 18);
  config.setInitialMaxStreamsBidi(100);
  config.setActiveConnectionIdLimit(4);
  return config;
}

class Connection {
  constructor(number) {
    this.number = number;
    this.round = 0;
    this.moves = 0;
    this.servers = new Set();
    this.why = '';
    this.sockets = new Map(); // by the local address that quiche knows
    this.waiting = this.moving = this.over = false;
    this.answer = '';
    this.nextRound = 0;
    this.giveUp = Date.now() + answerWithinMs;
  }

  async run() {
    const done = new Promise((resolve) => { this.resolve = resolve; });
    const socket = await this.open();
    this.local = this.real = socket.address;
    this.quic = quiche.Connection.connect('quic-echo', randomBytes(8), { ...this.local }, server, configuration());
    this.use(socket, this.local);
    this.watch = setInterval(() => this.step(), 20);
    this.step();
    await done;
  }

  open() {
    return new Promise((resolve) => {
      const socket = dgram.createSocket('udp4');
      socket.bind(0, locals[this.moves % locals.length], () => {
        const { address, port: own } = socket.address();
        resolve({ socket, address: { host: address, port: own } });
      });
    });
  }

  use({ socket }, as) {
    this.sockets.set(name(as), socket);
    socket.on('message', (data, from) => {
      if (this.over) return;
      try {
        this.quic.recv(data, { from: { host: from.address, port: from.port }, to: as });
      } catch (error) {
        this.why ||= String(error);
      }
      this.step();
    });
  }

  flush() {
    const out = new Uint8Array(1350);
    for (let sent; (sent = this.quic.send(out)) !== null;) {
      const [size, { from, to }] = sent;
      this.sockets.get(name(from))?.send(Buffer.from(out.slice(0, size)), to.port, to.host);
    }
    clearTimeout(this.timer);
    const ms = this.quic.timeout();
    if (ms !== null) this.timer = setTimeout(() => { this.quic.onTimeout(); this.step(); }, ms + 1);
  }

  step() {
    if (this.over || this.moving) return;
    this.flush();
    if (this.quic.isClosed()) return this.end(this.why || 'closed');
    if (this.quic.isEstablished()) {
      // As many as quic-echo's client hands out.
      while (this.quic.activeSourceCids() < 4 && this.quic.sourceCidsLeft() > 0) {
        this.quic.newSourceCid(randomBytes(8), BigInt(`0x${hex(randomBytes(16))}`), false);
      }
      if (this.waiting) this.read();
      else if (Date.now() >= this.nextRound) void this.ask();
      if (this.over || this.moving) return;
      this.flush();
    }
    if ((this.waiting || !this.quic.isEstablished()) && Date.now() >= this.giveUp) this.end('no answer');
  }

  async ask() {
    const actively = migrateAt.includes(this.round);
    if (actively && this.quic.availableDcids() === 0) return;
    if (actively || rebindAt.includes(this.round)) {
      this.moving = true;
      await this.move(actively);
      this.moving = false;
    }
    this.waiting = true;
    this.answer = '';
    this.giveUp = Date.now() + answerWithinMs;
    this.quic.streamSend(4 * this.round, Buffer.from(this.question()), true);
    this.flush();
  }

  question() { return `connection ${this.number} round ${this.round}`; }

  async move(actively) {
    this.moves++;
    const next = await this.open();
    if (actively) {
      this.use(next, next.address);
      this.quic.migrate(next.address, server);
      this.local = next.address;
    } else { // quiche takes no notice
      this.sockets.get(name(this.local)).close();
      this.use(next, this.local);
    }
    this.real = next.address;
    tell(actively ? 'migration' : 'rebinding', { connection: this.number, round: this.round, local: name(this.real) });
  }

  read() {
    const buffer = new Uint8Array(4096);
    for (let got; (got = this.receive(buffer)) !== null;) {
      const [size, isWhole] = got;
      this.answer += Buffer.from(buffer.slice(0, size)).toString();
      if (isWhole) return this.take();
    }
  }

  receive(buffer) {
    try {
      return this.quic.streamRecv(4 * this.round, buffer);
    } catch {
      return null;
    }
  }

  take() {
    const colon = this.answer.indexOf(':');
    const from = this.answer.slice(0, colon);
    if (this.answer.slice(colon + 1) !== this.question()) return this.end('a wrong answer');
    this.servers.add(from);
    tell('answer', { connection: this.number, round: this.round, server: from, local: name(this.real), id: hex(this.quic.destinationId()) });
    this.waiting = false;
    this.nextRound = Date.now() + gapMs;
    if (++this.round >= rounds) this.end('');
  }

  end(why) {
    this.why = why;
    try {
      this.quic.close(true, 0, Buffer.from(''));
      this.flush();
    } catch { /* it is closed already */ }
    this.over = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.resolve();
  }

  isGood() { return this.round >= rounds && this.servers.size === 1 && this.why === ''; }
}

const connections = Array.from({ length: Number(option('connections', '1')) }, (_, number) => new Connection(number));
await Promise.all(connections.map((c) => c.run()));
const broken = connections.filter((c) => !c.isGood());
for (const c of broken) {
  tell('broken', { connection: c.number, round: c.round, servers: c.servers.size, why: c.why });
}
const sum = (values) => values.reduce((a, b) => a + b, 0);
tell('end', {
  connections: connections.length, good: connections.length - broken.length, broken: broken.length,
  moves: sum(connections.map((c) => c.moves)), changed_server: connections.filter((c) => c.servers.size > 1).length,
});
setTimeout(() => process.exit(broken.length > 0 ? 1 : 0), 50); // what was flushed leaves first
