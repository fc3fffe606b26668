/**
 * The rules of a site. They follow from the configuration, which is fixed, and from the catalogue, which takes some twenty
 * milliseconds to read; so the site keeps them, and each transaction asks whether the catalogue is what it was.
 *
 * Why one question is enough: what changes the meaning of a catalogue row writes a new version of it, with the id of the
 * transaction that did, and what is dropped is gone. So the versions of all rows that the rules are read from mark the
 * catalogue, and a mark that was seen before means the same rules. In place PostgreSQL changes only figures, such as the estimated
 * number of rows, on which nothing here relies.
 *
 * The mark takes a millisecond, more than a page of rows. So what a transaction sees is asked first (`catalogueSight`): two snapshots that
 * are equal see the same rows of every table, the catalogue among them.
 */
import type { ConfigProblem } from '../../engine/rules/config.ts';
import { canonicalText } from '../../engine/canonical.ts';
import { catalogFingerprint } from '../../engine/catalogue/catalog-text.ts';
import { scannableOf } from '../../engine/inventory/scannable.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import { resolveRules } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { one, prepared } from '../driver/question.ts';
import type { Config } from '../../engine/rules/config.ts';
import { digestDefinitions } from '../../engine/planner/facts.ts';
import { readCatalog } from './catalog.ts';
import { sha256 } from './digest.ts';
import { tryProbes } from './probe.ts';
import { probesOf } from './probes.ts';

/** The rules, and what follows from them alone and is needed for every tenant. */
export interface Ground {
  readonly rules: Rules;
  /** Digests of the configuration and of the tables that a plan looks at or that could hold a reference. */
  readonly definitions: Readonly<Record<string, string>>;
  /** Equal where all definitions are. */
  readonly digest: string;
  readonly scannable: readonly Scannable[];
}

/** What the rules of a site follow from, beside the catalogue. */
export interface Ruled {
  readonly config: Config;
  /** What is known about models beside their rows, asked for when rules are read. */
  readonly knowledge: () => Rules['knowledge'];
  /** How problems of the configuration are shown: with file and line, in their order, where it came from a file. */
  readonly showProblems: (problems: readonly ConfigProblem[]) => string[];
  readonly scope: { readonly fleet?: unknown };
  /** The schema of Drover's own records is no part of a foreign database. */
  readonly state: {
    readonly schema: string;
    readonly separate: boolean;
    readonly tenantType: 'uuid' | 'text';
  };
  /** The rules as they were read last. */
  readonly kept: KeptRules;
}

/** What a transaction sees of the catalogue, see `sight`. */
interface Seen {
  readonly sight: string | null;
}

/** The same with the versions of all rows. */
interface Marked extends Seen {
  readonly mark: string;
}

/** What a site keeps of its rules, and what they follow from. */
interface Kept extends Marked {
  readonly config: Config;
  readonly knowledge: Rules['knowledge'];
  readonly ground: Ground;
}

/** One for each site. */
export class KeptRules {
  #kept: Kept | undefined;

  /** The rules as the catalogue is in this transaction, where that was seen. @throws CONFIG_MISMATCH with every problem */
  async read(tx: Tx, site: Ruled, first: Seen): Promise<Ground> {
    const { sight } = first;
    if (sight !== null && this.#kept?.sight === sight && this.#kept.config === site.config)
      return this.#known(this.#kept, site);
    const seen = isMarked(first) ? first : await tx.ask(catalogueMark);
    if (this.#kept?.mark === seen.mark && this.#kept.config === site.config)
      return this.#known({ ...this.#kept, ...seen }, site);
    const knowledge = site.knowledge();
    const ground = groundOf(withKnowledge(await resolve(tx, site), knowledge));
    // Where every statement sees the newest, the catalogue may have changed between two of them.
    const after = await tx.ask(catalogueMark);
    if (after.mark === seen.mark) this.#kept = { ...after, config: site.config, knowledge, ground };
    return ground;
  }

  /** The rules that were read before, with what is known about models by now. */
  #known(kept: Kept, site: Ruled): Ground {
    const knowledge = site.knowledge();
    const ground =
      kept.knowledge === knowledge
        ? kept.ground
        : { ...kept.ground, rules: withKnowledge(kept.ground.rules, knowledge) };
    this.#kept = { ...kept, knowledge, ground };
    return ground;
  }
}

/** The rules with what follows from them. @throws CONFIG_MISMATCH with every problem */
export async function readGround(tx: Tx, site: Ruled): Promise<Ground> {
  return groundSeen(tx, site, await tx.ask(catalogueSight));
}

/** @throws CONFIG_MISMATCH with every problem */
export async function readRules(tx: Tx, site: Ruled): Promise<Rules> {
  return (await readGround(tx, site)).rules;
}

/** The same where the catalogue was looked at in this transaction, together with something else. */
export async function rulesSeen(tx: Tx, site: Ruled, seen: Seen): Promise<Rules> {
  return (await groundSeen(tx, site, seen)).rules;
}

export function groundSeen(tx: Tx, site: Ruled, seen: Seen): Promise<Ground> {
  return site.kept.read(tx, site, seen);
}

function isMarked(seen: Seen): seen is Marked {
  return 'mark' in seen;
}

function groundOf(rules: Rules): Ground {
  const texts = { ...catalogFingerprint(rules.catalog), configuration: canonicalText(rules.config) };
  const definitions = digestDefinitions(texts, sha256);
  return { rules, definitions, digest: sha256(canonicalText(definitions)), scannable: scannableOf(rules) };
}

function withKnowledge({ knowledge: _before, ...rules }: Rules, knowledge: Rules['knowledge']): Rules {
  return knowledge === undefined ? rules : { ...rules, knowledge };
}

async function resolve(tx: Tx, site: Ruled): Promise<Rules> {
  const { schemas = ['public'], ignore = [] } = site.config.database ?? {};
  const catalog = await readCatalog(tx, { schemas, ignore });
  const own = site.state.separate ? '' : `${site.state.schema}.`;
  const foreign =
    site.state.tenantType === 'text'
      ? catalog.tables.filter((table) => own === '' || !table.id.startsWith(own))
      : catalog.tables;
  const resolved = resolveRules({ tables: foreign }, site.config);
  const { rules } = resolved;
  const problems = [...resolved.problems, ...(await tryProbes(tx, probesOf(resolved)))];
  if (problems.length > 0)
    throw new DroverError(
      'CONFIG_MISMATCH',
      ['The configuration does not fit the database:', ...site.showProblems(problems)].join('\n  '),
      { problems },
    );
  // Where several tenants share a transaction, each must see in it what it would see alone.
  return { ...rules, ...(site.scope.fleet === undefined ? {} : { exclusive: true }) };
}

/**
 * What the transaction sees, as a text that is equal for no other sight: the snapshot, of the server as it was started. None where
 * that is not all: a transaction that has written sees its own changes, and a standby does not tell what is under way.
 */
const sight = `CASE WHEN pg_catalog.pg_current_xact_id_if_assigned() IS NULL AND NOT pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_postmaster_start_time() || ' ' || pg_catalog.pg_current_snapshot() END AS sight`;

export const catalogueSight = one<Seen>(prepared(`SELECT ${sight}`));

/** Of what the server itself brought (below 16384) nothing can be changed, but for the names of schemas. */
const markSql = prepared(`
SELECT ${sight}, count(*) || ' ' || sum(pg_catalog.hashint8extended((object << 32) | version::text::bigint, kind)) AS mark FROM (
  SELECT 1 AS kind, oid::bigint AS object, xmin AS version FROM pg_catalog.pg_class WHERE oid >= 16384
  UNION ALL SELECT 2, attrelid::bigint, xmin FROM pg_catalog.pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT 3, oid::bigint, xmin FROM pg_catalog.pg_attrdef
  UNION ALL SELECT 4, oid::bigint, xmin FROM pg_catalog.pg_constraint WHERE oid >= 16384
  UNION ALL SELECT 5, indexrelid::bigint, xmin FROM pg_catalog.pg_index WHERE indexrelid >= 16384
  UNION ALL SELECT 6, inhrelid::bigint, xmin FROM pg_catalog.pg_inherits
  UNION ALL SELECT 7, oid::bigint, xmin FROM pg_catalog.pg_trigger WHERE oid >= 16384
  UNION ALL SELECT 8, oid::bigint, xmin FROM pg_catalog.pg_proc WHERE oid >= 16384
  UNION ALL SELECT 9, oid::bigint, xmin FROM pg_catalog.pg_type WHERE oid >= 16384
  UNION ALL SELECT 10, oid::bigint, xmin FROM pg_catalog.pg_namespace
  UNION ALL SELECT 11, oid::bigint, xmin FROM pg_catalog.pg_policy
  UNION ALL SELECT 12, pg_catalog.hashtext(pg_catalog.pg_get_userbyid(role)::text)::bigint, p.xmin
    FROM pg_catalog.pg_policy p, pg_catalog.unnest(p.polroles) AS role
  UNION ALL SELECT 13, objid::bigint, xmin FROM pg_catalog.pg_depend
    WHERE classid = 'pg_catalog.pg_class'::regclass AND deptype = 'e'
) AS versions`);

/** The mark of the catalogue, with the sight in which it is that: both of one snapshot. */
export const catalogueMark = one<Marked>(markSql);
