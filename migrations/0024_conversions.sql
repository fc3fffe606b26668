-- for: state
-- Conversions from one tenant to many (`drover tenantize`): what was planned, statement by statement, and how far it is. The statements
-- are kept as they were planned: what took a step knows how it is taken back, whichever version of Drover does that.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.conversions (
  id uuid NOT NULL,
  -- What the configuration said, the tables as they are to become, and the duties.
  plan jsonb NOT NULL,
  -- What the catalogue held before the first step.
  catalogue jsonb NOT NULL,
  -- Who passed what nobody could prove: phase, reason, actor, time.
  accepted jsonb NOT NULL DEFAULT '[]',
  actor text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  outcome text,
  ended_at timestamptz,
  CONSTRAINT conversions_pkey PRIMARY KEY (id),
  CONSTRAINT conversions_outcome_check CHECK (outcome IN ('reverted', 'contracted')),
  CONSTRAINT conversions_ended_check CHECK ((outcome IS NULL) = (ended_at IS NULL))
);

-- A database is converted once at a time.
CREATE UNIQUE INDEX conversions_open_key ON {{schema}}.conversions ((outcome IS NULL)) WHERE outcome IS NULL;

CREATE TABLE {{schema}}.conversion_steps (
  conversion_id uuid NOT NULL,
  number integer NOT NULL,
  phase text NOT NULL,
  table_name text NOT NULL,
  what text NOT NULL,
  step jsonb NOT NULL,
  -- `under_way`: an index that is made beside writers, or a fill, which is committed batch by batch up to the block `position`.
  state text NOT NULL DEFAULT 'planned',
  position bigint,
  changed_rows bigint NOT NULL DEFAULT 0,
  -- How long the transaction of the step was open, and with it its locks; of a fill the longest batch.
  held_ms double precision,
  actor text,
  changed_at timestamptz,
  CONSTRAINT conversion_steps_pkey PRIMARY KEY (conversion_id, number),
  CONSTRAINT conversion_steps_conversion_fkey FOREIGN KEY (conversion_id) REFERENCES {{schema}}.conversions (id),
  CONSTRAINT conversion_steps_phase_check CHECK (phase IN ('expand', 'fill', 'validate', 'shadow', 'bind', 'contract')),
  CONSTRAINT conversion_steps_state_check CHECK (state IN ('planned', 'under_way', 'done'))
);
