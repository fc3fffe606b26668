/** A way to a server on loopback that can be blocked, so that connections stay open and nothing comes through, or that cuts one of them. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TollGate {
  /** The same URL by this way. */
  readonly url: string;
  block(): void;
  /** Ends what hung while it was blocked, and lets new connections through. */
  reopen(): void;
  /** How many messages came through towards the server. */
  messages(): number;
  close(): Promise<void>;
}

/** Once: the connection that sends this message is gone, before the server gets it or before its answer comes back. */
export interface Cut {
  readonly at: number;
  readonly how: 'before' | 'after';
  /** Nobody comes through afterwards, either. */
  readonly forGood?: true;
}

/** @param rewrite what the server answers becomes what the client hears; in Latin-1, a byte a character */
export async function openTollGate(
  to: string,
  cut?: Cut,
  rewrite = (text: string): string => text,
): Promise<TollGate> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let blocked = false;
  let closed = false;
  let messages = 0;
  const server = createServer((from) => {
    if (closed) {
      from.destroy();
      return;
    }
    const onward = connect(Number(port), hostname);
    for (const socket of [from, onward]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    let answerless = false;
    from.on('data', (data) => {
      if (blocked) return;
      messages += 1;
      answerless = messages === cut?.at;
      closed ||= answerless && cut?.forGood === true;
      if (answerless && cut?.how === 'before') from.destroy();
      else onward.write(data);
    });
    onward.on('data', (data) => {
      if (answerless) from.destroy();
      else if (!blocked) from.write(Buffer.from(rewrite(data.toString('latin1')), 'latin1'));
    });
    from.on('close', () => onward.destroy());
    onward.on('close', () => from.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = new URL(to);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    block: () => {
      blocked = true;
    },
    reopen: () => {
      blocked = false;
      for (const socket of sockets) socket.destroy();
    },
    messages: () => messages,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
