/** The demo with many more rows on the source, so that a migration takes long enough to be interrupted. */
import { type DatabaseTarget, openDatabase } from '../../src/postgres/driver/connect.ts';
import { installPlatform } from '../../src/platform/install.ts';
import { seedDemo } from '../../src/platform/demo/seed.ts';
import { embeddedTemplate, type Engine, serverTemplate } from './databases.ts';
import { alder, sourceId } from './guarantee.ts';

/** Every second assistant has parameters; one in twenty rows is an app with a document besides. */
const more = (rows: number): string => `
  INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, prompt, completion_model_id, parameters)
  SELECT a.tenant_id, ('b0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, a.space_id, a.user_id, 'Assistant ' || n, repeat('Say it in short words. ', 8), '${sourceId}',
    CASE WHEN n % 2 = 0 THEN jsonb_build_object('temperature', n % 100) ELSE '{}' END
  FROM generate_series(1, ${rows}) n, (SELECT tenant_id, space_id, user_id FROM migration.assistants WHERE tenant_id = '${alder}' ORDER BY id LIMIT 1) a;
  INSERT INTO migration.apps (tenant_id, id, space_id, user_id, name, completion_model_id, pipeline)
  SELECT a.tenant_id, ('c0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, a.space_id, a.user_id, 'App ' || n, '${sourceId}',
    jsonb_build_object('nodes', jsonb_build_array(jsonb_build_object('id', n::text, 'data', jsonb_build_object('model', jsonb_build_object('id', '${sourceId}')))))
  FROM generate_series(1, ${Math.ceil(rows / 20)}) n, (SELECT tenant_id, space_id, user_id FROM migration.apps WHERE tenant_id = '${alder}' ORDER BY id LIMIT 1) a;
  ANALYZE migration.assistants`;

export async function bulkDatabase(
  engine: Engine,
  rows: number,
): Promise<{ target: DatabaseTarget; drop: () => Promise<void> }> {
  const key = `bulk ${rows}`;
  const build = async (target: DatabaseTarget): Promise<void> => {
    const db = await openDatabase(target);
    try {
      await installPlatform(db);
      await seedDemo(db);
      await db.transaction({}, (tx) => tx.script(more(rows)));
    } finally {
      await db.close();
    }
  };
  if (engine === 'server') {
    const { url, drop } = await serverTemplate(key, (to) => build({ url: to }));
    return { target: { url }, drop };
  }
  const { dataDir, drop } = await embeddedTemplate(key, (to) => build({ dataDir: to }));
  return { target: { dataDir }, drop };
}
