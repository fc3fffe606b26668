import type { ForeignKey } from '../../../engine/catalogue/catalog.ts';
import type { Ground } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { factOf, isFilled, partOf, shownColumns, tenantTables } from './key-facts.ts';
import type { TenantTable } from './key-facts.ts';

/** SET NULL and SET DEFAULT write every column of the key unless it names those that it means. */
export const keySetNullTenant: IsolationRule = {
  id: 'key-set-null-tenant',
  summary: 'a foreign key whose SET NULL or SET DEFAULT writes the owner, too',
  severity: 'warning',
  mend: 'key',
  find: (ground) =>
    tenantTables(ground).flatMap((child) =>
      child.table.foreignKeys.flatMap((key) => {
        const actions = actionsOn(ground, child, key);
        if (actions.length === 0) return [];
        const { ownerColumn } = child;
        const becomes = isFilled(ground, child, ownerColumn)
          ? `${ownerColumn} takes no NULL, so the statement fails`
          : 'the row is left without its tenant';
        return [
          {
            at: partOf(child, key.name),
            message: `${actions.join(' and ')} on ${shownColumns(key.columns)} writes ${ownerColumn}, too: ${becomes}.`,
          },
        ];
      }),
    ),
};

function actionsOn(ground: Ground, child: TenantTable, key: ForeignKey): string[] {
  if (!key.columns.includes(child.ownerColumn)) return [];
  const { setColumns = [] } = factOf(ground, child, key) ?? {};
  const isSpared = setColumns.length > 0 && !setColumns.includes(child.ownerColumn);
  return [
    ...(sets(key.onDelete) && !isSpared ? [`ON DELETE ${key.onDelete.toUpperCase()}`] : []),
    ...(sets(key.onUpdate) ? [`ON UPDATE ${key.onUpdate.toUpperCase()}`] : []),
  ];
}

function sets(action: string): boolean {
  return action === 'set null' || action === 'set default';
}
