/** A database with a model in every type of column and in every form, and beside it what only looks like that. */

/** The model that is planted, and one that must not be found by it. */
export const planted = 'gpt-4o';

export const plantedSchema = String.raw`
CREATE TYPE engine AS ENUM ('gpt-4o', 'gpt-4o-mini', 'none');
CREATE DOMAIN model_name AS text;
CREATE DOMAIN short_name AS varchar(40);
CREATE TYPE pick AS (model text, weight int);
CREATE TYPE name_range AS RANGE (subtype = text);
CREATE TABLE every_type (
  id int PRIMARY KEY,
  "plain" text, varied varchar(60), padded char(20), named name, domained model_name, short short_name,
  enumerated engine, doc json, binary_doc jsonb, texts text[], enums engine[], docs jsonb[], domains model_name[], chars varchar(30)[],
  markup xml, bytes bytea, byte_list bytea[], span name_range, pair pick, pairs pick[], words tsvector,
  follows text GENERATED ALWAYS AS ("plain") STORED,
  number int, moment timestamptz, flag boolean, ident uuid);
INSERT INTO every_type (id, "plain") VALUES (1, 'gpt-4o');
INSERT INTO every_type (id, varied) VALUES (2, 'openai/gpt-4o');
INSERT INTO every_type (id, padded) VALUES (3, 'GPT-4o');
INSERT INTO every_type (id, named) VALUES (4, 'gpt-4o');
INSERT INTO every_type (id, domained) VALUES (5, 'gpt-4o');
INSERT INTO every_type (id, short) VALUES (6, 'gpt-4o-2024-08-06');
INSERT INTO every_type (id, enumerated) VALUES (7, 'gpt-4o');
INSERT INTO every_type (id, doc) VALUES (8, '{"a": [{"model": "gp\u0074-4o"}]}');
INSERT INTO every_type (id, binary_doc) VALUES (9, '{"limits": {"gpt-4o": {"rpm": 5}}, "inner": "{\"model\": \"openai\\/gpt-4o\"}"}');
INSERT INTO every_type (id, texts) VALUES (10, ARRAY['x', 'gpt-4o', NULL, 'gpt-4o']);
INSERT INTO every_type (id, enums) VALUES (11, ARRAY['none', 'gpt-4o']::engine[]);
INSERT INTO every_type (id, docs) VALUES (12, ARRAY['{"model": "gpt-4o"}', '"x"']::jsonb[]);
INSERT INTO every_type (id, domains) VALUES (13, ARRAY['gpt-4o']::model_name[]);
INSERT INTO every_type (id, chars) VALUES (14, ARRAY['{"model": "gpt-4o"}']);
INSERT INTO every_type (id, markup) VALUES (15, '<bot><model>gpt-4o</model></bot>');
INSERT INTO every_type (id, bytes) VALUES (16, '\x00ff'::bytea || 'model=gpt-4o'::bytea || '\xfe'::bytea);
INSERT INTO every_type (id, byte_list) VALUES (17, ARRAY['gpt-4o'::bytea, '\x00'::bytea]);
INSERT INTO every_type (id, span) VALUES (18, name_range('gpt-4o', 'gpt-5'));
INSERT INTO every_type (id, pair) VALUES (19, ROW('gpt-4o', 3));
INSERT INTO every_type (id, pairs) VALUES (20, ARRAY[ROW('gpt-4o', 3)::pick]);
INSERT INTO every_type (id, words) VALUES (21, '''gpt-4o'':1 other:2'::tsvector);
INSERT INTO every_type (id, "plain") VALUES (22, E'model: gpt-4o\nname: x'), (23, '--model=gpt-4o'), (24, E'line\ngpt-4o'), (25, '{"model": "gpt-4o"}'),
  (26, 'gpt-4o-mini,gpt-4o'), (27, 'https://x/deployments/gpt-4o/chat'), (28, '"gpt-4o"');
INSERT INTO every_type (id, binary_doc) VALUES (29, '{"custom:gpt-4o": 1, "__proto__": {"constructor": "gpt-4o"}, "": "gpt-4o"}');
INSERT INTO every_type (id, "plain") VALUES (30, 'gpt-4o-mini'), (31, 'my-gpt-4o'), (32, 'gpt-4o_x'), (33, 'gpt-4o-2024-11-20'), (34, 'v.gpt-4o'), (35, 'gpt-4omni'), (36, '');
INSERT INTO every_type (id, binary_doc) VALUES (37, '{"gpt-4o-mini": "my_gpt-4o"}');
INSERT INTO every_type (id, enumerated) VALUES (38, 'gpt-4o-mini');
INSERT INTO every_type (id, "plain") VALUES (39, 'openai/gpt-4o-2031-01-01');

CREATE TABLE parted (region text, model text) PARTITION BY LIST (region);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b') PARTITION BY LIST (model);
CREATE TABLE parted_c PARTITION OF parted_b FOR VALUES IN ('gpt-4o');
INSERT INTO parted VALUES ('a', 'gpt-4o'), ('b', 'gpt-4o'), ('a', 'o3');

CREATE TABLE "constructor" ("__proto__" text);
INSERT INTO "constructor" VALUES ('gpt-4o');
CREATE SCHEMA "Other";
CREATE TABLE "Other"."Mixed Case" (id int PRIMARY KEY, "The Model" text DEFAULT 'gpt-4o');
INSERT INTO "Other"."Mixed Case" VALUES (1);

CREATE TABLE ruled (id int PRIMARY KEY, model text, CONSTRAINT known CHECK (model IN ('gpt-4o', 'o3')));
CREATE VIEW fancy AS SELECT * FROM ruled WHERE model = 'gpt-4o';
CREATE MATERIALIZED VIEW kept AS SELECT * FROM ruled;
CREATE FUNCTION pick_model() RETURNS text LANGUAGE sql AS $$ SELECT 'gpt-4o' $$;
CREATE FUNCTION set_model() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ruled FOR EACH ROW WHEN (OLD.model = 'gpt-4o') EXECUTE FUNCTION set_model();
CREATE POLICY seen ON ruled USING (model <> 'gpt-4o');
CREATE INDEX partial ON ruled (id) WHERE model = 'gpt-4o';
CREATE TABLE computed (id int, label text GENERATED ALWAYS AS ('gpt-4o ' || id::text) STORED);
`;

/** Column, path, form, spelling: the ids of the rows. What the database needs an extension for is added by the test. */
export const expectedRows: Readonly<Record<string, string>> = {
  'plain - exact gpt-4o': '1',
  'varied - exact openai/gpt-4o': '2',
  'padded - exact gpt-4o': '3',
  'named - exact gpt-4o': '4',
  'domained - exact gpt-4o': '5',
  'short - exact gpt-4o-2024-08-06': '6',
  'enumerated - exact gpt-4o': '7',
  'doc /a/*/model exact gpt-4o': '8',
  'binary_doc /limits/~key member gpt-4o': '9',
  'binary_doc /inner/~json/model exact openai/gpt-4o': '9',
  'texts /* exact gpt-4o': '10',
  'enums /* exact gpt-4o': '11',
  'docs /*/model exact gpt-4o': '12',
  'domains /* exact gpt-4o': '13',
  'chars /*/~json/model exact gpt-4o': '14',
  'markup - inside gpt-4o': '15',
  'bytes - inside gpt-4o': '16',
  'byte_list /* exact gpt-4o': '17',
  'span - inside gpt-4o': '18',
  'pair - inside gpt-4o': '19',
  'pairs /* inside gpt-4o': '20',
  'words - inside gpt-4o': '21',
  'plain - inside gpt-4o': '22 23 24 26 27',
  'plain /model exact gpt-4o': '25',
  'plain  exact gpt-4o': '28',
  'binary_doc /~key inside gpt-4o': '29',
  'binary_doc /__proto__/constructor exact gpt-4o': '29',
  'binary_doc / exact gpt-4o': '29',
};
