/** Every resource that is made and read in the one way. API keys are apart: making one shows its secret, once. */
import { apps } from './apps.ts';
import { assistants } from './assistants.ts';
import { auditLog } from './audit-log.ts';
import type { Resource } from './declaration.ts';
import { globalAppTemplates, globalAssistantTemplates } from './global-templates.ts';
import { modelProviders } from './model-providers.ts';
import { completionModels, embeddingModels, transcriptionModels } from './models.ts';
import { services } from './services.ts';
import { spaces } from './spaces.ts';
import { appTemplates, assistantTemplates } from './templates.ts';
import { tenants } from './tenants.ts';
import { userRoles, users } from './users.ts';

export const catalogue: readonly Resource[] = [
  tenants,
  users,
  userRoles,
  modelProviders,
  completionModels,
  transcriptionModels,
  embeddingModels,
  spaces,
  assistants,
  apps,
  services,
  assistantTemplates,
  appTemplates,
  globalAssistantTemplates,
  globalAppTemplates,
  auditLog,
];
