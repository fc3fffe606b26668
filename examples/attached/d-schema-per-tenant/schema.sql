-- Each tenant has a schema of its own, made from one template. Keys begin at 1 in each.
CREATE TABLE public.gallery (id int PRIMARY KEY, title text NOT NULL, model text NOT NULL);

CREATE SCHEMA tenant_alder;
CREATE TABLE tenant_alder.models (id int PRIMARY KEY, name text NOT NULL UNIQUE, provider text NOT NULL, gone boolean NOT NULL DEFAULT false);
CREATE TABLE tenant_alder.agents (id int PRIMARY KEY, title text NOT NULL, model_id int NOT NULL REFERENCES tenant_alder.models, graph jsonb);
CREATE TABLE tenant_alder.answers (id int PRIMARY KEY, agent_id int NOT NULL REFERENCES tenant_alder.agents, model_id int REFERENCES tenant_alder.models);

CREATE SCHEMA tenant_birch;
CREATE TABLE tenant_birch.models (id int PRIMARY KEY, name text NOT NULL UNIQUE, provider text NOT NULL, gone boolean NOT NULL DEFAULT false);
CREATE TABLE tenant_birch.agents (id int PRIMARY KEY, title text NOT NULL, model_id int NOT NULL REFERENCES tenant_birch.models, graph jsonb);
CREATE TABLE tenant_birch.answers (id int PRIMARY KEY, agent_id int NOT NULL REFERENCES tenant_birch.agents, model_id int REFERENCES tenant_birch.models);

CREATE SCHEMA tenant_cedar;
CREATE TABLE tenant_cedar.models (id int PRIMARY KEY, name text NOT NULL UNIQUE, provider text NOT NULL, gone boolean NOT NULL DEFAULT false);
CREATE TABLE tenant_cedar.agents (id int PRIMARY KEY, title text NOT NULL, model_id int NOT NULL REFERENCES tenant_cedar.models, graph jsonb);
CREATE TABLE tenant_cedar.answers (id int PRIMARY KEY, agent_id int NOT NULL REFERENCES tenant_cedar.agents, model_id int REFERENCES tenant_cedar.models);
