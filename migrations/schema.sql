-- The whole schema as it is after the last migration. Made by "npm run schema:dump"; do not edit.

CREATE SCHEMA "migration";
GRANT USAGE ON SCHEMA "migration" TO drover_app;
GRANT USAGE ON SCHEMA "migration" TO drover_fleet;
GRANT USAGE ON SCHEMA "migration" TO drover_operator;
GRANT USAGE ON SCHEMA "migration" TO drover_rekey;

CREATE TABLE "migration"."aliases" (
  "tenant_id" uuid NOT NULL,
  "table_name" text NOT NULL,
  "old_key" text NOT NULL,
  "new_key" text NOT NULL,
  "migration_id" uuid NOT NULL,
  "since" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "aliases_pkey" PRIMARY KEY (tenant_id, table_name, old_key),
  CONSTRAINT "aliases_keys_check" CHECK ((old_key <> new_key))
);

CREATE TABLE "migration"."api_keys" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "name" text NOT NULL,
  "prefix" text NOT NULL,
  "secret_hash" text NOT NULL,
  "scopes" text[] NOT NULL,
  "expires_at" timestamp with time zone,
  "last_used_at" timestamp with time zone,
  "revoked_at" timestamp with time zone,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "api_keys_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "api_keys_name_check" CHECK ((name <> ''::text)),
  CONSTRAINT "api_keys_prefix_check" CHECK ((length(prefix) = 8)),
  CONSTRAINT "api_keys_scopes_check" CHECK ((cardinality(scopes) > 0)),
  CONSTRAINT "api_keys_secret_hash_check" CHECK ((secret_hash ~ '^[0-9a-f]{64}$'::text))
);

CREATE TABLE "migration"."app_runs" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "app_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "completion_model_id" uuid,
  "transcription_model_id" uuid,
  "outcome" text NOT NULL,
  "input" text NOT NULL DEFAULT ''::text,
  "output" text NOT NULL DEFAULT ''::text,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "app_runs_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "app_runs_outcome_check" CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text])))
);

CREATE TABLE "migration"."app_templates" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL DEFAULT ''::text,
  "prompt" text NOT NULL DEFAULT ''::text,
  "completion_model_id" uuid,
  "completion_model_live" boolean NOT NULL DEFAULT true,
  "parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "pipeline" jsonb NOT NULL DEFAULT '{"nodes": []}'::jsonb,
  "deleted_at" timestamp with time zone,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "app_templates_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "app_templates_completion_model_live_check" CHECK (completion_model_live)
);

CREATE TABLE "migration"."apps" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "space_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL DEFAULT ''::text,
  "input_type" text NOT NULL DEFAULT 'text'::text,
  "completion_model_id" uuid,
  "completion_model_live" boolean NOT NULL DEFAULT true,
  "transcription_model_id" uuid,
  "transcription_model_live" boolean NOT NULL DEFAULT true,
  "parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "pipeline" jsonb NOT NULL DEFAULT '{"nodes": []}'::jsonb,
  "deleted_at" timestamp with time zone,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "apps_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "apps_completion_model_live_check" CHECK (completion_model_live),
  CONSTRAINT "apps_input_type_check" CHECK ((input_type = ANY (ARRAY['text'::text, 'audio'::text, 'file'::text, 'image'::text]))),
  CONSTRAINT "apps_transcription_model_live_check" CHECK (transcription_model_live)
);

CREATE TABLE "migration"."assessment_sources" (
  "tenant_id" uuid NOT NULL,
  "assessment_id" uuid NOT NULL,
  "survey" integer NOT NULL,
  "source" text NOT NULL,
  "label" text NOT NULL,
  "kind" text NOT NULL,
  "ends" date,
  "says" text NOT NULL,
  "target" text,
  CONSTRAINT "assessment_sources_pkey" PRIMARY KEY (tenant_id, assessment_id, survey, source)
);

CREATE TABLE "migration"."assessments" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "status" text NOT NULL,
  "version" integer NOT NULL DEFAULT 1,
  "survey" integer NOT NULL DEFAULT 0,
  "horizon" date NOT NULL,
  "use_days" integer NOT NULL,
  "parameters" text NOT NULL,
  "surveyed_on" date,
  "actor" text NOT NULL,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "assessments_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "assessments_parameters_check" CHECK ((parameters = ANY (ARRAY['reset'::text, 'keep'::text, 'translate'::text]))),
  CONSTRAINT "assessments_status_check" CHECK ((status = ANY (ARRAY['draft'::text, 'assessing'::text, 'in_review'::text, 'accepted'::text, 'migrating'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
  CONSTRAINT "assessments_use_days_check" CHECK ((use_days > 0))
);

CREATE TABLE "migration"."asset_dependencies" (
  "tenant_id" uuid NOT NULL,
  "dependent_asset_id" uuid NOT NULL,
  "dependency_asset_id" uuid NOT NULL,
  "gone_at" timestamp with time zone,
  CONSTRAINT "asset_dependencies_pkey" PRIMARY KEY (tenant_id, dependent_asset_id, dependency_asset_id),
  CONSTRAINT "asset_dependencies_self_check" CHECK ((dependent_asset_id <> dependency_asset_id))
);

CREATE TABLE "migration"."asset_facts" (
  "tenant_id" uuid NOT NULL,
  "assessment_id" uuid NOT NULL,
  "survey" integer NOT NULL,
  "asset_id" uuid NOT NULL,
  "source" text NOT NULL,
  "name" text,
  "dead" boolean NOT NULL,
  "dependents" integer NOT NULL,
  "uses" bigint,
  "last_use" date,
  "created" date,
  "data_bound" boolean NOT NULL,
  "ends" date,
  "elsewhere" text,
  "target" text,
  "errors" text[] NOT NULL,
  "asked" boolean NOT NULL,
  "capabilities_lost" text[],
  "context_lower" boolean,
  "parameters" text,
  "price_over" boolean,
  "other_vendor" text,
  "group_name" text NOT NULL,
  "strategy" text NOT NULL,
  "strategy_target" text,
  "confidence" numeric(3,2) NOT NULL,
  "rule" smallint NOT NULL,
  "reasons" jsonb NOT NULL,
  CONSTRAINT "asset_facts_pkey" PRIMARY KEY (tenant_id, assessment_id, survey, asset_id, source),
  CONSTRAINT "asset_facts_confidence_check" CHECK (((confidence >= 0.10) AND (confidence <= 0.95))),
  CONSTRAINT "asset_facts_parameters_check" CHECK ((parameters = ANY (ARRAY['kept'::text, 'changed'::text, 'dropped'::text]))),
  CONSTRAINT "asset_facts_strategy_check" CHECK ((strategy = ANY (ARRAY['rehost'::text, 'replatform'::text, 'refactor'::text, 'repurchase'::text, 'retire'::text, 'retain'::text])))
);

CREATE TABLE "migration"."assets" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "table_name" text NOT NULL,
  "row_key" text NOT NULL,
  "kind" text NOT NULL,
  "name" text,
  "gone_at" timestamp with time zone,
  CONSTRAINT "assets_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "assets_row_key" UNIQUE (tenant_id, table_name, row_key)
);

CREATE TABLE "migration"."assistant_templates" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL DEFAULT ''::text,
  "prompt" text NOT NULL DEFAULT ''::text,
  "completion_model_id" uuid,
  "completion_model_live" boolean NOT NULL DEFAULT true,
  "parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "deleted_at" timestamp with time zone,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "assistant_templates_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "assistant_templates_completion_model_live_check" CHECK (completion_model_live)
);

CREATE TABLE "migration"."assistants" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "space_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL DEFAULT ''::text,
  "prompt" text NOT NULL DEFAULT ''::text,
  "is_published" boolean NOT NULL DEFAULT false,
  "completion_model_id" uuid,
  "completion_model_live" boolean NOT NULL DEFAULT true,
  "parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "deleted_at" timestamp with time zone,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "assistants_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "assistants_completion_model_live_check" CHECK (completion_model_live)
);

CREATE TABLE "migration"."audit_log" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "at" timestamp with time zone NOT NULL DEFAULT now(),
  "actor" text NOT NULL,
  "action" text NOT NULL,
  "object" text,
  "detail" jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT "audit_log_pkey" PRIMARY KEY (tenant_id, id)
);

CREATE TABLE "migration"."completion_models" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "family" text NOT NULL,
  "provider_id" uuid NOT NULL,
  "is_enabled" boolean NOT NULL DEFAULT true,
  "is_deprecated" boolean NOT NULL DEFAULT false,
  "lifecycle" text NOT NULL DEFAULT 'active'::text,
  "is_live" boolean NOT NULL DEFAULT true,
  "retired_at" timestamp with time zone,
  "successor_id" uuid,
  "shutdown_on" date,
  "context_tokens" integer,
  "output_tokens" integer,
  "supports_vision" boolean NOT NULL DEFAULT false,
  "supports_tools" boolean NOT NULL DEFAULT false,
  "supports_reasoning" boolean NOT NULL DEFAULT false,
  "supports_audio" boolean NOT NULL DEFAULT false,
  "supports_structured" boolean NOT NULL DEFAULT false,
  "price_in" numeric(12,4),
  "price_out" numeric(12,4),
  "region" text,
  "security_classification" integer NOT NULL DEFAULT 0,
  "supported_parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  "deprecated_at" timestamp with time zone,
  CONSTRAINT "completion_models_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "completion_models_is_live_key" UNIQUE (tenant_id, id, is_live),
  CONSTRAINT "completion_models_name_family_provider_key" UNIQUE (tenant_id, name, family, provider_id),
  CONSTRAINT "completion_models_is_live_check" CHECK ((is_live = (lifecycle <> 'retired'::text))),
  CONSTRAINT "completion_models_lifecycle_check" CHECK ((lifecycle = ANY (ARRAY['active'::text, 'deprecated'::text, 'withdrawn'::text, 'retired'::text]))),
  CONSTRAINT "completion_models_security_classification_check" CHECK ((security_classification >= 0))
);

CREATE TABLE "migration"."decisions" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "assessment_id" uuid NOT NULL,
  "asset_id" uuid NOT NULL,
  "source" text NOT NULL,
  "strategy" text NOT NULL,
  "target" text,
  "reason" text,
  "until" date,
  "owner" text,
  "due" date,
  "group_name" text,
  "singly" boolean NOT NULL,
  "actor" text NOT NULL,
  "at" timestamp with time zone NOT NULL DEFAULT now(),
  "recommended" text NOT NULL,
  "recommended_target" text,
  "confidence" numeric(3,2) NOT NULL,
  "rule" smallint NOT NULL,
  "superseded_by" uuid,
  CONSTRAINT "decisions_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "decisions_reason_check" CHECK (((reason IS NOT NULL) OR (strategy = recommended))),
  CONSTRAINT "decisions_recommended_check" CHECK ((recommended = ANY (ARRAY['rehost'::text, 'replatform'::text, 'refactor'::text, 'repurchase'::text, 'retire'::text, 'retain'::text]))),
  CONSTRAINT "decisions_strategy_check" CHECK ((strategy = ANY (ARRAY['rehost'::text, 'replatform'::text, 'refactor'::text, 'repurchase'::text, 'retire'::text, 'retain'::text]))),
  CONSTRAINT "decisions_target_check" CHECK (((strategy = ANY (ARRAY['rehost'::text, 'replatform'::text])) = (target IS NOT NULL))),
  CONSTRAINT "decisions_task_check" CHECK (((strategy <> ALL (ARRAY['refactor'::text, 'repurchase'::text])) OR ((owner IS NOT NULL) AND (due IS NOT NULL)))),
  CONSTRAINT "decisions_until_check" CHECK (((strategy = 'retain'::text) = (until IS NOT NULL)))
);

CREATE TABLE "migration"."embedding_models" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "family" text NOT NULL,
  "provider_id" uuid NOT NULL,
  "is_enabled" boolean NOT NULL DEFAULT true,
  "is_deprecated" boolean NOT NULL DEFAULT false,
  "lifecycle" text NOT NULL DEFAULT 'active'::text,
  "is_live" boolean NOT NULL DEFAULT true,
  "retired_at" timestamp with time zone,
  "successor_id" uuid,
  "shutdown_on" date,
  "context_tokens" integer,
  "dimensions" integer NOT NULL,
  "price_in" numeric(12,4),
  "price_out" numeric(12,4),
  "region" text,
  "security_classification" integer NOT NULL DEFAULT 0,
  "supported_parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  "deprecated_at" timestamp with time zone,
  CONSTRAINT "embedding_models_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "embedding_models_is_live_key" UNIQUE (tenant_id, id, is_live),
  CONSTRAINT "embedding_models_name_family_provider_key" UNIQUE (tenant_id, name, family, provider_id),
  CONSTRAINT "embedding_models_dimensions_check" CHECK ((dimensions > 0)),
  CONSTRAINT "embedding_models_is_live_check" CHECK ((is_live = (lifecycle <> 'retired'::text))),
  CONSTRAINT "embedding_models_lifecycle_check" CHECK ((lifecycle = ANY (ARRAY['active'::text, 'deprecated'::text, 'withdrawn'::text, 'retired'::text]))),
  CONSTRAINT "embedding_models_security_classification_check" CHECK ((security_classification >= 0))
);

CREATE TABLE "migration"."global_app_templates" (
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL DEFAULT ''::text,
  "prompt" text NOT NULL DEFAULT ''::text,
  "completion_model_name" text,
  "completion_model_family" text,
  "parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "global_app_templates_pkey" PRIMARY KEY (id),
  CONSTRAINT "global_app_templates_name_key" UNIQUE (name),
  CONSTRAINT "global_app_templates_model_check" CHECK (((completion_model_name IS NULL) = (completion_model_family IS NULL)))
);

CREATE TABLE "migration"."global_assistant_templates" (
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL DEFAULT ''::text,
  "prompt" text NOT NULL DEFAULT ''::text,
  "completion_model_name" text,
  "completion_model_family" text,
  "parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "global_assistant_templates_pkey" PRIMARY KEY (id),
  CONSTRAINT "global_assistant_templates_name_key" UNIQUE (name),
  CONSTRAINT "global_assistant_templates_model_check" CHECK (((completion_model_name IS NULL) = (completion_model_family IS NULL)))
);

CREATE TABLE "migration"."idempotency_keys" (
  "tenant_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "key" text NOT NULL,
  "request_hash" text NOT NULL,
  "token" uuid NOT NULL,
  "status" text NOT NULL DEFAULT 'running'::text,
  "lease_until" timestamp with time zone NOT NULL,
  "response_status" integer,
  "response_headers" jsonb,
  "response_body" text,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "expires_at" timestamp with time zone NOT NULL,
  CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY (tenant_id, user_id, key),
  CONSTRAINT "idempotency_keys_key_check" CHECK (((length(key) >= 1) AND (length(key) <= 255))),
  CONSTRAINT "idempotency_keys_response_check" CHECK (((status = 'done'::text) = ((response_status IS NOT NULL) AND (response_body IS NOT NULL)))),
  CONSTRAINT "idempotency_keys_status_check" CHECK ((status = ANY (ARRAY['running'::text, 'done'::text])))
);

CREATE TABLE "migration"."journal" (
  "tenant_id" uuid NOT NULL,
  "migration_id" uuid NOT NULL,
  "step" integer NOT NULL,
  "chunk" integer NOT NULL,
  "action" text NOT NULL,
  "table_name" text NOT NULL,
  "key_columns" text[] NOT NULL,
  "uuid_keys" uuid[],
  "int_keys" bigint[],
  "text_keys" text[],
  "before" jsonb,
  "after" jsonb,
  "befores" jsonb[],
  "afters" jsonb[],
  "row_count" integer NOT NULL,
  CONSTRAINT "journal_pkey" PRIMARY KEY (tenant_id, migration_id, step, chunk),
  CONSTRAINT "journal_action_check" CHECK ((action = ANY (ARRAY['set'::text, 'delete'::text, 'insert'::text, 'edit'::text]))),
  CONSTRAINT "journal_row_count_check" CHECK ((row_count >= 0))
);
ALTER TABLE "migration"."journal" ALTER COLUMN "uuid_keys" SET STORAGE EXTERNAL;

CREATE TABLE "migration"."migration_steps" (
  "tenant_id" uuid NOT NULL,
  "migration_id" uuid NOT NULL,
  "step" integer NOT NULL,
  "operation" text NOT NULL,
  "table_name" text NOT NULL,
  "entity" text NOT NULL,
  "detail" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "expected" bigint NOT NULL,
  "actual" bigint,
  "skipped" bigint NOT NULL DEFAULT 0,
  "finished_at" timestamp with time zone,
  CONSTRAINT "migration_steps_pkey" PRIMARY KEY (tenant_id, migration_id, step)
);

CREATE TABLE "migration"."migrations" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "kind" text NOT NULL,
  "parent_id" uuid,
  "status" text NOT NULL,
  "plan" jsonb,
  "plan_hash" text,
  "result" jsonb,
  "from_kind" text,
  "from_key" text,
  "from_name" text,
  "from_provider" text,
  "to_key" text,
  "to_name" text,
  "to_provider" text,
  "actor" text NOT NULL,
  "reason" text,
  "forced" boolean NOT NULL DEFAULT false,
  "error_code" text,
  "error_message" text,
  "migrated_count" bigint NOT NULL DEFAULT 0,
  "xid" text,
  "started_at" timestamp with time zone NOT NULL DEFAULT now(),
  "finished_at" timestamp with time zone,
  "completion" text,
  CONSTRAINT "migrations_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "migrations_kind_check" CHECK ((kind = ANY (ARRAY['model'::text, 'rekey'::text, 'merge'::text, 'rollback'::text]))),
  CONSTRAINT "migrations_migrated_count_check" CHECK ((migrated_count >= 0)),
  CONSTRAINT "migrations_status_check" CHECK ((status = ANY (ARRAY['running'::text, 'prepared'::text, 'under_way'::text, 'succeeded'::text, 'failed'::text])))
);

CREATE TABLE "migration"."model_providers" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "is_active" boolean NOT NULL DEFAULT true,
  "has_credentials" boolean NOT NULL DEFAULT false,
  "region" text,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "model_providers_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "model_providers_name_key" UNIQUE (tenant_id, name)
);

CREATE TABLE "migration"."questions" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "assistant_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "completion_model_id" uuid NOT NULL,
  "question" text NOT NULL,
  "answer" text NOT NULL DEFAULT ''::text,
  "tokens_in" integer NOT NULL DEFAULT 0,
  "tokens_out" integer NOT NULL DEFAULT 0,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "questions_pkey" PRIMARY KEY (tenant_id, id)
);

CREATE TABLE "migration"."registry_in_force" (
  "only_one" boolean NOT NULL DEFAULT true,
  "version" text NOT NULL,
  "hash" text NOT NULL,
  "day" date NOT NULL,
  "since" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "registry_in_force_pkey" PRIMARY KEY (only_one),
  CONSTRAINT "registry_in_force_only_one_check" CHECK (only_one)
);

CREATE TABLE "migration"."registry_pairs" (
  "runtime" text NOT NULL,
  "model" text NOT NULL,
  "payers" text,
  "names" text[],
  CONSTRAINT "registry_pairs_pkey" PRIMARY KEY (runtime, model)
);

CREATE TABLE "migration"."run_events" (
  "run_id" uuid NOT NULL,
  "number" integer NOT NULL,
  "at" timestamp with time zone NOT NULL DEFAULT now(),
  "kind" text NOT NULL,
  "data" jsonb NOT NULL,
  CONSTRAINT "run_events_pkey" PRIMARY KEY (run_id, number),
  CONSTRAINT "run_events_kind_check" CHECK ((kind = ANY (ARRAY['run'::text, 'tenant'::text, 'end'::text])))
);

CREATE TABLE "migration"."run_tenants" (
  "tenant_id" uuid NOT NULL,
  "run_id" uuid NOT NULL,
  "position" integer NOT NULL,
  "tenant_name" text NOT NULL,
  "status" text NOT NULL,
  "code" text,
  "message" text,
  "from_key" text,
  "to_key" text,
  "source_retired" boolean NOT NULL DEFAULT false,
  "undoes_id" uuid,
  "migration_id" uuid,
  "migrated_count" bigint NOT NULL DEFAULT 0,
  "details" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "findings" jsonb NOT NULL DEFAULT '[]'::jsonb,
  "duration_ms" integer,
  "claim" uuid,
  "worker" text,
  "claimed_until" timestamp with time zone,
  "attempts" integer NOT NULL DEFAULT 0,
  "not_before" timestamp with time zone,
  "announced" boolean NOT NULL DEFAULT false,
  "finished_at" timestamp with time zone,
  "completion" text,
  CONSTRAINT "run_tenants_pkey" PRIMARY KEY (tenant_id, run_id),
  CONSTRAINT "run_tenants_claim_check" CHECK (((status = 'claimed'::text) = (claim IS NOT NULL))),
  CONSTRAINT "run_tenants_status_check" CHECK ((status = ANY (ARRAY['pending'::text, 'claimed'::text, 'succeeded'::text, 'failed'::text, 'skipped'::text])))
);

CREATE TABLE "migration"."run_workers" (
  "id" text NOT NULL,
  "run_id" uuid,
  "started_at" timestamp with time zone NOT NULL DEFAULT now(),
  "seen_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "run_workers_pkey" PRIMARY KEY (id)
);

CREATE TABLE "migration"."runs" (
  "id" uuid NOT NULL,
  "kind" text NOT NULL,
  "parent_id" uuid,
  "status" text NOT NULL,
  "status_reason" text,
  "throttle_reason" text,
  "model_kind" text NOT NULL,
  "from_key" text,
  "from_name" text NOT NULL,
  "from_family" text,
  "to_key" text,
  "to_name" text NOT NULL,
  "to_family" text,
  "options" jsonb NOT NULL,
  "actor" text NOT NULL,
  "reason" text,
  "canary_size" integer NOT NULL DEFAULT 0,
  "canary_released" boolean NOT NULL DEFAULT true,
  "failures_excused" integer NOT NULL DEFAULT 0,
  "total" integer NOT NULL,
  "pending" integer NOT NULL,
  "succeeded" integer NOT NULL DEFAULT 0,
  "failed" integer NOT NULL DEFAULT 0,
  "skipped" integer NOT NULL DEFAULT 0,
  "migrated_count" bigint NOT NULL DEFAULT 0,
  "last_event" integer NOT NULL DEFAULT 0,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "started_at" timestamp with time zone,
  "finished_at" timestamp with time zone,
  "completion" text,
  CONSTRAINT "runs_pkey" PRIMARY KEY (id),
  CONSTRAINT "runs_kind_check" CHECK ((kind = ANY (ARRAY['model'::text, 'rollback'::text]))),
  CONSTRAINT "runs_status_check" CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'waiting'::text, 'paused'::text, 'stopped'::text, 'cancelling'::text, 'cancelled'::text, 'succeeded'::text, 'failed'::text])))
);

CREATE TABLE "migration"."schema_migrations" (
  "version" text NOT NULL,
  "name" text NOT NULL,
  "variant" text NOT NULL,
  "checksum" text NOT NULL,
  "applied_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "schema_migrations_pkey" PRIMARY KEY (version)
);

CREATE TABLE "migration"."services" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "space_id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL DEFAULT ''::text,
  "output_format" text NOT NULL DEFAULT 'text'::text,
  "output_schema" jsonb,
  "completion_model_id" uuid,
  "completion_model_live" boolean NOT NULL DEFAULT true,
  "transcription_model_id" uuid,
  "transcription_model_live" boolean NOT NULL DEFAULT true,
  "parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "deleted_at" timestamp with time zone,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "services_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "services_completion_model_live_check" CHECK (completion_model_live),
  CONSTRAINT "services_output_format_check" CHECK ((output_format = ANY (ARRAY['text'::text, 'json'::text, 'list'::text, 'boolean'::text]))),
  CONSTRAINT "services_transcription_model_live_check" CHECK (transcription_model_live)
);

CREATE TABLE "migration"."set_aside" (
  "tenant_id" uuid NOT NULL,
  "migration_id" uuid NOT NULL,
  "table_name" text NOT NULL,
  "row_key" text NOT NULL,
  "survivor_key" text,
  "constraint_name" text,
  "row" jsonb NOT NULL,
  "returned_by" uuid,
  CONSTRAINT "set_aside_pkey" PRIMARY KEY (tenant_id, migration_id, table_name, row_key)
);

CREATE TABLE "migration"."space_completion_models" (
  "tenant_id" uuid NOT NULL,
  "space_id" uuid NOT NULL,
  "model_id" uuid NOT NULL,
  "model_live" boolean NOT NULL DEFAULT true,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "space_completion_models_pkey" PRIMARY KEY (tenant_id, space_id, model_id),
  CONSTRAINT "space_completion_models_model_live_check" CHECK (model_live)
);

CREATE TABLE "migration"."space_embedding_models" (
  "tenant_id" uuid NOT NULL,
  "space_id" uuid NOT NULL,
  "model_id" uuid NOT NULL,
  "model_live" boolean NOT NULL DEFAULT true,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "space_embedding_models_pkey" PRIMARY KEY (tenant_id, space_id, model_id),
  CONSTRAINT "space_embedding_models_model_live_check" CHECK (model_live)
);

CREATE TABLE "migration"."space_transcription_models" (
  "tenant_id" uuid NOT NULL,
  "space_id" uuid NOT NULL,
  "model_id" uuid NOT NULL,
  "model_live" boolean NOT NULL DEFAULT true,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "space_transcription_models_pkey" PRIMARY KEY (tenant_id, space_id, model_id),
  CONSTRAINT "space_transcription_models_model_live_check" CHECK (model_live)
);

CREATE TABLE "migration"."spaces" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "description" text NOT NULL DEFAULT ''::text,
  "security_classification" integer NOT NULL DEFAULT 0,
  "default_completion_model_id" uuid,
  "default_completion_model_live" boolean NOT NULL DEFAULT true,
  "archived_at" timestamp with time zone,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "spaces_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "spaces_default_completion_model_live_check" CHECK (default_completion_model_live),
  CONSTRAINT "spaces_security_classification_check" CHECK ((security_classification >= 0))
);

CREATE TABLE "migration"."tenant_defaults" (
  "tenant_id" uuid NOT NULL,
  "completion_model_id" uuid,
  "completion_model_live" boolean NOT NULL DEFAULT true,
  "transcription_model_id" uuid,
  "transcription_model_live" boolean NOT NULL DEFAULT true,
  "embedding_model_id" uuid,
  "embedding_model_live" boolean NOT NULL DEFAULT true,
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "tenant_defaults_pkey" PRIMARY KEY (tenant_id),
  CONSTRAINT "tenant_defaults_completion_model_live_check" CHECK (completion_model_live),
  CONSTRAINT "tenant_defaults_embedding_model_live_check" CHECK (embedding_model_live),
  CONSTRAINT "tenant_defaults_transcription_model_live_check" CHECK (transcription_model_live)
);

CREATE TABLE "migration"."tenant_secrets" (
  "tenant_id" uuid NOT NULL,
  "name" text NOT NULL,
  "key_id" text NOT NULL,
  "nonce" text NOT NULL,
  "sealed" text NOT NULL,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "tenant_secrets_pkey" PRIMARY KEY (tenant_id, name),
  CONSTRAINT "tenant_secrets_name_check" CHECK (((name ~ '^[A-Z][A-Z0-9_]*$'::text) AND (name !~ '(^|_)MODELS?(_|$)'::text)))
);

CREATE TABLE "migration"."tenants" (
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "slug" text NOT NULL,
  "state" text NOT NULL DEFAULT 'active'::text,
  "is_demo" boolean NOT NULL DEFAULT false,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "tenants_pkey" PRIMARY KEY (id),
  CONSTRAINT "tenants_slug_key" UNIQUE (slug),
  CONSTRAINT "tenants_slug_check" CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text)),
  CONSTRAINT "tenants_state_check" CHECK ((state = ANY (ARRAY['active'::text, 'suspended'::text])))
);

CREATE TABLE "migration"."transcription_models" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "name" text NOT NULL,
  "family" text NOT NULL,
  "provider_id" uuid NOT NULL,
  "is_enabled" boolean NOT NULL DEFAULT true,
  "is_deprecated" boolean NOT NULL DEFAULT false,
  "lifecycle" text NOT NULL DEFAULT 'active'::text,
  "is_live" boolean NOT NULL DEFAULT true,
  "retired_at" timestamp with time zone,
  "successor_id" uuid,
  "shutdown_on" date,
  "price_in" numeric(12,4),
  "price_out" numeric(12,4),
  "region" text,
  "security_classification" integer NOT NULL DEFAULT 0,
  "supported_parameters" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  "deprecated_at" timestamp with time zone,
  CONSTRAINT "transcription_models_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "transcription_models_is_live_key" UNIQUE (tenant_id, id, is_live),
  CONSTRAINT "transcription_models_name_family_provider_key" UNIQUE (tenant_id, name, family, provider_id),
  CONSTRAINT "transcription_models_is_live_check" CHECK ((is_live = (lifecycle <> 'retired'::text))),
  CONSTRAINT "transcription_models_lifecycle_check" CHECK ((lifecycle = ANY (ARRAY['active'::text, 'deprecated'::text, 'withdrawn'::text, 'retired'::text]))),
  CONSTRAINT "transcription_models_security_classification_check" CHECK ((security_classification >= 0))
);

CREATE TABLE "migration"."user_roles" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "role" text NOT NULL,
  "scope" text NOT NULL,
  "space_id" uuid,
  "granted_by" uuid,
  "expires_at" timestamp with time zone,
  "is_active" boolean NOT NULL DEFAULT true,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "user_roles_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "user_roles_role_check" CHECK ((role = ANY (ARRAY['sysadmin'::text, 'admin'::text, 'member'::text, 'viewer'::text]))),
  CONSTRAINT "user_roles_scope_check" CHECK (((scope = ANY (ARRAY['system'::text, 'tenant'::text, 'space'::text])) AND ((role = 'sysadmin'::text) = (scope = 'system'::text)))),
  CONSTRAINT "user_roles_space_check" CHECK (((scope = 'space'::text) = (space_id IS NOT NULL)))
);

CREATE TABLE "migration"."users" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "email" text NOT NULL,
  "display_name" text NOT NULL,
  "is_active" boolean NOT NULL DEFAULT true,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "users_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "users_email_key" UNIQUE (tenant_id, email),
  CONSTRAINT "users_email_check" CHECK ((email = lower(email)))
);

CREATE TABLE "migration"."wave_members" (
  "tenant_id" uuid NOT NULL,
  "assessment_id" uuid NOT NULL,
  "asset_id" uuid NOT NULL,
  "wave" smallint,
  "canary" boolean NOT NULL DEFAULT false,
  CONSTRAINT "wave_members_pkey" PRIMARY KEY (tenant_id, assessment_id, asset_id),
  CONSTRAINT "wave_members_wave_check" CHECK (((wave >= 1) AND (wave <= 10)))
);

CREATE TABLE "migration"."workspace_secrets" (
  "tenant_id" uuid NOT NULL,
  "workspace_id" uuid NOT NULL,
  "name" text NOT NULL,
  "key_id" text NOT NULL,
  "nonce" text NOT NULL,
  "sealed" text NOT NULL,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT "workspace_secrets_pkey" PRIMARY KEY (tenant_id, workspace_id, name),
  CONSTRAINT "workspace_secrets_name_check" CHECK (((name ~ '^[A-Z][A-Z0-9_]*$'::text) AND (name !~ '(^|_)MODELS?(_|$)'::text)))
);

CREATE TABLE "migration"."workspace_verdicts" (
  "tenant_id" uuid NOT NULL,
  "workspace_id" uuid NOT NULL,
  "runtime" text NOT NULL,
  "model" text NOT NULL,
  "reason" text NOT NULL,
  "registry_version" text NOT NULL,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "payers" text,
  "held_tenant_id" uuid,
  "held_id" uuid,
  "held_runtime" text,
  "held_model" text,
  "usable" boolean NOT NULL GENERATED ALWAYS AS (((reason <> 'ended'::text) OR (held_id IS NOT NULL))) STORED,
  "names" text[],
  CONSTRAINT "workspace_verdicts_pkey" PRIMARY KEY (tenant_id, workspace_id, runtime, model),
  CONSTRAINT "workspace_verdicts_held_key" UNIQUE (held_tenant_id, held_id, held_runtime, held_model),
  CONSTRAINT "workspace_verdicts_usable_key" UNIQUE (tenant_id, workspace_id, runtime, model, usable),
  CONSTRAINT "workspace_verdicts_held_check" CHECK (((held_tenant_id = tenant_id) AND (held_id = workspace_id) AND (held_runtime = runtime) AND (held_model = model))),
  CONSTRAINT "workspace_verdicts_reason_check" CHECK ((reason = ANY (ARRAY['allowed'::text, 'kept'::text, 'ended'::text])))
);

CREATE TABLE "migration"."workspaces" (
  "tenant_id" uuid NOT NULL,
  "id" uuid NOT NULL,
  "user_id" uuid NOT NULL,
  "name" text NOT NULL,
  "role" text NOT NULL DEFAULT ''::text,
  "tier" text NOT NULL DEFAULT 'standard'::text,
  "runtime" text NOT NULL,
  "model" text,
  "route" text NOT NULL DEFAULT 'registry'::text,
  "registry_model" text GENERATED ALWAYS AS (
CASE
    WHEN (route = 'registry'::text) THEN COALESCE(model, ''::text)
    ELSE NULL::text
END) STORED,
  "verdict_model" text GENERATED ALWAYS AS (
CASE
    WHEN (route = 'verdict'::text) THEN COALESCE(model, ''::text)
    ELSE NULL::text
END) STORED,
  "compute" jsonb NOT NULL DEFAULT '{}'::jsonb,
  "version" bigint NOT NULL DEFAULT 1,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now(),
  "verdict_live" boolean NOT NULL DEFAULT true,
  CONSTRAINT "workspaces_pkey" PRIMARY KEY (tenant_id, id),
  CONSTRAINT "workspaces_name_key" UNIQUE (tenant_id, name),
  CONSTRAINT "workspaces_verdict_key" UNIQUE (tenant_id, id, runtime, verdict_model),
  CONSTRAINT "workspaces_model_check" CHECK ((model <> ''::text)),
  CONSTRAINT "workspaces_route_check" CHECK ((route = ANY (ARRAY['registry'::text, 'verdict'::text]))),
  CONSTRAINT "workspaces_tier_check" CHECK ((tier = ANY (ARRAY['small'::text, 'standard'::text, 'large'::text]))),
  CONSTRAINT "workspaces_verdict_live_check" CHECK (verdict_live)
);

ALTER TABLE "migration"."aliases" ADD CONSTRAINT "aliases_migration_fkey" FOREIGN KEY (tenant_id, migration_id) REFERENCES migration.migrations(tenant_id, id);
CREATE INDEX aliases_migration_id_idx ON migration.aliases USING btree (tenant_id, migration_id);
CREATE INDEX aliases_new_key_idx ON migration.aliases USING btree (tenant_id, table_name, new_key);

ALTER TABLE "migration"."api_keys" ADD CONSTRAINT "api_keys_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX api_keys_created_at_idx ON migration.api_keys USING btree (tenant_id, created_at DESC, id);
CREATE INDEX api_keys_prefix_idx ON migration.api_keys USING btree (tenant_id, prefix);
CREATE INDEX api_keys_user_id_idx ON migration.api_keys USING btree (tenant_id, user_id);

ALTER TABLE "migration"."app_runs" ADD CONSTRAINT "app_runs_app_fkey" FOREIGN KEY (tenant_id, app_id) REFERENCES migration.apps(tenant_id, id);
ALTER TABLE "migration"."app_runs" ADD CONSTRAINT "app_runs_completion_model_fkey" FOREIGN KEY (tenant_id, completion_model_id) REFERENCES migration.completion_models(tenant_id, id);
ALTER TABLE "migration"."app_runs" ADD CONSTRAINT "app_runs_transcription_model_fkey" FOREIGN KEY (tenant_id, transcription_model_id) REFERENCES migration.transcription_models(tenant_id, id);
ALTER TABLE "migration"."app_runs" ADD CONSTRAINT "app_runs_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX app_runs_app_id_idx ON migration.app_runs USING btree (tenant_id, app_id);
CREATE INDEX app_runs_completion_model_id_idx ON migration.app_runs USING btree (tenant_id, completion_model_id);
CREATE INDEX app_runs_transcription_model_id_idx ON migration.app_runs USING btree (tenant_id, transcription_model_id);
CREATE INDEX app_runs_user_id_idx ON migration.app_runs USING btree (tenant_id, user_id);

ALTER TABLE "migration"."app_templates" ADD CONSTRAINT "app_templates_completion_model_fkey" FOREIGN KEY (tenant_id, completion_model_id, completion_model_live) REFERENCES migration.completion_models(tenant_id, id, is_live);
ALTER TABLE "migration"."app_templates" ADD CONSTRAINT "app_templates_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX app_templates_completion_model_id_idx ON migration.app_templates USING btree (tenant_id, completion_model_id);
CREATE INDEX app_templates_user_id_idx ON migration.app_templates USING btree (tenant_id, user_id);

ALTER TABLE "migration"."apps" ADD CONSTRAINT "apps_completion_model_fkey" FOREIGN KEY (tenant_id, completion_model_id, completion_model_live) REFERENCES migration.completion_models(tenant_id, id, is_live);
ALTER TABLE "migration"."apps" ADD CONSTRAINT "apps_space_fkey" FOREIGN KEY (tenant_id, space_id) REFERENCES migration.spaces(tenant_id, id);
ALTER TABLE "migration"."apps" ADD CONSTRAINT "apps_transcription_model_fkey" FOREIGN KEY (tenant_id, transcription_model_id, transcription_model_live) REFERENCES migration.transcription_models(tenant_id, id, is_live);
ALTER TABLE "migration"."apps" ADD CONSTRAINT "apps_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX apps_completion_model_id_idx ON migration.apps USING btree (tenant_id, completion_model_id);
CREATE INDEX apps_space_id_idx ON migration.apps USING btree (tenant_id, space_id);
CREATE INDEX apps_transcription_model_id_idx ON migration.apps USING btree (tenant_id, transcription_model_id);
CREATE INDEX apps_user_id_idx ON migration.apps USING btree (tenant_id, user_id);

ALTER TABLE "migration"."assessment_sources" ADD CONSTRAINT "assessment_sources_assessment_fkey" FOREIGN KEY (tenant_id, assessment_id) REFERENCES migration.assessments(tenant_id, id);

CREATE INDEX assessments_created_at_idx ON migration.assessments USING btree (tenant_id, created_at DESC, id);
CREATE UNIQUE INDEX assessments_open_idx ON migration.assessments USING btree (tenant_id) WHERE (status <> ALL (ARRAY['completed'::text, 'cancelled'::text]));

ALTER TABLE "migration"."asset_dependencies" ADD CONSTRAINT "asset_dependencies_dependency_fkey" FOREIGN KEY (tenant_id, dependency_asset_id) REFERENCES migration.assets(tenant_id, id);
ALTER TABLE "migration"."asset_dependencies" ADD CONSTRAINT "asset_dependencies_dependent_fkey" FOREIGN KEY (tenant_id, dependent_asset_id) REFERENCES migration.assets(tenant_id, id);
CREATE INDEX asset_dependencies_dependency_idx ON migration.asset_dependencies USING btree (tenant_id, dependency_asset_id);

ALTER TABLE "migration"."asset_facts" ADD CONSTRAINT "asset_facts_assessment_fkey" FOREIGN KEY (tenant_id, assessment_id) REFERENCES migration.assessments(tenant_id, id);
ALTER TABLE "migration"."asset_facts" ADD CONSTRAINT "asset_facts_asset_fkey" FOREIGN KEY (tenant_id, asset_id) REFERENCES migration.assets(tenant_id, id);
CREATE INDEX asset_facts_asset_id_idx ON migration.asset_facts USING btree (tenant_id, asset_id);

ALTER TABLE "migration"."assistant_templates" ADD CONSTRAINT "assistant_templates_completion_model_fkey" FOREIGN KEY (tenant_id, completion_model_id, completion_model_live) REFERENCES migration.completion_models(tenant_id, id, is_live);
ALTER TABLE "migration"."assistant_templates" ADD CONSTRAINT "assistant_templates_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX assistant_templates_completion_model_id_idx ON migration.assistant_templates USING btree (tenant_id, completion_model_id);
CREATE INDEX assistant_templates_user_id_idx ON migration.assistant_templates USING btree (tenant_id, user_id);

ALTER TABLE "migration"."assistants" ADD CONSTRAINT "assistants_completion_model_fkey" FOREIGN KEY (tenant_id, completion_model_id, completion_model_live) REFERENCES migration.completion_models(tenant_id, id, is_live);
ALTER TABLE "migration"."assistants" ADD CONSTRAINT "assistants_space_fkey" FOREIGN KEY (tenant_id, space_id) REFERENCES migration.spaces(tenant_id, id);
ALTER TABLE "migration"."assistants" ADD CONSTRAINT "assistants_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX assistants_completion_model_id_idx ON migration.assistants USING btree (tenant_id, completion_model_id);
CREATE INDEX assistants_space_id_idx ON migration.assistants USING btree (tenant_id, space_id);
CREATE INDEX assistants_user_id_idx ON migration.assistants USING btree (tenant_id, user_id);

CREATE INDEX audit_log_at_idx ON migration.audit_log USING btree (tenant_id, at DESC, id);

ALTER TABLE "migration"."completion_models" ADD CONSTRAINT "completion_models_provider_fkey" FOREIGN KEY (tenant_id, provider_id) REFERENCES migration.model_providers(tenant_id, id);
ALTER TABLE "migration"."completion_models" ADD CONSTRAINT "completion_models_successor_fkey" FOREIGN KEY (tenant_id, successor_id) REFERENCES migration.completion_models(tenant_id, id);
CREATE INDEX completion_models_provider_id_idx ON migration.completion_models USING btree (tenant_id, provider_id);
CREATE INDEX completion_models_successor_id_idx ON migration.completion_models USING btree (tenant_id, successor_id);

ALTER TABLE "migration"."decisions" ADD CONSTRAINT "decisions_assessment_fkey" FOREIGN KEY (tenant_id, assessment_id) REFERENCES migration.assessments(tenant_id, id);
ALTER TABLE "migration"."decisions" ADD CONSTRAINT "decisions_asset_fkey" FOREIGN KEY (tenant_id, asset_id) REFERENCES migration.assets(tenant_id, id);
ALTER TABLE "migration"."decisions" ADD CONSTRAINT "decisions_superseded_fkey" FOREIGN KEY (tenant_id, superseded_by) REFERENCES migration.decisions(tenant_id, id);
CREATE INDEX decisions_assessment_id_idx ON migration.decisions USING btree (tenant_id, assessment_id, at);
CREATE INDEX decisions_asset_id_idx ON migration.decisions USING btree (tenant_id, asset_id);
CREATE INDEX decisions_superseded_by_idx ON migration.decisions USING btree (tenant_id, superseded_by);
CREATE UNIQUE INDEX decisions_live_idx ON migration.decisions USING btree (tenant_id, assessment_id, asset_id, source) WHERE (superseded_by IS NULL);

ALTER TABLE "migration"."embedding_models" ADD CONSTRAINT "embedding_models_provider_fkey" FOREIGN KEY (tenant_id, provider_id) REFERENCES migration.model_providers(tenant_id, id);
ALTER TABLE "migration"."embedding_models" ADD CONSTRAINT "embedding_models_successor_fkey" FOREIGN KEY (tenant_id, successor_id) REFERENCES migration.embedding_models(tenant_id, id);
CREATE INDEX embedding_models_provider_id_idx ON migration.embedding_models USING btree (tenant_id, provider_id);
CREATE INDEX embedding_models_successor_id_idx ON migration.embedding_models USING btree (tenant_id, successor_id);

CREATE INDEX idempotency_keys_expires_at_idx ON migration.idempotency_keys USING btree (tenant_id, expires_at);

ALTER TABLE "migration"."journal" ADD CONSTRAINT "journal_migration_fkey" FOREIGN KEY (tenant_id, migration_id) REFERENCES migration.migrations(tenant_id, id);

ALTER TABLE "migration"."migration_steps" ADD CONSTRAINT "migration_steps_migration_fkey" FOREIGN KEY (tenant_id, migration_id) REFERENCES migration.migrations(tenant_id, id);

ALTER TABLE "migration"."migrations" ADD CONSTRAINT "migrations_parent_fkey" FOREIGN KEY (tenant_id, parent_id) REFERENCES migration.migrations(tenant_id, id);
CREATE INDEX migrations_parent_id_idx ON migration.migrations USING btree (tenant_id, parent_id);
CREATE INDEX migrations_plan_hash_idx ON migration.migrations USING btree (tenant_id, plan_hash);
CREATE INDEX migrations_started_at_idx ON migration.migrations USING btree (tenant_id, started_at DESC, id);

ALTER TABLE "migration"."model_providers" ADD CONSTRAINT "model_providers_tenant_fkey" FOREIGN KEY (tenant_id) REFERENCES migration.tenants(id);

ALTER TABLE "migration"."questions" ADD CONSTRAINT "questions_assistant_fkey" FOREIGN KEY (tenant_id, assistant_id) REFERENCES migration.assistants(tenant_id, id);
ALTER TABLE "migration"."questions" ADD CONSTRAINT "questions_completion_model_fkey" FOREIGN KEY (tenant_id, completion_model_id) REFERENCES migration.completion_models(tenant_id, id);
ALTER TABLE "migration"."questions" ADD CONSTRAINT "questions_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX questions_assistant_id_idx ON migration.questions USING btree (tenant_id, assistant_id);
CREATE INDEX questions_completion_model_id_idx ON migration.questions USING btree (tenant_id, completion_model_id);
CREATE INDEX questions_user_id_idx ON migration.questions USING btree (tenant_id, user_id);

CREATE INDEX run_tenants_open_idx ON migration.run_tenants USING btree (run_id, "position") WHERE (status = ANY (ARRAY['pending'::text, 'claimed'::text]));
CREATE INDEX run_tenants_position_idx ON migration.run_tenants USING btree (run_id, "position");
CREATE INDEX run_tenants_unannounced_idx ON migration.run_tenants USING btree (run_id, "position") WHERE (NOT announced);

CREATE INDEX runs_created_at_idx ON migration.runs USING btree (created_at DESC, id);
CREATE INDEX runs_parent_id_idx ON migration.runs USING btree (parent_id);

ALTER TABLE "migration"."services" ADD CONSTRAINT "services_completion_model_fkey" FOREIGN KEY (tenant_id, completion_model_id, completion_model_live) REFERENCES migration.completion_models(tenant_id, id, is_live);
ALTER TABLE "migration"."services" ADD CONSTRAINT "services_space_fkey" FOREIGN KEY (tenant_id, space_id) REFERENCES migration.spaces(tenant_id, id);
ALTER TABLE "migration"."services" ADD CONSTRAINT "services_transcription_model_fkey" FOREIGN KEY (tenant_id, transcription_model_id, transcription_model_live) REFERENCES migration.transcription_models(tenant_id, id, is_live);
ALTER TABLE "migration"."services" ADD CONSTRAINT "services_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX services_completion_model_id_idx ON migration.services USING btree (tenant_id, completion_model_id);
CREATE INDEX services_space_id_idx ON migration.services USING btree (tenant_id, space_id);
CREATE INDEX services_transcription_model_id_idx ON migration.services USING btree (tenant_id, transcription_model_id);
CREATE INDEX services_user_id_idx ON migration.services USING btree (tenant_id, user_id);

ALTER TABLE "migration"."set_aside" ADD CONSTRAINT "set_aside_migration_fkey" FOREIGN KEY (tenant_id, migration_id) REFERENCES migration.migrations(tenant_id, id);
ALTER TABLE "migration"."set_aside" ADD CONSTRAINT "set_aside_returned_fkey" FOREIGN KEY (tenant_id, returned_by) REFERENCES migration.migrations(tenant_id, id);
CREATE INDEX set_aside_returned_by_idx ON migration.set_aside USING btree (tenant_id, returned_by);

ALTER TABLE "migration"."space_completion_models" ADD CONSTRAINT "space_completion_models_model_fkey" FOREIGN KEY (tenant_id, model_id, model_live) REFERENCES migration.completion_models(tenant_id, id, is_live);
ALTER TABLE "migration"."space_completion_models" ADD CONSTRAINT "space_completion_models_space_fkey" FOREIGN KEY (tenant_id, space_id) REFERENCES migration.spaces(tenant_id, id);
CREATE INDEX space_completion_models_model_id_idx ON migration.space_completion_models USING btree (tenant_id, model_id);

ALTER TABLE "migration"."space_embedding_models" ADD CONSTRAINT "space_embedding_models_model_fkey" FOREIGN KEY (tenant_id, model_id, model_live) REFERENCES migration.embedding_models(tenant_id, id, is_live);
ALTER TABLE "migration"."space_embedding_models" ADD CONSTRAINT "space_embedding_models_space_fkey" FOREIGN KEY (tenant_id, space_id) REFERENCES migration.spaces(tenant_id, id);
CREATE INDEX space_embedding_models_model_id_idx ON migration.space_embedding_models USING btree (tenant_id, model_id);

ALTER TABLE "migration"."space_transcription_models" ADD CONSTRAINT "space_transcription_models_model_fkey" FOREIGN KEY (tenant_id, model_id, model_live) REFERENCES migration.transcription_models(tenant_id, id, is_live);
ALTER TABLE "migration"."space_transcription_models" ADD CONSTRAINT "space_transcription_models_space_fkey" FOREIGN KEY (tenant_id, space_id) REFERENCES migration.spaces(tenant_id, id);
CREATE INDEX space_transcription_models_model_id_idx ON migration.space_transcription_models USING btree (tenant_id, model_id);

ALTER TABLE "migration"."spaces" ADD CONSTRAINT "spaces_default_completion_model_fkey" FOREIGN KEY (tenant_id, default_completion_model_id, default_completion_model_live) REFERENCES migration.completion_models(tenant_id, id, is_live);
ALTER TABLE "migration"."spaces" ADD CONSTRAINT "spaces_tenant_fkey" FOREIGN KEY (tenant_id) REFERENCES migration.tenants(id);
CREATE INDEX spaces_default_completion_model_id_idx ON migration.spaces USING btree (tenant_id, default_completion_model_id);

ALTER TABLE "migration"."tenant_defaults" ADD CONSTRAINT "tenant_defaults_completion_model_fkey" FOREIGN KEY (tenant_id, completion_model_id, completion_model_live) REFERENCES migration.completion_models(tenant_id, id, is_live);
ALTER TABLE "migration"."tenant_defaults" ADD CONSTRAINT "tenant_defaults_embedding_model_fkey" FOREIGN KEY (tenant_id, embedding_model_id, embedding_model_live) REFERENCES migration.embedding_models(tenant_id, id, is_live);
ALTER TABLE "migration"."tenant_defaults" ADD CONSTRAINT "tenant_defaults_tenant_fkey" FOREIGN KEY (tenant_id) REFERENCES migration.tenants(id);
ALTER TABLE "migration"."tenant_defaults" ADD CONSTRAINT "tenant_defaults_transcription_model_fkey" FOREIGN KEY (tenant_id, transcription_model_id, transcription_model_live) REFERENCES migration.transcription_models(tenant_id, id, is_live);
CREATE INDEX tenant_defaults_completion_model_id_idx ON migration.tenant_defaults USING btree (tenant_id, completion_model_id);
CREATE INDEX tenant_defaults_embedding_model_id_idx ON migration.tenant_defaults USING btree (tenant_id, embedding_model_id);
CREATE INDEX tenant_defaults_transcription_model_id_idx ON migration.tenant_defaults USING btree (tenant_id, transcription_model_id);

ALTER TABLE "migration"."tenant_secrets" ADD CONSTRAINT "tenant_secrets_tenant_fkey" FOREIGN KEY (tenant_id) REFERENCES migration.tenants(id);

ALTER TABLE "migration"."transcription_models" ADD CONSTRAINT "transcription_models_provider_fkey" FOREIGN KEY (tenant_id, provider_id) REFERENCES migration.model_providers(tenant_id, id);
ALTER TABLE "migration"."transcription_models" ADD CONSTRAINT "transcription_models_successor_fkey" FOREIGN KEY (tenant_id, successor_id) REFERENCES migration.transcription_models(tenant_id, id);
CREATE INDEX transcription_models_provider_id_idx ON migration.transcription_models USING btree (tenant_id, provider_id);
CREATE INDEX transcription_models_successor_id_idx ON migration.transcription_models USING btree (tenant_id, successor_id);

ALTER TABLE "migration"."user_roles" ADD CONSTRAINT "user_roles_granted_by_fkey" FOREIGN KEY (tenant_id, granted_by) REFERENCES migration.users(tenant_id, id);
ALTER TABLE "migration"."user_roles" ADD CONSTRAINT "user_roles_space_fkey" FOREIGN KEY (tenant_id, space_id) REFERENCES migration.spaces(tenant_id, id);
ALTER TABLE "migration"."user_roles" ADD CONSTRAINT "user_roles_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
CREATE INDEX user_roles_granted_by_idx ON migration.user_roles USING btree (tenant_id, granted_by);
CREATE INDEX user_roles_space_id_idx ON migration.user_roles USING btree (tenant_id, space_id);
CREATE INDEX user_roles_user_id_idx ON migration.user_roles USING btree (tenant_id, user_id);
CREATE UNIQUE INDEX user_roles_live_key ON migration.user_roles USING btree (tenant_id, user_id, role, scope, space_id) NULLS NOT DISTINCT WHERE is_active;

ALTER TABLE "migration"."users" ADD CONSTRAINT "users_tenant_fkey" FOREIGN KEY (tenant_id) REFERENCES migration.tenants(id);

ALTER TABLE "migration"."wave_members" ADD CONSTRAINT "wave_members_assessment_fkey" FOREIGN KEY (tenant_id, assessment_id) REFERENCES migration.assessments(tenant_id, id);
ALTER TABLE "migration"."wave_members" ADD CONSTRAINT "wave_members_asset_fkey" FOREIGN KEY (tenant_id, asset_id) REFERENCES migration.assets(tenant_id, id);
CREATE INDEX wave_members_asset_id_idx ON migration.wave_members USING btree (tenant_id, asset_id);

ALTER TABLE "migration"."workspace_secrets" ADD CONSTRAINT "workspace_secrets_workspace_fkey" FOREIGN KEY (tenant_id, workspace_id) REFERENCES migration.workspaces(tenant_id, id);

ALTER TABLE "migration"."workspace_verdicts" ADD CONSTRAINT "workspace_verdicts_held_fkey" FOREIGN KEY (held_tenant_id, held_id, held_runtime, held_model) REFERENCES migration.workspaces(tenant_id, id, runtime, verdict_model) ON UPDATE SET NULL ON DELETE SET NULL;
ALTER TABLE "migration"."workspace_verdicts" ADD CONSTRAINT "workspace_verdicts_workspace_fkey" FOREIGN KEY (tenant_id, workspace_id) REFERENCES migration.workspaces(tenant_id, id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE "migration"."workspaces" ADD CONSTRAINT "workspaces_registry_pair_fkey" FOREIGN KEY (runtime, registry_model) REFERENCES migration.registry_pairs(runtime, model);
ALTER TABLE "migration"."workspaces" ADD CONSTRAINT "workspaces_user_fkey" FOREIGN KEY (tenant_id, user_id) REFERENCES migration.users(tenant_id, id);
ALTER TABLE "migration"."workspaces" ADD CONSTRAINT "workspaces_verdict_fkey" FOREIGN KEY (tenant_id, id, runtime, verdict_model, verdict_live) REFERENCES migration.workspace_verdicts(tenant_id, workspace_id, runtime, model, usable);
CREATE INDEX workspaces_created_at_idx ON migration.workspaces USING btree (tenant_id, created_at, id);
CREATE INDEX workspaces_model_idx ON migration.workspaces USING btree (tenant_id, model);
CREATE INDEX workspaces_registry_pair_idx ON migration.workspaces USING btree (runtime, registry_model);
CREATE INDEX workspaces_user_id_idx ON migration.workspaces USING btree (tenant_id, user_id);
CREATE INDEX workspaces_verdict_idx ON migration.workspaces USING btree (tenant_id, id, runtime, verdict_model);

ALTER TABLE "migration"."aliases" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."aliases" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."aliases" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."aliases" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."aliases" FOR ALL TO drover_operator
  USING ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
  WITH CHECK ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid));
CREATE POLICY "drover_rekey" ON "migration"."aliases" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."aliases" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."aliases" TO drover_fleet;
GRANT INSERT, SELECT, UPDATE ON "migration"."aliases" TO drover_operator;
GRANT INSERT, SELECT, UPDATE ON "migration"."aliases" TO drover_rekey;

ALTER TABLE "migration"."api_keys" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."api_keys" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."api_keys" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."api_keys" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."api_keys" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."api_keys" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."api_keys" TO drover_fleet;
GRANT SELECT ON "migration"."api_keys" TO drover_rekey;

ALTER TABLE "migration"."app_runs" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."app_runs" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."app_runs" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."app_runs" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."app_runs" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT ON "migration"."app_runs" TO drover_app;
GRANT INSERT, SELECT ON "migration"."app_runs" TO drover_fleet;
GRANT INSERT, SELECT ON "migration"."app_runs" TO drover_rekey;
GRANT UPDATE (app_id, completion_model_id, transcription_model_id) ON "migration"."app_runs" TO drover_rekey;

ALTER TABLE "migration"."app_templates" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."app_templates" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."app_templates" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."app_templates" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."app_templates" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."app_templates" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."app_templates" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."app_templates" TO drover_rekey;
GRANT UPDATE (id, completion_model_id, pipeline) ON "migration"."app_templates" TO drover_rekey;

ALTER TABLE "migration"."apps" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."apps" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."apps" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."apps" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."apps" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."apps" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."apps" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."apps" TO drover_rekey;
GRANT UPDATE (id, space_id, completion_model_id, transcription_model_id, pipeline) ON "migration"."apps" TO drover_rekey;

ALTER TABLE "migration"."assessment_sources" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."assessment_sources" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."assessment_sources" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."assessment_sources" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."assessment_sources" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."assessment_sources" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."assessment_sources" TO drover_fleet;
GRANT SELECT ON "migration"."assessment_sources" TO drover_rekey;

ALTER TABLE "migration"."assessments" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."assessments" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."assessments" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."assessments" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."assessments" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."assessments" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."assessments" TO drover_fleet;
GRANT SELECT ON "migration"."assessments" TO drover_rekey;

ALTER TABLE "migration"."asset_dependencies" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."asset_dependencies" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."asset_dependencies" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."asset_dependencies" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."asset_dependencies" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."asset_dependencies" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."asset_dependencies" TO drover_fleet;
GRANT SELECT ON "migration"."asset_dependencies" TO drover_rekey;

ALTER TABLE "migration"."asset_facts" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."asset_facts" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."asset_facts" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."asset_facts" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."asset_facts" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."asset_facts" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."asset_facts" TO drover_fleet;
GRANT SELECT ON "migration"."asset_facts" TO drover_rekey;

ALTER TABLE "migration"."assets" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."assets" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."assets" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."assets" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."assets" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."assets" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."assets" TO drover_fleet;
GRANT SELECT ON "migration"."assets" TO drover_rekey;

ALTER TABLE "migration"."assistant_templates" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."assistant_templates" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."assistant_templates" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."assistant_templates" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."assistant_templates" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."assistant_templates" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."assistant_templates" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."assistant_templates" TO drover_rekey;
GRANT UPDATE (id, completion_model_id) ON "migration"."assistant_templates" TO drover_rekey;

ALTER TABLE "migration"."assistants" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."assistants" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."assistants" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."assistants" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."assistants" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."assistants" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."assistants" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."assistants" TO drover_rekey;
GRANT UPDATE (id, space_id, completion_model_id) ON "migration"."assistants" TO drover_rekey;

ALTER TABLE "migration"."audit_log" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."audit_log" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."audit_log" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."audit_log" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."audit_log" FOR ALL TO drover_operator
  USING ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
  WITH CHECK ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid));
CREATE POLICY "drover_rekey" ON "migration"."audit_log" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT ON "migration"."audit_log" TO drover_app;
GRANT INSERT, SELECT ON "migration"."audit_log" TO drover_fleet;
GRANT INSERT, SELECT ON "migration"."audit_log" TO drover_operator;
GRANT INSERT, SELECT ON "migration"."audit_log" TO drover_rekey;

ALTER TABLE "migration"."completion_models" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."completion_models" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."completion_models" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."completion_models" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."completion_models" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."completion_models" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."completion_models" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."completion_models" TO drover_rekey;
GRANT UPDATE (id, provider_id, successor_id) ON "migration"."completion_models" TO drover_rekey;

ALTER TABLE "migration"."decisions" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."decisions" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."decisions" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."decisions" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."decisions" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."decisions" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."decisions" TO drover_fleet;
GRANT SELECT ON "migration"."decisions" TO drover_rekey;

ALTER TABLE "migration"."embedding_models" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."embedding_models" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."embedding_models" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."embedding_models" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."embedding_models" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."embedding_models" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."embedding_models" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."embedding_models" TO drover_rekey;
GRANT UPDATE (id, provider_id, successor_id) ON "migration"."embedding_models" TO drover_rekey;

GRANT SELECT ON "migration"."global_app_templates" TO drover_app;
GRANT SELECT ON "migration"."global_app_templates" TO drover_fleet;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."global_app_templates" TO drover_operator;
GRANT SELECT ON "migration"."global_app_templates" TO drover_rekey;

GRANT SELECT ON "migration"."global_assistant_templates" TO drover_app;
GRANT SELECT ON "migration"."global_assistant_templates" TO drover_fleet;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."global_assistant_templates" TO drover_operator;
GRANT SELECT ON "migration"."global_assistant_templates" TO drover_rekey;

ALTER TABLE "migration"."idempotency_keys" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."idempotency_keys" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."idempotency_keys" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."idempotency_keys" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."idempotency_keys" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."idempotency_keys" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."idempotency_keys" TO drover_fleet;
GRANT SELECT ON "migration"."idempotency_keys" TO drover_rekey;

ALTER TABLE "migration"."journal" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."journal" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."journal" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."journal" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."journal" FOR ALL TO drover_operator
  USING ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
  WITH CHECK ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid));
CREATE POLICY "drover_rekey" ON "migration"."journal" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT ON "migration"."journal" TO drover_app;
GRANT INSERT, SELECT ON "migration"."journal" TO drover_fleet;
GRANT INSERT, SELECT ON "migration"."journal" TO drover_operator;
GRANT INSERT, SELECT ON "migration"."journal" TO drover_rekey;

ALTER TABLE "migration"."migration_steps" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."migration_steps" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."migration_steps" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."migration_steps" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."migration_steps" FOR ALL TO drover_operator
  USING ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
  WITH CHECK ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid));
CREATE POLICY "drover_rekey" ON "migration"."migration_steps" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."migration_steps" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."migration_steps" TO drover_fleet;
GRANT INSERT, SELECT, UPDATE ON "migration"."migration_steps" TO drover_operator;
GRANT INSERT, SELECT, UPDATE ON "migration"."migration_steps" TO drover_rekey;

ALTER TABLE "migration"."migrations" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."migrations" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."migrations" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."migrations" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."migrations" FOR ALL TO drover_operator
  USING ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
  WITH CHECK ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid));
CREATE POLICY "drover_rekey" ON "migration"."migrations" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."migrations" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."migrations" TO drover_fleet;
GRANT INSERT, SELECT, UPDATE ON "migration"."migrations" TO drover_operator;
GRANT INSERT, SELECT, UPDATE ON "migration"."migrations" TO drover_rekey;

ALTER TABLE "migration"."model_providers" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."model_providers" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."model_providers" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."model_providers" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."model_providers" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."model_providers" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."model_providers" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."model_providers" TO drover_rekey;
GRANT UPDATE (id) ON "migration"."model_providers" TO drover_rekey;

ALTER TABLE "migration"."questions" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."questions" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."questions" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."questions" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."questions" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT ON "migration"."questions" TO drover_app;
GRANT INSERT, SELECT ON "migration"."questions" TO drover_fleet;
GRANT INSERT, SELECT ON "migration"."questions" TO drover_rekey;
GRANT UPDATE (assistant_id, completion_model_id) ON "migration"."questions" TO drover_rekey;

GRANT SELECT ON "migration"."registry_in_force" TO drover_app;
GRANT SELECT ON "migration"."registry_in_force" TO drover_fleet;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."registry_in_force" TO drover_operator;
GRANT SELECT ON "migration"."registry_in_force" TO drover_rekey;

GRANT SELECT ON "migration"."registry_pairs" TO drover_app;
GRANT SELECT ON "migration"."registry_pairs" TO drover_fleet;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."registry_pairs" TO drover_operator;
GRANT SELECT ON "migration"."registry_pairs" TO drover_rekey;

GRANT INSERT, SELECT ON "migration"."run_events" TO drover_operator;

ALTER TABLE "migration"."run_tenants" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."run_tenants" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."run_tenants" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."run_tenants" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."run_tenants" FOR ALL TO drover_operator
  USING (true)
  WITH CHECK (true);
CREATE POLICY "drover_rekey" ON "migration"."run_tenants" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."run_tenants" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."run_tenants" TO drover_fleet;
GRANT INSERT, SELECT, UPDATE ON "migration"."run_tenants" TO drover_operator;
GRANT INSERT, SELECT, UPDATE ON "migration"."run_tenants" TO drover_rekey;

GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."run_workers" TO drover_operator;

GRANT INSERT, SELECT, UPDATE ON "migration"."runs" TO drover_operator;

ALTER TABLE "migration"."services" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."services" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."services" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."services" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."services" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."services" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."services" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."services" TO drover_rekey;
GRANT UPDATE (id, space_id, completion_model_id, transcription_model_id) ON "migration"."services" TO drover_rekey;

ALTER TABLE "migration"."set_aside" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."set_aside" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."set_aside" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."set_aside" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."set_aside" FOR ALL TO drover_operator
  USING ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
  WITH CHECK ((tenant_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid));
CREATE POLICY "drover_rekey" ON "migration"."set_aside" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."set_aside" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."set_aside" TO drover_fleet;
GRANT INSERT, SELECT, UPDATE ON "migration"."set_aside" TO drover_operator;
GRANT INSERT, SELECT, UPDATE ON "migration"."set_aside" TO drover_rekey;

ALTER TABLE "migration"."space_completion_models" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."space_completion_models" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."space_completion_models" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."space_completion_models" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."space_completion_models" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."space_completion_models" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."space_completion_models" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."space_completion_models" TO drover_rekey;
GRANT UPDATE (space_id, model_id) ON "migration"."space_completion_models" TO drover_rekey;

ALTER TABLE "migration"."space_embedding_models" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."space_embedding_models" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."space_embedding_models" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."space_embedding_models" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."space_embedding_models" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."space_embedding_models" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."space_embedding_models" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."space_embedding_models" TO drover_rekey;
GRANT UPDATE (space_id, model_id) ON "migration"."space_embedding_models" TO drover_rekey;

ALTER TABLE "migration"."space_transcription_models" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."space_transcription_models" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."space_transcription_models" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."space_transcription_models" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."space_transcription_models" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."space_transcription_models" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."space_transcription_models" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."space_transcription_models" TO drover_rekey;
GRANT UPDATE (space_id, model_id) ON "migration"."space_transcription_models" TO drover_rekey;

ALTER TABLE "migration"."spaces" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."spaces" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."spaces" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."spaces" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."spaces" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."spaces" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."spaces" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."spaces" TO drover_rekey;
GRANT UPDATE (id, default_completion_model_id) ON "migration"."spaces" TO drover_rekey;

ALTER TABLE "migration"."tenant_defaults" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."tenant_defaults" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."tenant_defaults" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."tenant_defaults" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."tenant_defaults" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."tenant_defaults" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."tenant_defaults" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."tenant_defaults" TO drover_rekey;
GRANT UPDATE (completion_model_id, transcription_model_id, embedding_model_id) ON "migration"."tenant_defaults" TO drover_rekey;

ALTER TABLE "migration"."tenant_secrets" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."tenant_secrets" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."tenant_secrets" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."tenant_secrets" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."tenant_secrets" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."tenant_secrets" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."tenant_secrets" TO drover_fleet;
GRANT SELECT ON "migration"."tenant_secrets" TO drover_rekey;

ALTER TABLE "migration"."tenants" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."tenants" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."tenants" FOR ALL TO drover_app
  USING ((id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."tenants" FOR ALL TO drover_fleet
  USING ((id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."tenants" FOR ALL TO drover_operator
  USING (true)
  WITH CHECK (true);
CREATE POLICY "drover_rekey" ON "migration"."tenants" FOR ALL TO drover_rekey
  USING ((id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT SELECT ON "migration"."tenants" TO drover_app;
GRANT SELECT ON "migration"."tenants" TO drover_fleet;
GRANT INSERT, SELECT, UPDATE ON "migration"."tenants" TO drover_operator;
GRANT SELECT ON "migration"."tenants" TO drover_rekey;

ALTER TABLE "migration"."transcription_models" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."transcription_models" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."transcription_models" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."transcription_models" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."transcription_models" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."transcription_models" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."transcription_models" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."transcription_models" TO drover_rekey;
GRANT UPDATE (id, provider_id, successor_id) ON "migration"."transcription_models" TO drover_rekey;

ALTER TABLE "migration"."user_roles" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."user_roles" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."user_roles" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."user_roles" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."user_roles" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."user_roles" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."user_roles" TO drover_fleet;
GRANT DELETE, INSERT, SELECT ON "migration"."user_roles" TO drover_rekey;
GRANT UPDATE (space_id) ON "migration"."user_roles" TO drover_rekey;

ALTER TABLE "migration"."users" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."users" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."users" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."users" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."users" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."users" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."users" TO drover_fleet;
GRANT SELECT ON "migration"."users" TO drover_rekey;

ALTER TABLE "migration"."wave_members" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."wave_members" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."wave_members" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."wave_members" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."wave_members" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT INSERT, SELECT, UPDATE ON "migration"."wave_members" TO drover_app;
GRANT INSERT, SELECT, UPDATE ON "migration"."wave_members" TO drover_fleet;
GRANT SELECT ON "migration"."wave_members" TO drover_rekey;

ALTER TABLE "migration"."workspace_secrets" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."workspace_secrets" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."workspace_secrets" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."workspace_secrets" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."workspace_secrets" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."workspace_secrets" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."workspace_secrets" TO drover_fleet;
GRANT SELECT ON "migration"."workspace_secrets" TO drover_rekey;

ALTER TABLE "migration"."workspace_verdicts" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."workspace_verdicts" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."workspace_verdicts" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."workspace_verdicts" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_operator" ON "migration"."workspace_verdicts" FOR ALL TO drover_operator
  USING (true)
  WITH CHECK (true);
CREATE POLICY "drover_rekey" ON "migration"."workspace_verdicts" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT SELECT ON "migration"."workspace_verdicts" TO drover_app;
GRANT SELECT ON "migration"."workspace_verdicts" TO drover_fleet;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."workspace_verdicts" TO drover_operator;
GRANT SELECT ON "migration"."workspace_verdicts" TO drover_rekey;

ALTER TABLE "migration"."workspaces" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "migration"."workspaces" FORCE ROW LEVEL SECURITY;
CREATE POLICY "drover_app" ON "migration"."workspaces" FOR ALL TO drover_app
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY "drover_fleet" ON "migration"."workspaces" FOR ALL TO drover_fleet
  USING ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))))
  WITH CHECK ((tenant_id = ANY (ARRAY( SELECT unnest((NULLIF(current_setting('app.tenant_ids'::text, true), ''::text))::uuid[]) AS unnest))));
CREATE POLICY "drover_rekey" ON "migration"."workspaces" FOR ALL TO drover_rekey
  USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")))
  WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif")));
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."workspaces" TO drover_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON "migration"."workspaces" TO drover_fleet;
GRANT SELECT ON "migration"."workspaces" TO drover_rekey;

CREATE OR REPLACE FUNCTION migration.hold_meant_models()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
DECLARE
  said text[] := CASE NEW.route
    WHEN 'registry' THEN (SELECT p.names FROM "migration".registry_pairs p WHERE p.runtime = NEW.runtime AND p.model = NEW.registry_model)
    ELSE (SELECT v.names FROM "migration".workspace_verdicts v WHERE v.tenant_id = NEW.tenant_id AND v.workspace_id = NEW.id
      AND v.runtime = NEW.runtime AND v.model = NEW.verdict_model) END;
  known boolean := said IS NOT NULL;
  names text[] := ARRAY(SELECT lower(n) FROM unnest(said || NEW.model) n);
  retired text;
BEGIN
  IF NEW.model IS NULL OR TG_OP = 'UPDATE' AND (NEW.tenant_id, NEW.model) = (OLD.tenant_id, OLD.model) THEN
    RETURN NULL;
  END IF;
  PERFORM FROM "migration".completion_models m
  WHERE m.tenant_id = NEW.tenant_id AND (NOT known OR lower(m.name) = ANY (names)) ORDER BY m.id FOR KEY SHARE;
  WITH meant AS (
    SELECT m.name, m.is_live, m.name = NEW.model AS by_name FROM "migration".completion_models m
    WHERE m.tenant_id = NEW.tenant_id AND (NOT known OR lower(m.name) = ANY (names)))
  SELECT min(name) FILTER (WHERE NOT is_live) INTO retired FROM meant WHERE by_name = (SELECT bool_or(by_name) FROM meant)
  HAVING NOT CASE WHEN known OR bool_or(by_name) THEN bool_or(is_live) ELSE bool_and(is_live) END;
  IF retired IS NULL THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'DR001', MESSAGE = CASE WHEN known
    THEN concat(retired, ' is retired: a workspace cannot name it any more.')
    ELSE concat('Nobody has said yet which model “', NEW.model, '” means, and ', retired,
      ' is retired. A server says it when it starts: drover serve.') END;
END
$function$;

CREATE OR REPLACE FUNCTION migration.hold_models()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
DECLARE
  before jsonb := CASE WHEN TG_OP = 'UPDATE' THEN OLD.pipeline END;
  ids text[] := ARRAY(SELECT lower(v #>> '{}') FROM jsonb_path_query(NEW.pipeline, '$.nodes[*].data.model.id') v
    EXCEPT SELECT lower(v #>> '{}') FROM jsonb_path_query(before, '$.nodes[*].data.model.id') v);
  names text[] := ARRAY(SELECT lower(btrim(v #>> '{}')) FROM jsonb_path_query(NEW.pipeline, '$.nodes[*].data.model.name') v
    EXCEPT SELECT lower(btrim(v #>> '{}')) FROM jsonb_path_query(before, '$.nodes[*].data.model.name') v);
  retired text;
BEGIN
  IF ids = '{}' AND names = '{}' THEN
    RETURN NEW;
  END IF;
  PERFORM FROM "migration".completion_models m
  WHERE m.tenant_id = NEW.tenant_id AND (m.id::text = ANY (ids) OR lower(m.name) = ANY (names)) ORDER BY m.id FOR KEY SHARE;
  SELECT m.name INTO retired FROM "migration".completion_models m
  WHERE m.tenant_id = NEW.tenant_id AND NOT m.is_live AND (m.id::text = ANY (ids) OR lower(m.name) = ANY (names) AND NOT EXISTS (
    SELECT FROM "migration".completion_models l WHERE l.tenant_id = m.tenant_id AND l.is_live AND lower(l.name) = lower(m.name)))
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'DR001', MESSAGE = concat(retired, ' is retired: a pipeline cannot name it any more.');
  END IF;
  RETURN NEW;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_apps()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'transcription_model_id' AS field, 'transcription' AS kind,
      t.transcription_model_id::text AS model FROM new_rows t WHERE (true) AND t.transcription_model_id IS NOT NULL
    UNION ALL SELECT DISTINCT t.tenant_id, t.id, t.space_id, 'apps', 'pipeline', 'completion', pg_catalog.lower(n.id #>> '{}')
      FROM new_rows t CROSS JOIN LATERAL pg_catalog.jsonb_path_query(t.pipeline, 'lax $.nodes[*].data.model.id') n(id)
      WHERE (true) AND n.id #>> '{}' IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NULL) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  ELSE
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    (SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'transcription_model_id' AS field, 'transcription' AS kind,
      t.transcription_model_id::text AS model FROM new_rows t WHERE (true) AND t.transcription_model_id IS NOT NULL
    UNION ALL SELECT DISTINCT t.tenant_id, t.id, t.space_id, 'apps', 'pipeline', 'completion', pg_catalog.lower(n.id #>> '{}')
      FROM new_rows t CROSS JOIN LATERAL pg_catalog.jsonb_path_query(t.pipeline, 'lax $.nodes[*].data.model.id') n(id)
      WHERE (true) AND n.id #>> '{}' IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NULL)
    EXCEPT (SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM old_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'transcription_model_id' AS field, 'transcription' AS kind,
      t.transcription_model_id::text AS model FROM old_rows t WHERE (true) AND t.transcription_model_id IS NOT NULL
    UNION ALL SELECT DISTINCT t.tenant_id, t.id, t.space_id, 'apps', 'pipeline', 'completion', pg_catalog.lower(n.id #>> '{}')
      FROM old_rows t CROSS JOIN LATERAL pg_catalog.jsonb_path_query(t.pipeline, 'lax $.nodes[*].data.model.id') n(id)
      WHERE (true) AND n.id #>> '{}' IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM old_rows t WHERE (true) AND t.completion_model_id IS NULL)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_assistants()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'assistants' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'assistants' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NULL) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  ELSE
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    (SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'assistants' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'assistants' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NULL)
    EXCEPT (SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'assistants' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM old_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'assistants' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM old_rows t WHERE (true) AND t.completion_model_id IS NULL)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_completion_models()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  PERFORM FROM "migration".completion_models m WHERE (m.tenant_id, m.id) IN (SELECT n.tenant_id, n.id FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
      WHERE n.security_classification < o.security_classification)
  ORDER BY m.tenant_id, m.id FOR UPDATE;
  IF FOUND THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT * FROM "migration".model_uses(ARRAY(SELECT DISTINCT n.tenant_id FROM new_rows n)) u WHERE u.kind = 'completion' AND EXISTS (SELECT  FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
      WHERE n.security_classification < o.security_classification AND n.tenant_id = u.tenant_id AND (u.model = n.id::text OR u.model IS NULL AND n.id IN (SELECT d.completion_model_id FROM "migration".tenant_defaults d WHERE d.tenant_id = n.tenant_id)))) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_embedding_models()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  PERFORM FROM "migration".embedding_models m WHERE (m.tenant_id, m.id) IN (SELECT n.tenant_id, n.id FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
      WHERE n.security_classification < o.security_classification)
  ORDER BY m.tenant_id, m.id FOR UPDATE;
  IF FOUND THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT * FROM "migration".model_uses(ARRAY(SELECT DISTINCT n.tenant_id FROM new_rows n)) u WHERE u.kind = 'embedding' AND EXISTS (SELECT  FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
      WHERE n.security_classification < o.security_classification AND n.tenant_id = u.tenant_id AND u.model = n.id::text)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_services()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'transcription_model_id' AS field, 'transcription' AS kind,
      t.transcription_model_id::text AS model FROM new_rows t WHERE (true) AND t.transcription_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NULL) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  ELSE
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    (SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'transcription_model_id' AS field, 'transcription' AS kind,
      t.transcription_model_id::text AS model FROM new_rows t WHERE (true) AND t.transcription_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM new_rows t WHERE (true) AND t.completion_model_id IS NULL)
    EXCEPT (SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM old_rows t WHERE (true) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'transcription_model_id' AS field, 'transcription' AS kind,
      t.transcription_model_id::text AS model FROM old_rows t WHERE (true) AND t.transcription_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM old_rows t WHERE (true) AND t.completion_model_id IS NULL)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_space_completion_models()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_completion_models' AS type, 'model_id' AS field, 'completion' AS kind,
      t.model_id::text AS model FROM new_rows t WHERE (true) AND t.model_id IS NOT NULL) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  ELSE
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    (SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_completion_models' AS type, 'model_id' AS field, 'completion' AS kind,
      t.model_id::text AS model FROM new_rows t WHERE (true) AND t.model_id IS NOT NULL)
    EXCEPT (SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_completion_models' AS type, 'model_id' AS field, 'completion' AS kind,
      t.model_id::text AS model FROM old_rows t WHERE (true) AND t.model_id IS NOT NULL)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_space_embedding_models()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_embedding_models' AS type, 'model_id' AS field, 'embedding' AS kind,
      t.model_id::text AS model FROM new_rows t WHERE (true) AND t.model_id IS NOT NULL) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  ELSE
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    (SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_embedding_models' AS type, 'model_id' AS field, 'embedding' AS kind,
      t.model_id::text AS model FROM new_rows t WHERE (true) AND t.model_id IS NOT NULL)
    EXCEPT (SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_embedding_models' AS type, 'model_id' AS field, 'embedding' AS kind,
      t.model_id::text AS model FROM old_rows t WHERE (true) AND t.model_id IS NOT NULL)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_space_transcription_models()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_transcription_models' AS type, 'model_id' AS field, 'transcription' AS kind,
      t.model_id::text AS model FROM new_rows t WHERE (true) AND t.model_id IS NOT NULL) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  ELSE
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    (SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_transcription_models' AS type, 'model_id' AS field, 'transcription' AS kind,
      t.model_id::text AS model FROM new_rows t WHERE (true) AND t.model_id IS NOT NULL)
    EXCEPT (SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_transcription_models' AS type, 'model_id' AS field, 'transcription' AS kind,
      t.model_id::text AS model FROM old_rows t WHERE (true) AND t.model_id IS NOT NULL)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_spaces()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT t.tenant_id, t.id AS id, t.id AS space_id, 'spaces' AS type, 'default_completion_model_id' AS field, 'completion' AS kind,
      t.default_completion_model_id::text AS model FROM new_rows t WHERE (true) AND t.default_completion_model_id IS NOT NULL) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  ELSE
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    (SELECT t.tenant_id, t.id AS id, t.id AS space_id, 'spaces' AS type, 'default_completion_model_id' AS field, 'completion' AS kind,
      t.default_completion_model_id::text AS model FROM new_rows t WHERE (true) AND t.default_completion_model_id IS NOT NULL)
    EXCEPT (SELECT t.tenant_id, t.id AS id, t.id AS space_id, 'spaces' AS type, 'default_completion_model_id' AS field, 'completion' AS kind,
      t.default_completion_model_id::text AS model FROM old_rows t WHERE (true) AND t.default_completion_model_id IS NOT NULL)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  IF TG_OP = 'UPDATE' THEN
    PERFORM FROM "migration".spaces s WHERE (s.tenant_id, s.id) IN (SELECT n.tenant_id, n.id FROM new_rows n
      JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id WHERE n.security_classification > o.security_classification OR n.default_completion_model_id IS NULL AND o.default_completion_model_id IS NOT NULL)
    ORDER BY s.tenant_id, s.id FOR UPDATE;
    IF FOUND THEN
      PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT * FROM "migration".model_uses(ARRAY(SELECT DISTINCT n.tenant_id FROM new_rows n)) u WHERE EXISTS (SELECT FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id WHERE n.tenant_id = u.tenant_id AND n.id = u.space_id AND (n.security_classification > o.security_classification OR u.model IS NULL AND n.default_completion_model_id IS NULL AND o.default_completion_model_id IS NOT NULL))) u GROUP BY 1, 2, 3, 4, 5, 6) c));
    END IF;
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_tenant_defaults()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM FROM "migration".spaces s WHERE s.tenant_id IN (SELECT n.tenant_id FROM new_rows n WHERE n.completion_model_id IS NOT NULL)
    ORDER BY s.tenant_id, s.id FOR UPDATE;
  ELSE
    PERFORM FROM "migration".tenant_defaults d WHERE d.tenant_id IN (SELECT n.tenant_id FROM new_rows n
      JOIN old_rows o ON o.tenant_id = n.tenant_id WHERE n.completion_model_id IS DISTINCT FROM o.completion_model_id)
    ORDER BY d.tenant_id FOR UPDATE;
  END IF;
  IF FOUND THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT * FROM "migration".model_uses(ARRAY(SELECT DISTINCT n.tenant_id FROM new_rows n)) u WHERE u.model IS NULL) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.meet_class_in_transcription_models()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
  PERFORM FROM "migration".transcription_models m WHERE (m.tenant_id, m.id) IN (SELECT n.tenant_id, n.id FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
      WHERE n.security_classification < o.security_classification)
  ORDER BY m.tenant_id, m.id FOR UPDATE;
  IF FOUND THEN
    PERFORM "migration".refuse_below_class((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    SELECT * FROM "migration".model_uses(ARRAY(SELECT DISTINCT n.tenant_id FROM new_rows n)) u WHERE u.kind = 'transcription' AND EXISTS (SELECT  FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
      WHERE n.security_classification < o.security_classification AND n.tenant_id = u.tenant_id AND u.model = n.id::text)) u GROUP BY 1, 2, 3, 4, 5, 6) c));
  END IF;
  RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION migration.model_uses(of_tenants uuid[])
 RETURNS TABLE(tenant_id uuid, id uuid, space_id uuid, type text, field text, kind text, model text)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
    SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_completion_models' AS type, 'model_id' AS field, 'completion' AS kind,
      t.model_id::text AS model FROM "migration".space_completion_models t WHERE (t.tenant_id = ANY (of_tenants)) AND t.model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_transcription_models' AS type, 'model_id' AS field, 'transcription' AS kind,
      t.model_id::text AS model FROM "migration".space_transcription_models t WHERE (t.tenant_id = ANY (of_tenants)) AND t.model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, NULL::pg_catalog.uuid AS id, t.space_id AS space_id, 'space_embedding_models' AS type, 'model_id' AS field, 'embedding' AS kind,
      t.model_id::text AS model FROM "migration".space_embedding_models t WHERE (t.tenant_id = ANY (of_tenants)) AND t.model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.id AS space_id, 'spaces' AS type, 'default_completion_model_id' AS field, 'completion' AS kind,
      t.default_completion_model_id::text AS model FROM "migration".spaces t WHERE (t.tenant_id = ANY (of_tenants)) AND t.default_completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'assistants' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM "migration".assistants t WHERE (t.tenant_id = ANY (of_tenants)) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'assistants' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM "migration".assistants t WHERE (t.tenant_id = ANY (of_tenants)) AND t.completion_model_id IS NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM "migration".apps t WHERE (t.tenant_id = ANY (of_tenants)) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'transcription_model_id' AS field, 'transcription' AS kind,
      t.transcription_model_id::text AS model FROM "migration".apps t WHERE (t.tenant_id = ANY (of_tenants)) AND t.transcription_model_id IS NOT NULL
    UNION ALL SELECT DISTINCT t.tenant_id, t.id, t.space_id, 'apps', 'pipeline', 'completion', pg_catalog.lower(n.id #>> '{}')
      FROM "migration".apps t CROSS JOIN LATERAL pg_catalog.jsonb_path_query(t.pipeline, 'lax $.nodes[*].data.model.id') n(id)
      WHERE (t.tenant_id = ANY (of_tenants)) AND n.id #>> '{}' IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'apps' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM "migration".apps t WHERE (t.tenant_id = ANY (of_tenants)) AND t.completion_model_id IS NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      t.completion_model_id::text AS model FROM "migration".services t WHERE (t.tenant_id = ANY (of_tenants)) AND t.completion_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'transcription_model_id' AS field, 'transcription' AS kind,
      t.transcription_model_id::text AS model FROM "migration".services t WHERE (t.tenant_id = ANY (of_tenants)) AND t.transcription_model_id IS NOT NULL
    UNION ALL SELECT t.tenant_id, t.id AS id, t.space_id AS space_id, 'services' AS type, 'completion_model_id' AS field, 'completion' AS kind,
      NULL AS model FROM "migration".services t WHERE (t.tenant_id = ANY (of_tenants)) AND t.completion_model_id IS NULL
$function$;

CREATE OR REPLACE FUNCTION migration.refuse_below_class(uses jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
DECLARE
  below jsonb;
  told text;
BEGIN
  IF uses IS NULL THEN
    RETURN;
  END IF;
  PERFORM FROM "migration".spaces s WHERE (s.tenant_id, s.id) IN
    (SELECT u.tenant_id, u.space_id FROM pg_catalog.jsonb_to_recordset(uses) AS u(tenant_id uuid, space_id uuid, type text, field text, kind text, model text, rows bigint))
  ORDER BY s.tenant_id, s.id FOR KEY SHARE;
  PERFORM FROM "migration".tenant_defaults d WHERE d.tenant_id IN
    (SELECT u.tenant_id FROM pg_catalog.jsonb_to_recordset(uses) AS u(tenant_id uuid, space_id uuid, type text, field text, kind text, model text, rows bigint)
      JOIN "migration".spaces s ON s.tenant_id = u.tenant_id AND s.id = u.space_id AND s.security_classification > 0
      WHERE u.model IS NULL AND s.default_completion_model_id IS NULL)
  ORDER BY d.tenant_id FOR KEY SHARE;
  uses := (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(f)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.rows, u.model IS NULL AS falls,
      coalesce(u.model, d.completion_model_id::text) AS model
    FROM pg_catalog.jsonb_to_recordset(uses) AS u(tenant_id uuid, space_id uuid, type text, field text, kind text, model text, rows bigint)
    JOIN "migration".spaces s ON s.tenant_id = u.tenant_id AND s.id = u.space_id AND s.security_classification > 0
    LEFT JOIN "migration".tenant_defaults d
      ON u.model IS NULL AND s.default_completion_model_id IS NULL AND d.tenant_id = u.tenant_id) f WHERE f.model IS NOT NULL);
  IF uses IS NULL THEN
    RETURN;
  END IF;
  PERFORM FROM "migration".completion_models m WHERE (m.tenant_id, m.id::text) IN
    (SELECT u.tenant_id, u.model FROM pg_catalog.jsonb_to_recordset(uses) AS u(tenant_id uuid, space_id uuid, type text, field text, kind text, model text, rows bigint) WHERE u.kind = 'completion')
  ORDER BY m.tenant_id, m.id FOR KEY SHARE;
  PERFORM FROM "migration".transcription_models m WHERE (m.tenant_id, m.id::text) IN
    (SELECT u.tenant_id, u.model FROM pg_catalog.jsonb_to_recordset(uses) AS u(tenant_id uuid, space_id uuid, type text, field text, kind text, model text, rows bigint) WHERE u.kind = 'transcription')
  ORDER BY m.tenant_id, m.id FOR KEY SHARE;
  PERFORM FROM "migration".embedding_models m WHERE (m.tenant_id, m.id::text) IN
    (SELECT u.tenant_id, u.model FROM pg_catalog.jsonb_to_recordset(uses) AS u(tenant_id uuid, space_id uuid, type text, field text, kind text, model text, rows bigint) WHERE u.kind = 'embedding')
  ORDER BY m.tenant_id, m.id FOR KEY SHARE;
  WITH found AS (
    SELECT u.type, u.field, u.falls, u.rows, u.kind, s.id AS space_id, s.name AS space, s.security_classification AS demanded,
      m.id AS model_id, m.name AS model, m.security_classification AS has
    FROM pg_catalog.jsonb_to_recordset(uses) AS u(tenant_id uuid, space_id uuid, type text, field text, kind text, model text, rows bigint, falls boolean)
    JOIN "migration".spaces s ON s.tenant_id = u.tenant_id AND s.id = u.space_id
    JOIN (SELECT 'completion' AS kind, o.tenant_id, o.id, o.name, o.security_classification FROM "migration".completion_models o UNION ALL
      SELECT 'transcription' AS kind, o.tenant_id, o.id, o.name, o.security_classification FROM "migration".transcription_models o UNION ALL
      SELECT 'embedding' AS kind, o.tenant_id, o.id, o.name, o.security_classification FROM "migration".embedding_models o) m
      ON m.kind = u.kind AND m.tenant_id = u.tenant_id AND m.id::text = u.model
    WHERE m.security_classification < s.security_classification),
  pairs AS (
    SELECT DISTINCT pg_catalog.concat('“', space, '” demands security class ', demanded, ', and ', model,
      CASE WHEN falls THEN ' (the default of the organisation, which rows without a model use there)' END, ' has ', has) AS pair,
      space_id, model_id FROM found),
  shown AS (SELECT pair FROM pairs ORDER BY space_id, model_id, pair LIMIT 3)
  SELECT (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('type', f.type, 'field', f.field, 'by_default', f.falls, 'rows', f.rows,
        'space', pg_catalog.jsonb_build_object('id', f.space_id, 'name', f.space, 'security_classification', f.demanded),
        'model', pg_catalog.jsonb_build_object('kind', f.kind, 'id', f.model_id, 'name', f.model, 'security_classification', f.has)))
      FROM (SELECT * FROM found ORDER BY space_id, model_id, type, field LIMIT 20) f),
    pg_catalog.concat((SELECT pg_catalog.string_agg(pair, '; ') FROM shown),
      (SELECT pg_catalog.concat('; and ', pg_catalog.count(*) - 3, ' more') FROM pairs HAVING pg_catalog.count(*) > 3),
      '. Choose a model of that class, or change a class: ',
      (SELECT pg_catalog.concat('PATCH /api/v1/', kind, '-models/', model_id, ' or /api/v1/spaces/', space_id) FROM found
        ORDER BY space_id, model_id, type, field LIMIT 1), ' with security_classification.')
  INTO below, told;
  IF below IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DR002', MESSAGE = told, DETAIL = below::text;
  END IF;
END
$function$;

CREATE TRIGGER drover_class_insert AFTER INSERT ON migration.apps REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_apps();

CREATE TRIGGER drover_class_insert AFTER INSERT ON migration.assistants REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_assistants();

CREATE TRIGGER drover_class_insert AFTER INSERT ON migration.services REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_services();

CREATE TRIGGER drover_class_insert AFTER INSERT ON migration.space_completion_models REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_space_completion_models();

CREATE TRIGGER drover_class_insert AFTER INSERT ON migration.space_embedding_models REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_space_embedding_models();

CREATE TRIGGER drover_class_insert AFTER INSERT ON migration.space_transcription_models REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_space_transcription_models();

CREATE TRIGGER drover_class_insert AFTER INSERT ON migration.spaces REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_spaces();

CREATE TRIGGER drover_class_insert AFTER INSERT ON migration.tenant_defaults REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_tenant_defaults();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.apps REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_apps();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.assistants REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_assistants();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.completion_models REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_completion_models();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.embedding_models REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_embedding_models();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.services REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_services();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.space_completion_models REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_space_completion_models();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.space_embedding_models REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_space_embedding_models();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.space_transcription_models REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_space_transcription_models();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.spaces REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_spaces();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.tenant_defaults REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_tenant_defaults();

CREATE TRIGGER drover_class_update AFTER UPDATE ON migration.transcription_models REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION migration.meet_class_in_transcription_models();

CREATE TRIGGER drover_holds_models AFTER INSERT OR UPDATE OF model ON migration.workspaces FOR EACH ROW EXECUTE FUNCTION migration.hold_meant_models();

CREATE TRIGGER drover_holds_models BEFORE INSERT OR UPDATE OF pipeline ON migration.app_templates FOR EACH ROW EXECUTE FUNCTION migration.hold_models();

CREATE TRIGGER drover_holds_models BEFORE INSERT OR UPDATE OF pipeline ON migration.apps FOR EACH ROW EXECUTE FUNCTION migration.hold_models();
