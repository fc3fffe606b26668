/** A way to a server on loopback that can be blocked: connections stay open, and nothing comes through. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TollGate {
  /** The same URL by this way. */
  readonly url: string;
  block(): void;
  close(): Promise<void>;
}

export async function openTollGate(to: string): Promise<TollGate> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let blocked = false;
  const server = createServer((from) => {
    const onward = connect(Number(port), hostname);
    for (const socket of [from, onward]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    from.on('data', (data) => void (blocked || onward.write(data)));
    onward.on('data', (data) => void (blocked || from.write(data)));
    from.on('close', () => onward.destroy());
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
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
