-- Fjordtext: translation orders. PostgreSQL 15 and later, and PGlite.
-- Composite keys led by the tenant, ids that count from the same number in every tenant, names that need quotes.

CREATE SCHEMA billing;

CREATE TABLE "Org" (
  id bigint PRIMARY KEY,
  "legalName" text NOT NULL
);

CREATE TABLE "Model" (
  "orgId" bigint NOT NULL REFERENCES "Org",
  id bigint NOT NULL,
  name text NOT NULL,
  family text NOT NULL,
  "contextSize" integer NOT NULL,
  state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'sunset', 'gone')),
  "replacedBy" bigint,
  PRIMARY KEY ("orgId", id),
  FOREIGN KEY ("orgId", "replacedBy") REFERENCES "Model" ("orgId", id)
);
CREATE INDEX "Model_orgId" ON "Model" ("orgId");

-- Speech to text has models of its own, with ids that also occur in "Model".
CREATE TABLE "SpeechModel" (
  "orgId" bigint NOT NULL REFERENCES "Org",
  id bigint NOT NULL,
  name text NOT NULL,
  state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'sunset', 'gone')),
  PRIMARY KEY ("orgId", id)
);

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."updatedAt" := clock_timestamp();
  RETURN NEW;
END $$;

CREATE TABLE "user" (
  "orgId" bigint NOT NULL REFERENCES "Org",
  id bigint NOT NULL,
  email text NOT NULL,
  "group" text NOT NULL,
  "preferredModelId" bigint,
  "updatedAt" timestamptz NOT NULL DEFAULT '2026-01-01 00:00+00',
  PRIMARY KEY ("orgId", id),
  CONSTRAINT "user_preferredModel" FOREIGN KEY ("orgId", "preferredModelId") REFERENCES "Model" ("orgId", id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "user_orgId" ON "user" ("orgId");
CREATE TRIGGER touch BEFORE UPDATE ON "user" FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE "Order" (
  "orgId" bigint NOT NULL,
  id bigint NOT NULL,
  "placedAt" timestamptz NOT NULL,
  "customerId" bigint NOT NULL,
  "select" text NOT NULL,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'delivered', 'cancelled')),
  "modelId" bigint,
  "modelSettings" jsonb NOT NULL DEFAULT '{}',
  "modelTag" text GENERATED ALWAYS AS ('order-model-' || "modelId"::text) STORED,
  "updatedAt" timestamptz NOT NULL DEFAULT '2026-01-01 00:00+00',
  PRIMARY KEY ("orgId", id, "placedAt"),
  CONSTRAINT "Order_org" FOREIGN KEY ("orgId") REFERENCES "Org",
  CONSTRAINT "Order_customer" FOREIGN KEY ("orgId", "customerId") REFERENCES "user" ("orgId", id),
  CONSTRAINT "Order_model" FOREIGN KEY ("orgId", "modelId") REFERENCES "Model" ("orgId", id) NOT DEFERRABLE
) PARTITION BY RANGE ("placedAt");
CREATE TABLE "Order_2025" PARTITION OF "Order" FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00');
CREATE TABLE "Order_2026" PARTITION OF "Order" FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2027-01-01 00:00+00');
CREATE TABLE "Order_rest" PARTITION OF "Order" DEFAULT;
CREATE INDEX "Order_orgId" ON "Order" ("orgId");
CREATE TRIGGER touch BEFORE UPDATE ON "Order" FOR EACH ROW EXECUTE FUNCTION touch();

-- Here the tenant column has another name, and only the order says that it is one.
CREATE TABLE "Attachment" (
  "orderOrg" bigint NOT NULL,
  "orderId" bigint NOT NULL,
  "orderPlacedAt" timestamptz NOT NULL,
  no integer NOT NULL,
  "readerModelId" bigint,
  PRIMARY KEY ("orderOrg", "orderId", no),
  FOREIGN KEY ("orderOrg", "orderId", "orderPlacedAt") REFERENCES "Order" ("orgId", id, "placedAt"),
  FOREIGN KEY ("orderOrg", "readerModelId") REFERENCES "Model" ("orgId", id)
);

-- Which models a team may use. The number is the database's own, and the label is computed.
CREATE TABLE "TeamModel" (
  no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "orgId" bigint NOT NULL,
  team text NOT NULL,
  "modelId" bigint NOT NULL,
  label text GENERATED ALWAYS AS (team || '#' || "modelId"::text) STORED,
  since date NOT NULL,
  CONSTRAINT "TeamModel_once" UNIQUE ("orgId", team, "modelId"),
  FOREIGN KEY ("orgId", "modelId") REFERENCES "Model" ("orgId", id)
);

-- No primary key.
CREATE TABLE "Glossary" (
  "orgId" bigint NOT NULL,
  term text NOT NULL,
  translation text NOT NULL,
  "modelId" bigint,
  FOREIGN KEY ("orgId", "modelId") REFERENCES "Model" ("orgId", id)
);

-- Ids as numbers and as strings, and in an array; without foreign keys.
CREATE TABLE "Workflow" (
  "orgId" bigint NOT NULL,
  id bigint NOT NULL,
  steps jsonb NOT NULL,
  "raw" json NOT NULL DEFAULT '[]',
  PRIMARY KEY ("orgId", id)
);
CREATE TABLE "Playlist" (
  "orgId" bigint NOT NULL,
  name text NOT NULL,
  "modelIds" bigint[] NOT NULL,
  PRIMARY KEY ("orgId", name)
);

CREATE TABLE "Recording" (
  "orgId" bigint NOT NULL,
  id bigint NOT NULL,
  "modelId" bigint NOT NULL,
  PRIMARY KEY ("orgId", id),
  FOREIGN KEY ("orgId", "modelId") REFERENCES "SpeechModel" ("orgId", id)
);

CREATE TABLE billing.rate_plans (
  "orgId" bigint NOT NULL REFERENCES public."Org",
  plan text NOT NULL,
  model_id bigint NOT NULL,
  cents numeric(8, 3) NOT NULL,
  PRIMARY KEY ("orgId", plan),
  FOREIGN KEY ("orgId", model_id) REFERENCES public."Model" ("orgId", id)
);
-- History, in partitions too.
CREATE TABLE billing."Usage" (
  "orgId" bigint NOT NULL,
  day date NOT NULL,
  "modelId" bigint NOT NULL,
  words integer NOT NULL,
  PRIMARY KEY ("orgId", day, "modelId"),
  FOREIGN KEY ("orgId", "modelId") REFERENCES public."Model" ("orgId", id)
) PARTITION BY LIST ("orgId");
CREATE TABLE billing."Usage_7" PARTITION OF billing."Usage" FOR VALUES IN (7);
CREATE TABLE billing."Usage_rest" PARTITION OF billing."Usage" DEFAULT;
