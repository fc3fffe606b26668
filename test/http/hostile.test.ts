/**
 * Whatever is sent to an operation of openapi.json, the answer is one that it describes and no error inside; a refusal has written
 * nothing; no other tenant changes; and the server goes on. test/soak has the long form.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, it } from 'node:test';
import { strikeSecrets } from '../../src/http/server/log.ts';
import { oneEngine } from '../support/databases.ts';
import { attack, holdsWhatItWouldTake, type HostileGround, hostileGround } from './hostile-run.ts';
import { targets } from './hostile-schemas.ts';

oneEngine((engine) => {
  let ground: HostileGround;
  before(async () => {
    ground = await hostileGround(engine);
  });
  after(() => ground.close());

  it('withstands what is sent to any operation', async () => {
    assert.ok(targets.length > 100, 'the document has lost its operations');
    for (const target of targets) await attack(ground, target, { seed: 20_261_121, numRuns: 3 });
    await holdsWhatItWouldTake(ground);
  });

  it('answers what is not HTTP, and goes on', async () => {
    await ground.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = ground.app.server.address() as AddressInfo;
    for (const [sent, status] of notHttp) {
      const answer = await exchange(port, sent);
      assert.match(
        answer,
        new RegExp(`^HTTP/1\\.1 ${status} `),
        `${JSON.stringify(sent.slice(0, 80))}: ${answer}`,
      );
    }
    const alive = await fetch(`http://127.0.0.1:${port}/livez`);
    assert.equal(alive.status, 200);
  });
});

const body = 'content-type: application/json\r\n';
const chunked = `POST /api/v1/spaces HTTP/1.1\r\nhost: a\r\n${body}transfer-encoding: chunked\r\n`;

const notHttp: readonly (readonly [string, number])[] = [
  ['\u0000\u0001\u0002\r\n\r\n', 400],
  ['GET\r\n\r\n', 400],
  ['GET /livez HTTP/9.9\r\nhost: a\r\n\r\n', 400],
  ['GET /livez HTTP/1.1\r\n\r\n', 400],
  ['GET /livez HTTP/1.1\r\nhost: a\r\nx: a\u0000b\r\n\r\n', 400],
  ['GET /livez HTTP/1.1\r\nhost: a\r\nx y: 1\r\n\r\n', 400],
  ['GET /livez HTTP/1.1\nhost: a\nx: \rinjected: 1\n\n', 400],
  [`GET /livez HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  [`GET /${'y'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431],
  [`${chunked}content-length: 3\r\n\r\n0\r\n\r\n`, 400],
  [`POST /api/v1/spaces HTTP/1.1\r\nhost: a\r\n${body}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`, 400],
  [`POST /api/v1/spaces HTTP/1.1\r\nhost: a\r\n${body}content-length: -1\r\n\r\n{}`, 400],
];

/** All that the server says, until it ends the connection. */
async function exchange(port: number, sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(sent, 'latin1');
  const answer = await text(socket);
  socket.destroy();
  return answer;
}

it('strikes secrets out of a line in time linear in its length', () => {
  const secret = `postgres://me:hunter2@host/db eyJhbGciOi.eyJzdWIi.c2ln drover_${'0'.repeat(32)}_${'a'.repeat(43)}`;
  const struck = strikeSecrets(`{"msg":"${secret}"}`);
  assert.doesNotMatch(struck, /hunter2|eyJzdWIi|a{43}/);
  for (const hostile of ['a+', 'eyJ-', 'a://', 'Bearer ', '"token":', 'drover_']) {
    const line = hostile.repeat(200_000);
    assert.equal(strikeSecrets(`${line} ${secret}`).includes('hunter2'), false);
  }
});
