/** The audit log: who did what. The application may add to it and read it, and nothing else. */
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import { prepared } from '../../postgres/driver/question.ts';

interface AuditRecord {
  readonly tenantId: string;
  readonly actor: string;
  readonly action: string;
  /** What it was done to, as a path below /api/v1. */
  readonly object: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Adds an entry at the end of the transaction of the change, so that neither is there without the other. */
export async function insertAuditRecord(tx: Tx, schema: string, record: AuditRecord): Promise<void> {
  await tx.last(
    prepared(
      `INSERT INTO ${quoteTable({ schema, name: 'audit_log' })} (tenant_id, id, actor, action, object, detail)
       VALUES ($1, $2, $3, $4, $5, $6)`,
    ),
    [
      record.tenantId,
      randomUUID(),
      record.actor,
      record.action,
      record.object,
      JSON.stringify(record.detail),
    ],
  );
}
