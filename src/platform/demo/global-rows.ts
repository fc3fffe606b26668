/** Templates for all tenants. They name a model by what it is called, and no tenant's migration changes them. */
import { demoId } from './ids.ts';
import type { DemoRows } from './tenants.ts';

const model = { completion_model_name: 'claude-3-7-sonnet', completion_model_family: 'claude-sonnet' };
const newer = { completion_model_name: 'claude-sonnet-4-6', completion_model_family: 'claude-sonnet' };

/** The rows of the global tables. */
export function globalRows(): DemoRows[] {
  return [
    {
      table: 'global_assistant_templates',
      rows: [
        {
          id: demoId(0, 'global_assistant_templates', 0),
          name: 'Plain language',
          prompt: 'Use short words.',
          ...model,
        },
        {
          id: demoId(0, 'global_assistant_templates', 1),
          name: 'Proofreader',
          prompt: 'Mark what is wrong.',
          ...newer,
        },
      ],
    },
    {
      table: 'global_app_templates',
      rows: [
        {
          id: demoId(0, 'global_app_templates', 0),
          name: 'Minutes from a recording',
          prompt: 'Who decided what?',
          ...model,
        },
      ],
    },
  ];
}
