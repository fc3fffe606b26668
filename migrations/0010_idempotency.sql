-- for: platform
-- Answers to requests that carried an Idempotency-Key, so that a client that heard nothing can ask again without doing the work
-- twice. A request that is being worked on holds a lease, which its server renews: where the server dies, the lease ends and
-- the next request with the key takes over. The token says who holds it. Answers are kept for a day.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.idempotency_keys (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  token uuid NOT NULL,
  status text NOT NULL DEFAULT 'running',
  lease_until timestamptz NOT NULL,
  response_status integer,
  response_headers jsonb,
  response_body text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, user_id, key),
  CONSTRAINT idempotency_keys_key_check CHECK (length(key) BETWEEN 1 AND 255),
  CONSTRAINT idempotency_keys_status_check CHECK (status IN ('running', 'done')),
  CONSTRAINT idempotency_keys_response_check
    CHECK ((status = 'done') = (response_status IS NOT NULL AND response_body IS NOT NULL))
);

CREATE INDEX idempotency_keys_expires_at_idx ON {{schema}}.idempotency_keys (tenant_id, expires_at);
