-- for: platform
-- Which registry registry_pairs was filled from, and as of which day. A server that decides by another one, or by an earlier
-- day, records no verdict: what the registry in force refuses would otherwise be stored by a server that has not heard of it.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.registry_in_force (
  only_one boolean NOT NULL DEFAULT true,
  version text NOT NULL,
  hash text NOT NULL,
  day date NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT registry_in_force_pkey PRIMARY KEY (only_one),
  CONSTRAINT registry_in_force_only_one_check CHECK (only_one)
);
