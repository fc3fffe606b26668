/** Whether somebody still waits for an answer. */
import type { FastifyReply } from 'fastify';

/** Aborted when the connection ends, or the answer is sent. What is sent alone would notice that only with its next part. */
export function goneSignal({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  return gone.signal;
}
