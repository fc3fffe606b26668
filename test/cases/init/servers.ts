/** Names beside what says through whom they are reached, and rows that are no models though they name one. */
import type { SmallSchema } from './schema.ts';

const elm = ['--tenant', 'Elm', '--from', 'gpt-4o', '--to', 'gpt-4.1'];
const orgs = `CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL); INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');`;

const nodes = (...kinds: readonly string[]): string =>
  JSON.stringify({
    nodes: kinds.map((name, at) => ({ id: `n${at}`, data: { name, inputs: { modelName: 'gpt-4o' } } })),
  });

export const servers: readonly SmallSchema[] = [
  {
    name: 'the kind of a node says through whom its model is reached',
    script: `${orgs}
      CREATE TABLE flows (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, flow_data text NOT NULL);
      CREATE TABLE boxes (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, node_type text NOT NULL, model text NOT NULL);
      CREATE TABLE drafts (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, endpoint text, setup jsonb NOT NULL);
      CREATE TABLE helpers (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text NOT NULL, setup jsonb NOT NULL);
      INSERT INTO flows VALUES (1, 1, '${nodes('chatOpenAI', 'azureChatOpenAI')}'), (2, 2, '${nodes('chatOpenAI')}');
      INSERT INTO boxes VALUES (1, 1, '@nodes/lmChatOpenAi', 'gpt-4o'), (2, 1, '@nodes/lmChatAzureOpenAi', 'gpt-4o');
      INSERT INTO drafts VALUES (1, 1, 'https://api.openai.com/v1', '{"model": "gpt-4o"}'),
        (2, 2, 'https://elm.openai.azure.com', '{"model": "gpt-4o"}');
      INSERT INTO helpers VALUES (1, 1, 'gpt-4o', '{"client": "openai"}'), (2, 1, 'gpt-4o', '{"client": "azure_openai"}');`,
    root: 'orgs',
    places: {
      'flows.flow_data/nodes/*/data/inputs/modelName': 'ask',
      'boxes.model': 'ask',
      'drafts.setup/model': 'ask',
      'helpers.model': 'ask',
    },
    plan: elm,
  },
  {
    name: 'the kind of a node says who made its model, and nobody else serves it',
    script: `${orgs}
      CREATE TABLE flows (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, name text, flow_data text NOT NULL);
      CREATE TABLE boxes (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, node_type text NOT NULL, note text, model text NOT NULL);
      INSERT INTO flows VALUES (1, 1, 'Our azure bot', '${nodes('chatOpenAI', 'openAIAssistant', 'conversationChain')}'),
        (2, 2, 'Sales', '${nodes('chatOpenAI')}');
      INSERT INTO boxes VALUES (1, 1, 'chatOpenAI', 'was on azure', 'gpt-4o'), (2, 1, 'chatAnthropic', NULL, 'claude-sonnet-4-5-20250929'),
        (3, 1, 'anthropicChat', NULL, 'claude-sonnet-4-5-20250929');`,
    root: 'orgs',
    places: { 'flows.flow_data/nodes/*/data/inputs/modelName': 'move', 'boxes.model': 'move' },
    plan: elm,
  },
  {
    name: 'the provider is one of an enum',
    script: `${orgs}
      CREATE TYPE server AS ENUM ('openai', 'azure');
      CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, provider server NOT NULL, model text NOT NULL);
      INSERT INTO bots VALUES (1, 1, 'openai', 'gpt-4o'), (2, 1, 'azure', 'gpt-4o'), (3, 2, 'openai', 'gpt-4o');`,
    root: 'orgs',
    places: { 'bots.model': 'move' },
    also: { 'places.bots.model.partner': 'provider', 'model.identity': ['provider', 'name'] },
    plan: ['--tenant', 'Elm', '--from', 'openai/gpt-4o', '--to', 'openai/gpt-4.1'],
  },
  ...(['modelName', 'model_id', 'llm'] as const).map((column): SmallSchema => ({
    name: `agents with a name of their own and what they use in ${column} are no models`,
    script: `${orgs}
        CREATE TABLE agent (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "orgId" int NOT NULL REFERENCES orgs, name varchar NOT NULL,
          "${column}" varchar NOT NULL, "maxOutput" int, "isActive" boolean NOT NULL DEFAULT true);
        CREATE TABLE conversation (id int PRIMARY KEY, "agentId" uuid REFERENCES agent, "orgId" int REFERENCES orgs);
        CREATE TABLE agent_tool (id int PRIMARY KEY, "agentId" uuid REFERENCES agent, "orgId" int REFERENCES orgs);
        CREATE TABLE schedule (id int PRIMARY KEY, "agentId" uuid REFERENCES agent, "orgId" int REFERENCES orgs);
        INSERT INTO agent ("orgId", name, "${column}") VALUES (1, 'Sales', 'gpt-4o'), (1, 'Help', 'gpt-4.1'), (2, 'Desk', 'gpt-4o');`,
    root: 'orgs',
    places: { [`agent.${column}`]: 'move' },
    plan: elm,
  })),
];
